"""The engine's own sender reports, read as the recorder reads them."""

from __future__ import annotations

import itertools

from recording.frames import RATES
from recording.rtp import SenderReport, read_reports
from tests.recording.media.packetize import sender_report
from tests.sim.call import Call

PICTURE, SOUND = 70_000, 80_000


def test_reports_tell_the_engines_time_and_what_a_slots_clock_shows_then() -> None:
    call = Call(1)
    publisher, viewer = call.join(1), call.join(2)
    viewer.publishing = False
    call.engine.connect(viewer.video_slot(PICTURE), publisher.camera)
    call.engine.connect(viewer.audio_slot(SOUND), publisher.microphone)
    rates = {PICTURE: RATES["video"], SOUND: RATES["audio"]}
    begun = call.network.now
    for _ in range(6):
        call.run(1)
        now = call.network.now
        for source, slot in ((publisher.browser.camera, PICTURE), (publisher.browser.voice, SOUND)):
            publisher.browser._send_rtcp(sender_report(source.ssrc, now, now * rates[slot] // 1_000_000))
    found = [report for part in viewer.browser.reports for report in read_reports(part) or []]
    for slot, rate in rates.items():
        ours = [report for report in found if report.ssrc == slot]
        assert len(ours) > 3
        assert begun < ours[0].at_us < ours[-1].at_us <= call.network.now
        assert all(steady(before, after, rate) for before, after in itertools.pairwise(ours[1:]))


def steady(before: SenderReport, after: SenderReport, rate: int) -> bool:
    ticks = (after.timestamp - before.timestamp) & 0xFFFFFFFF
    return abs(ticks - (after.at_us - before.at_us) * rate // 1_000_000) <= rate // 1000
