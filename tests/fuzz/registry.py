"""All targets, by name."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    age,
    audit_exports,
    calls,
    demultiplexing,
    dtls,
    estimate,
    feedback,
    frames,
    framing,
    handshake,
    messages,
    payload,
    ranges,
    records,
    rtcp,
    rtp,
    sdp,
    sealed,
    sframe,
    stun,
    thinning,
    tokens,
    witness,
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
        estimate,
        frames,
        payload,
        thinning,
        calls,
        sdp,
        messages,
        tokens,
        age,
        ranges,
        sframe,
        handshake,
        audit_exports,
        witness,
    )
}
