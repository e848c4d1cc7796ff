"""The service as it is, but that it writes down its keys of SRTP, which it tells nobody otherwise: so that a test can
open what is on the wire as the service does.

`python -m tests.browser.srtp_keys FILE serve ...` is `therabook serve ...`. `opener` opens with what is in the file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aiortc.rtcdtlstransport import SRTPProtectionProfile
from OpenSSL import SSL
from pylibsrtp import Error, Policy, Session

from recording.rtp import is_rtcp
from sfu import dtls
from therabook.cli import main

Opener = Callable[[bytes], bytes | None]
"""A packet in clear; None for one that none of the keys opens."""


def opener(file: Path) -> Opener:
    """Of what clients have sent. Each packet is opened once: SRTP refuses replays."""
    sessions = [_session(json.loads(line)) for line in file.read_text().splitlines()]

    def opened(packet: bytes) -> bytes | None:
        for session in sessions:
            with suppress(Error):
                clear = session.unprotect_rtcp(packet) if is_rtcp(packet) else session.unprotect(packet)
                return bytes(clear)
        return None

    return opened


def _session(line: dict[str, str]) -> Session:
    profile = int(line["profile"])
    policy = Policy(key=bytes.fromhex(line["key"]), ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
    policy.window_size = dtls.SRTP_WINDOW
    return Session(policy)


def _tell(file: Path) -> None:
    makes = dtls._sessions

    def telling(connection: SSL.Connection, profile: SRTPProtectionProfile) -> dtls.SrtpSessions:
        size = 2 * (profile.key_length + profile.salt_length)
        material = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", size)
        clients = profile.get_key_and_salt(material, 0)
        with file.open("a") as lines:
            lines.write(json.dumps({"profile": str(profile.libsrtp_profile), "key": clients.hex()}) + "\n")
        return makes(connection, profile)

    dtls._sessions = telling


if __name__ == "__main__":
    _tell(Path(sys.argv.pop(1)))
    main(prog_name="therabook")
