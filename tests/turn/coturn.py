"""coturn as deploy/turn installs it: the same configuration and the same firewall, filled in for a test's network."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.networks import CLINIC, PATH, Place
from therabook import tls

DEPLOY = Path(__file__).parents[2] / "deploy" / "turn"
SECRET = "a-secret-that-the-turn-server-has-too"
STARTS = 15.0
"""Seconds."""

ONLY_IN_OPERATION = ("log-file", "no-stdout-log", "cert", "pkey")
"""Lines that a test writes in its own way: to see what is said, and as no service manager hands keys over."""


def program() -> str:
    """Skips where there is no coturn."""
    found = shutil.which("turnserver", path=PATH)
    if found is None:
        pytest.skip("turnserver (coturn) missing")
    return found


class Coturn:
    """Running in `place` as its own user, so that the firewall knows it."""

    def __init__(self, place: Place, media: tuple[str, int]) -> None:
        self._program = program()
        # not pytest's own, into which no other user can look
        self._folder = Path(tempfile.mkdtemp(prefix="coturn-"))
        self._place = place
        self._media = media
        self._process: subprocess.Popen[bytes] | None = None
        self.log = self._folder / "coturn.log"

    def guard(self) -> None:
        """Loads turn.nft."""
        address, port = self._media
        rules = (DEPLOY / "turn.nft").read_text().replace("MEDIA_ADDRESS", address).replace("MEDIA_PORT", str(port))
        self._place.says("nft", "-f", "-", text=rules)

    def unguard(self) -> None:
        self._place.says("nft", "delete", "table", "inet", "therabook_turn")

    def start(self) -> None:
        user = pwd.getpwnam("turnserver")
        self._folder.chmod(0o755)
        cert, key = tls.self_signed(self._folder, {CLINIC})
        for file in (cert, key):
            os.chown(file, user.pw_uid, user.pw_gid)
        config = self._folder / "turnserver.conf"
        config.write_text(self._configuration(cert, key))
        config.chmod(0o644)
        self.log.touch()
        os.chown(self.log, user.pw_uid, user.pw_gid)
        as_itself = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        self._process = subprocess.Popen(
            self._place.command(*as_itself, self._program, "-c", str(config)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env=os.environ | {"PATH": PATH},
        )
        until = time.monotonic() + STARTS
        while not self._place.do(_listens):
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError(f"coturn did not start:\n{self.said()}")
            time.sleep(0.1)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        shutil.rmtree(self._folder)

    def _configuration(self, cert: Path, key: Path) -> str:
        text = (DEPLOY / "turnserver.conf").read_text()
        for name, value in {"TURN_ADDRESS": CLINIC, "MEDIA_ADDRESS": self._media[0], "SECRET": SECRET}.items():
            text = re.sub(rf"(?<=[=/]){name}(?=/|$)", value, text, flags=re.M)
        kept = [line for line in text.splitlines() if line.partition("=")[0].strip() not in ONLY_IN_OPERATION]
        ours = [f"cert={cert}", f"pkey={key}", f"log-file={self.log}", f"pidfile={self._folder / 'coturn.pid'}"]
        return "\n".join([*kept, *ours]) + "\n"


def _listens() -> bool:
    try:
        for port in (3478, 443):
            socket.create_connection((CLINIC, port), timeout=1).close()
    except OSError:
        return False
    return True
