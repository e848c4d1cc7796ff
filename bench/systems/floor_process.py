"""The floor's process: reads one line of JSON (address, tick, keys and ports), answers with its port, and runs the C
loop until it is stopped. Between start and end no Python is run."""

from __future__ import annotations

import ctypes
import json
import socket
import sys

from pylibsrtp import Policy, Session

from bench import native
from bench.client import SOCKET_BYTES, session


def main() -> None:
    told = json.loads(sys.stdin.readline())
    rooms = told["rooms"]
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
    server.bind((told["address"], 0))
    library = native.load("floor")
    pointer, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    library.floor_new.argtypes = [number, pointer, pointer, number, number]
    library.floor_new.restype = pointer
    library.floor_room.argtypes = [pointer, number, pointer]
    library.floor_subscriber.argtypes = [pointer, text, number, pointer]
    library.floor_run.argtypes = [pointer, number]
    library.floor_fault.argtypes = [pointer, number, number]
    floor = library.floor_new(
        server.fileno(),
        native.function("srtp_protect"),
        native.function("srtp_unprotect"),
        len(rooms),
        sum(len(room["subscribers"]) for room in rooms),
    )
    kept: list[Session] = []

    def context(key: str, direction: int) -> int:
        kept.append(session(bytes.fromhex(key), direction))
        return native.pointer(kept[-1])

    for room in rooms:
        library.floor_room(floor, room["port"], context(room["up"], Policy.SSRC_ANY_INBOUND))
        for one in room["subscribers"]:
            key = context(one["down"], Policy.SSRC_ANY_OUTBOUND)
            library.floor_subscriber(floor, told["address"].encode(), one["port"], key)
    library.floor_fault(floor, told["fault"], told["every"])
    print(json.dumps({"port": server.getsockname()[1]}), flush=True)
    library.floor_run(floor, told["tick_us"])


if __name__ == "__main__":
    main()
