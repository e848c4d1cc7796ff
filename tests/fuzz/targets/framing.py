"""ICE-TCP: packets in a stream, two bytes of length before each (RFC 4571; `stream.pxi`).

The only target with sockets: the engine's thread reads a connection on the loopback interface. That the engine closes
it, when it has read to the end or has seen enough, is what the target waits for.

Input: a byte that says in how large pieces, then what is written to the connection.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Hashable, Iterator
from contextlib import suppress

from sfu.core import Engine
from tests.fuzz.target import Target

LARGEST_FRAME = 2048
WITHIN = 10.0
"""Seconds for the engine to close a connection."""

PIECES = (65536, 1, 2, 3, 7, 64, 500, 1461)
SMALL_PIECES = 200
"""Of one input at most: each costs a system call on both sides."""


class _Server:
    """Kept from input to input."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.engine = Engine(max_peers=2)
        self.engine.open(-1, self.listener.fileno(), -1)
        threading.Thread(target=self.engine.run, name="framing", daemon=True).start()

    def give(self, data: bytes, piece: int) -> None:
        """Returns when the engine has closed the connection."""
        with socket.create_connection(self.listener.getsockname(), timeout=WITHIN) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(OSError):  # closed before all was written
                for at in range(0, len(data), piece):
                    connection.sendall(data[at : at + piece])
                connection.shutdown(socket.SHUT_WR)
                assert connection.recv(1) == b"", "something is said to a stranger"


_servers: list[_Server] = []


def run(data: bytes) -> Hashable:
    if not _servers:
        _servers.append(_Server())
    server = _servers[0]
    stream = data[1:]
    piece = max(PIECES[data[0] % len(PIECES)] if data else 1, len(stream) // SMALL_PIECES, 1)
    before = server.engine.counters()
    server.give(stream, piece)
    after = server.engine.counters()
    frames, oversize = _frames(stream)
    assert after["packets_in"] - before["packets_in"] == len(frames)
    assert after["bytes_in"] - before["bytes_in"] == sum(map(len, frames))
    assert after["dropped_frame_size"] - before["dropped_frame_size"] == oversize
    assert after["packets_out"] == before["packets_out"]
    return min(len(frames), 4), oversize


def _frames(stream: bytes) -> tuple[list[bytes], bool]:
    """The whole frames, and whether the last one that begins is too long to be waited for."""
    frames: list[bytes] = []
    while len(stream) >= 2:
        (size,) = struct.unpack_from("!H", stream)
        if size > LARGEST_FRAME:
            return frames, True
        if len(stream) < 2 + size:
            break
        frames.append(stream[2 : 2 + size])
        stream = stream[2 + size :]
    return frames, False


def seeds() -> Iterator[bytes]:
    def frame(data: bytes) -> bytes:
        return struct.pack("!H", len(data)) + data

    request = struct.pack("!HHI", 1, 0, 0x2112A442) + bytes(12)
    yield b"\x00" + frame(request) + frame(b"") + frame(b"\x16\xfe\xfd" + bytes(40))
    yield b"\x01" + frame(request) + frame(b"\x80" + bytes(30))
    yield b"\x03" + frame(bytes(2048)) + frame(bytes(2048)) + b"\x00"
    yield b"\x00" + frame(request) + struct.pack("!H", 2049) + bytes(100)
    yield b"\x05" + frame(b"") * 150 + frame(request)
    yield b""


TARGET = Target("framing", run, seeds, words=(b"\x00\x00", b"\x08\x00", b"\x08\x01", b"\xff\xff"), brief=600)
