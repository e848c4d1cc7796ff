"""The command line, the settings, and the server that wires the parts together."""

from __future__ import annotations

from importlib import metadata

try:
    VERSION = metadata.version("therabook-video")
except metadata.PackageNotFoundError:  # run from a checkout that was not installed
    VERSION = "0+unknown"
