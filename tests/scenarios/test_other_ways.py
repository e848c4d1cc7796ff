"""What a publisher is told for its listeners' sake, and what is done when somebody comes by another way."""

from __future__ import annotations

import struct

import pytest

from sfu.core import Engine
from tests.scenarios.test_packets import PICTURE, SOUND, a_call
from tests.sfu.client import check
from tests.sim.call import PASSWORD, Call, Guest

QUARTER = 64
"""Of 256: the part that was lost."""


def test_a_microphone_is_told_what_its_listeners_lose_so_that_its_sound_mends_itself() -> None:
    call, publisher, viewer = a_call(1)
    call.run(1)
    _reports_loss(viewer, SOUND, QUARTER)
    call.run(2)
    told = _told(publisher)
    assert told[publisher.browser.voice.ssrc] == QUARTER
    assert told[publisher.browser.camera.ssrc] == 0, "a picture's own loss is what tells how its way up is"
    assert call.engine.peer_stats(publisher.peer)["loss_in"] == 0

    call.run(12)
    assert _told(publisher)[publisher.browser.voice.ssrc] == 0, "what was lost long ago is over"


@pytest.mark.parametrize("mover", ["viewer", "publisher"])
def test_who_comes_by_another_network_begins_with_a_key_frame(mover: str) -> None:
    call, publisher, viewer = a_call(2)
    call.run(3)
    before = publisher.browser.camera.keys_sent
    _moves(call, publisher if mover == "publisher" else viewer)
    call.run(0.3)
    assert publisher.browser.camera.keys_sent == before + 1
    shown = len(viewer.sees(PICTURE).shown)
    call.run(0.5)
    assert len(viewer.sees(PICTURE).shown) >= shown + 12

    # the same address again is no other way
    _checks(call, publisher)
    call.run(0.5)
    assert publisher.browser.camera.keys_sent == before + 1


def _moves(call: Call, guest: Guest) -> None:
    guest.address = Engine.udp_address("127.0.0.2", 31_000)
    _checks(call, guest)


def _checks(call: Call, guest: Guest) -> None:
    name = f"guest{guest.browser.name}:page"
    call.engine.process([(check(name, PASSWORD), guest.address)], call.network.now)


def _reports_loss(guest: Guest, ssrc: int, lost: int) -> None:
    block = struct.pack("!IIIIII", ssrc, lost << 24, 0, 0, 0, 0)
    guest.browser._send_rtcp(struct.pack("!BBHI", 0x81, 201, 7, 1) + block)


def _told(guest: Guest) -> dict[int, int]:
    """Stream -> the part that was lost, by the last receiver report."""
    report = [each for each in guest.browser.reports if each[1] == 201][-1]
    blocks = [report[at : at + 24] for at in range(8, len(report), 24)]
    return {int.from_bytes(block[:4], "big"): block[4] for block in blocks}
