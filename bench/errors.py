"""What can go wrong in a measurement, said so that somebody can act on it."""

from __future__ import annotations


class NotAvailable(Exception):
    """Something that a measurement needs can't be had here; says what and why. Others go on without it."""


class Failed(Exception):
    """A server didn't do what a measurement needs; says which and what."""
