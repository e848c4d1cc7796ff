"""A PostgreSQL server for tests: really started, in a folder of its own, on a free port, gone afterwards.

with a_postgres() as server:
    database = open_database(server.fresh())
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

DEBIAN = Path("/usr/lib/postgresql")
OWNER = "clinic"


class Postgres:
    """A server that runs. It forgets everything when the machine fails, which makes it quick."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._programs = programs
        self._user = user
        self._numbers = itertools.count(1)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run("initdb", "-D", str(self.data), "-U", OWNER, "-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=50"
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self) -> None:
        """At once, as when its machine fails."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "-m", "immediate", "stop")

    def fresh(self) -> str:
        """The URL of a new and empty database."""
        name = f"clinic_{next(self._numbers)}"
        self.run("createdb", *self._connection, name)
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{name}"

    def dump(self, url: str) -> str:
        """Everything in a database, as text; bytes in hex."""
        return self.run("pg_dump", *self._connection, "--inserts", name_in(url))

    def checkpoint(self, url: str) -> None:
        """Brings what the server has in memory to its files."""
        self.query(url, "CHECKPOINT")

    def query(self, url: str, statement: str) -> str:
        """One value."""
        return self.run("psql", *self._connection, "-qAt", "-c", statement, name_in(url)).strip()

    def run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self.folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=self._user,
            group=self._user and pwd.getpwnam(self._user).pw_gid,
            extra_groups=[] if self._user else None,
            stdin=subprocess.DEVNULL,
            capture_output=program != "pg_ctl",  # the server would keep a pipe open
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{program} failed: {done.stderr}{self._log()}")
        return done.stdout or ""

    @property
    def _connection(self) -> tuple[str, ...]:
        return "-h", "127.0.0.1", "-p", str(self.port), "-U", OWNER

    def _log(self) -> str:
        log = self.folder / "log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""


@contextlib.contextmanager
def a_postgres() -> Iterator[Postgres]:
    programs = _programs()
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        server = Postgres(programs, folder, user)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def name_in(url: str) -> str:
    return url.rpartition("/")[2]


def _programs() -> Path:
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: path.stat().st_mtime)
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.fail("These tests need a PostgreSQL server. On Debian or Ubuntu: sudo apt-get install postgresql")
    return (found[-1] if found else Path(str(on_path))).parent


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
