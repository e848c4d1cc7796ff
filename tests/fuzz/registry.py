"""All targets, by name."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    calls,
    demultiplexing,
    dtls,
    feedback,
    framing,
    messages,
    payload,
    records,
    rtcp,
    rtp,
    sdp,
    sealed,
    stun,
    tokens,
)

TARGETS: dict[str, Target] = {
    module.TARGET.name: module.TARGET
    for module in (
        demultiplexing,
        stun,
        framing,
        records,
        dtls,
        sealed,
        rtp,
        rtcp,
        feedback,
        payload,
        calls,
        sdp,
        messages,
        tokens,
    )
}
