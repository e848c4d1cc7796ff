"""Galène, built from its Go module where the module proxy hands it out. Where it was tried so far it did not, so there
is no driver for its protocol either: `prepare` says which of the two is missing."""

from __future__ import annotations

from bench.errors import NotAvailable
from bench.processes import BUILD, Cores
from bench.systems import Entry, System
from bench.systems.livekit import build

MODULE = "github.com/jech/galene"
VERSION = "v1.0.0"


def _prepare() -> str:
    build(f"{MODULE}@{VERSION}", "galene", BUILD / "bin" / "galene")
    raise NotAvailable("it could be built, but nobody has written the client for its protocol yet")


def _start(address: str, cores: Cores) -> System:
    raise NotAvailable("there is no client for its protocol")


ENTRIES = (Entry("galene", "blocking", _start, _prepare),)
