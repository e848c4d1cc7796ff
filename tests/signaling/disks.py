"""Disks of a test's own: real file systems in a namespace that nobody sees but who enters it, which can be full,
read-only, frozen or damaged while a service runs on them.

A small one in memory needs root or user namespaces; one that can be frozen needs root and a loop device.
Not here: made-up disks, for the writer alone (`tests/recording/test_disk_trouble.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

# where Debian keeps what only root needs, and not every shell looks
os.environ["PATH"] = f"{os.environ['PATH']}:/usr/sbin:/sbin"

MOUNTED = b"mounted\n"
FILL = "fill"


class Disk:
    def __init__(self, holder: Process, at: Path, enter: Sequence[str]) -> None:
        self.at = at
        """Where it is, for those who have entered."""
        self.enter = enter
        """The command that enters and runs the one behind it."""
        self._holder = holder

    def inside(self, path: Path) -> Path:
        """Where those outside find what is at `path` inside."""
        return Path(f"/proc/{self._holder.pid}/root") / path.relative_to("/")

    async def does(self, *command: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *self.enter, *command, stdout=PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, f"{' '.join(command)}: {said.decode(errors='replace')}"
        return said.decode().strip()

    async def fill(self) -> None:
        """Until not one more byte goes onto it."""
        await self.does("sh", "-c", f"cat /dev/zero > {self.at / FILL} 2>/dev/null; true")

    async def free(self) -> None:
        await self.does("rm", str(self.at / FILL))

    async def make(self, how: str) -> None:
        """`ro` or `rw`, of a small disk. The first only while no file on it is open to be written."""
        # not with the options that it has: they name users as an ordinary user's namespace does not know them
        await self.does("mount", "--options-mode", "ignore", "-o", f"remount,{how}", "tmpfs", str(self.at))

    async def freeze(self, seconds: float) -> Process:
        """Whatever becomes of the test, it thaws after so long. To be waited for."""
        script = f"fsfreeze --freeze {self.at} && echo frozen && sleep {seconds}; fsfreeze --unfreeze {self.at}"
        process = await asyncio.create_subprocess_exec(*self.enter, "sh", "-c", script, stdout=PIPE)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"frozen\n"
        return process

    async def damage(self) -> None:
        """The kernel finds it damaged, and makes it read-only, whoever has files open on it."""
        source = await self.does("findmnt", "--noheadings", "--output", "SOURCE", str(self.at))
        await self.does("sh", "-c", f"echo tried > /sys/fs/ext4/{Path(source).name}/trigger_fs_error")

    async def copy(self, path: Path, to: Path) -> None:
        await self.does("cp", "-a", str(path), str(to))


@contextlib.asynccontextmanager
async def a_small_disk(folder: Path, megabytes: int) -> AsyncIterator[Disk]:
    """In memory."""
    at = folder / "disk"
    at.mkdir()
    mount = f"mount -t tmpfs -o size={megabytes}m,mode=700 tmpfs {at}"
    async with _mounted(mount, at) as disk:
        if disk is None:
            pytest.skip("a file system of its own needs root or user namespaces, and here there are neither")
        yield disk


@contextlib.asynccontextmanager
async def a_disk_that_freezes(folder: Path, megabytes: int) -> AsyncIterator[Disk]:
    """ext4 in a file, as on a machine's own disk."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("mkfs.ext4", "fsfreeze", "findmnt"))):
        pytest.skip("a file system is frozen by root, with mkfs.ext4, fsfreeze and findmnt")
    at, image = folder / "disk", folder / "image"
    at.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    await asyncio.to_thread(subprocess.run, ["mkfs.ext4", "-q", "-F", str(image)], check=True)
    mount = f"mount -t ext4 -o loop,errors=remount-ro {image} {at} && chmod 700 {at}"
    async with _mounted(mount, at) as disk:
        if disk is None:
            pytest.skip("a file system is frozen on a loop device, and here there is none")
        yield disk


@contextlib.asynccontextmanager
async def _mounted(mount: str, at: Path) -> AsyncIterator[Disk | None]:
    """A process holds the namespace; it goes, with what is mounted in it, when that one and all who entered have."""
    for users in ((), ("--user", "--map-root-user")):
        holder = await asyncio.create_subprocess_exec(
            *("unshare", "--mount", "--propagation", "private", *users),
            *("sh", "-c", f"{mount} && echo mounted && exec sleep infinity"),
            stdout=PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            assert holder.stdout is not None
            if await holder.stdout.readline() == MOUNTED:
                enter = ["nsenter", "--target", str(holder.pid), "--mount"]
                enter += ["--user", "--preserve-credentials"] if users else []
                yield Disk(holder, at, [*enter, "--"])
                return
        finally:
            with contextlib.suppress(ProcessLookupError):
                holder.kill()
            await holder.wait()
    yield None
