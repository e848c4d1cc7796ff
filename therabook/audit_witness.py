"""`therabook audit witness`: signs the heads of audit logs, on a machine that the clinic's server has no power over.

It knows of each log the newest head that it has signed, and signs only what provably goes on from that: a log that was
rewritten, cut or put back finds no signature any more. It sees hashes and sizes, never events. It speaks C2SP
tlog-witness.
Not here: the server's side (`signaling/witnessing.py`).
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from clinic.audit.notes import WITNESS, BadNote, Checkpoint, Note, PublicKey, Signer, decoded
from clinic.audit.tree import is_consistent

log = structlog.get_logger("witness")

LARGEST_BODY = 64 * 1024
LONGEST_PROOF = 63
"""As C2SP says: enough for any tree."""
LARGEST_REFUSED = 1024 * 1024
"""Bytes of heads that were refused, kept as evidence; more of them say nothing new."""


class BadWitness(Exception):
    """Its key or its state cannot be used. `str()` says what to do."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    media_type: str = "text/plain"


class Witness:
    """What was signed is on the disk before anybody gets the signature."""

    def __init__(self, signer: Signer, logs: Mapping[str, PublicKey], state: Path, wall: Callable[[], float]) -> None:
        """`logs`: those that it may sign for, by their origin. Raises BadWitness."""
        self._signer = signer
        self._logs = logs
        self._state = state
        self._wall = wall
        self._heads = self._read()

    def add(self, body: str) -> Answer:
        """One request of tlog-witness."""
        try:
            old, proof, note = _parted(body)
            asked = Note.read(note)
        except BadNote:
            return Answer(400, "this is no request of tlog-witness\n")
        checkpoint = asked.checkpoint
        key = self._logs.get(checkpoint.origin)
        if key is None:
            return Answer(404, "this log is not known here\n")
        try:
            key.check(asked)
        except BadNote:
            return Answer(403, "not signed by this log\n")
        kept = self._heads.get(checkpoint.origin)
        size = kept[0].size if kept else 0
        if old > checkpoint.size:
            return Answer(400, "the old size is larger than the new one\n")
        if old != size:
            if checkpoint.size < size:
                self._refused(note, "rolled back")
            return Answer(409, f"{size}\n", "text/x.tlog.size")
        if kept is not None and checkpoint.size == size and checkpoint.root != kept[0].root:
            self._refused(note, "forked")
            return Answer(409, f"{size}\n", "text/x.tlog.size")
        root = kept[0].root if kept else None
        if (root is None and proof) or (
            root is not None and not is_consistent(size, checkpoint.size, root, checkpoint.root, proof)
        ):
            self._refused(note, "forked")
            return Answer(422, "the log does not go on from what was signed\n")
        signature = self._signer.cosign(checkpoint.text, int(self._wall()))
        self._keep(checkpoint, note + signature)
        return Answer(200, signature)

    def heads(self) -> str:
        """All that it has signed last, as the verifier reads it."""
        return "".join(_line(note) for _, note in self._heads.values())

    def _keep(self, checkpoint: Checkpoint, note: str) -> None:
        self._heads[checkpoint.origin] = (checkpoint, note)
        draft = self._state.with_name(f".{self._state.name}.draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(self.heads())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._state)
        folder = os.open(self._state.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _refused(self, note: str, why: str) -> None:
        """A head that the log did sign, and that contradicts another that it signed: evidence, so it is kept."""
        log.error("a head was refused", why=why)
        evidence = self._state.with_name(f"{self._state.name}.refused")
        with os.fdopen(os.open(evidence, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            if file.tell() < LARGEST_REFUSED:
                file.write(json.dumps({"refused": note, "why": why}) + "\n")

    def _read(self) -> dict[str, tuple[Checkpoint, str]]:
        try:
            lines = self._state.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise BadWitness(f"{self._state} cannot be read: {getattr(error, 'strerror', None) or error}") from None
        heads = {}
        for line in lines:
            try:
                note = json.loads(line)["witnessed"]
                read = Note.read(note)
                self._signer.public.check(read)
            except (ValueError, KeyError, TypeError):
                raise BadWitness(f"{self._state} is damaged, or another witness's. Bring back your copy.") from None
            heads[read.checkpoint.origin] = (read.checkpoint, note)
        return heads


def witness_key(path: Path) -> bytes:
    """Made at the first start. Raises BadWitness."""
    try:
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise BadWitness(f"{path} can be read by others. Run: chmod 600 {path}") from None
        else:
            with os.fdopen(file, "w") as new:
                new.write(secrets.token_hex(32) + "\n")
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise BadWitness(f"{path}: {error.strerror}") from None
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadWitness(f"{path} is damaged. Bring back your copy of it.")
    return key


def make(name: str, logs: list[str], state: Path, wall: Callable[[], float] = time.time) -> tuple[Witness, PublicKey]:
    """Raises BadWitness."""
    try:
        keys = [PublicKey.read(each) for each in logs]
        signer = Signer(name, witness_key(state.with_name(f"{state.name}.key")), WITNESS)
    except BadNote as error:
        raise BadWitness(str(error)) from None
    return Witness(signer, {key.name: key for key in keys}, state, wall), signer.public


def application(witness: Witness) -> web.Application:
    async def add(request: web.Request) -> web.Response:
        try:
            body = (await request.read()).decode()
        except UnicodeDecodeError:
            return web.Response(status=400)
        answer = witness.add(body)
        return web.Response(status=answer.status, body=answer.text.encode(), content_type=answer.media_type)

    async def heads(_request: web.Request) -> web.Response:
        return web.Response(body=witness.heads().encode(), content_type="application/jsonl")

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_post("/add-checkpoint", add)
    app.router.add_get("/heads", heads)
    return app


async def serve(witness: Witness, host: str, port: int, started: Callable[[int], None]) -> None:
    """Until SIGTERM or SIGINT. Raises OSError."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(application(witness), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        started(int(runner.addresses[0][1]))
        await stop.wait()
    finally:
        await runner.cleanup()


def _parted(body: str) -> tuple[int, list[bytes], str]:
    """Old size, proof, head. Raises BadNote."""
    above, gap, note = body.partition("\n\n")
    lines = above.split("\n")
    word, _, number = lines[0].partition(" ")
    if not gap or word != "old" or not number.isascii() or not number.isdigit() or str(int(number[:18])) != number:
        raise BadNote("no old size")
    if len(lines) - 1 > LONGEST_PROOF:
        raise BadNote("a proof that is too long")
    return int(number), [decoded(each) for each in lines[1:]], note


def _line(note: str) -> str:
    return json.dumps({"witnessed": note}, ensure_ascii=True) + "\n"
