"""Searches what a service has left on the disk, and what its processes have open, for what must not be there.

Not here: swap, which nobody can search; that nothing of a process is in it can be said (`swapped`).
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


def files_below(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        if folder.is_file():
            yield folder
        else:
            yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def search(places: Iterable[Path], secrets: Mapping[str, bytes]) -> list[str]:
    """Where which of them stands: as it is, half of it, or written in hexadecimal or in base 64."""
    forms = {name: list(_forms(secret)) for name, secret in secrets.items()}
    found = []
    for path in files_below(*places):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue  # a draft, which has its name by now
        found += [f"{name} in {path}" for name, each in forms.items() if any(form in data for form in each)]
    return found


def _forms(secret: bytes) -> Iterator[bytes]:
    half = len(secret) // 2
    for part in (secret, secret[:half], secret[half:]) if len(secret) >= 32 else (secret,):
        yield part
        yield part.hex().encode()
        # wherever in a longer text it begins, this much of it comes out the same
        for shift in range(3):
            yield base64.b64encode(bytes(shift) + part)[4 * (shift > 0) : -4]


def family(pid: int) -> list[int]:
    """A process and all that it has started, and they."""
    parents: dict[int, int] = {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(each.name)] = int((each / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it has ended
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found


def written_by(pid: int) -> set[Path]:
    """The files that a process has open to write to, those in memory too."""
    found: set[Path] = set()
    try:
        for each in Path(f"/proc/{pid}/fdinfo").iterdir():
            flags = re.search(r"^flags:\s+([0-7]+)", each.read_text(), re.MULTILINE)
            if flags is None or not int(flags[1], 8) & (os.O_WRONLY | os.O_RDWR):
                continue
            path = os.readlink(f"/proc/{pid}/fd/{each.name}")
            if re.match(r"/(?!proc/|dev/(?!shm/))", path):  # no socket, no pipe and no device
                found.add(Path(path.removesuffix(" (deleted)")))
    except (FileNotFoundError, ProcessLookupError):
        pass  # it has ended, or closed it
    return found


def swapped(pid: int) -> int:
    """Kilobytes of a process that are in swap."""
    found = re.search(r"^VmSwap:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found is not None else 0
