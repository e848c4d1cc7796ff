"""Whatever arrives is a message as it is described, or is refused: nothing in between."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from signaling import messages as m
from signaling.stats import PathStats, ReceivedStats, SentLayer, SentStats, Stats

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)

HONEST: list[m.Message] = [
    m.Join(token="t", name="Alex", offer=m.Offer(sdp="v=0", sources=m.Sources(microphone="0"))),
    m.Join(token="t", encrypts=True),
    m.Resume(token="t", encrypts=True),
    m.OfferAgain(offer=m.Offer(sdp="v=0", sources=m.Sources())),
    m.Devices(microphone=True, camera=False, screen=False),
    m.Hand(raised=True),
    m.Chat(text="hello"),
    m.Chat(text="aGVsbG8", sealed=True),
    m.Sealed(to="p", page=1, body="aGVsbG8"),
    m.TellName(name="Alex"),
    m.Admit(person="p"),
    m.Decline(person="p"),
    m.Remove(person="p"),
    m.AskToMute(person="p"),
    m.AllowScreen(person="p", allowed=True),
    m.Lock(locked=True),
    m.MoveAnswer(allowed=True),
    m.Record(action="pause"),
    m.Consent(agreed=True, text="1a2b", place="Home state", signed_as="A. G."),
    m.Consent(agreed=False),
    Stats(
        ms=5000,
        path=PathStats(candidate="relay", protocol="udp", relay="tls"),
        round_trip_ms=40,
        send_limit=2_000_000,
        join_ms=250,
        sent=[
            SentStats(
                source="camera",
                bitrate=1_500_000,
                loss=0.01,
                jitter_ms=3,
                round_trip_ms=41,
                limited="bandwidth",
                layers=[SentLayer(width=1280, height=720, frame_rate=29.9, bitrate=1_500_000)],
            )
        ],
        received=[ReceivedStats(person="p", source="microphone", bitrate=32_000, concealed=0.002)],
    ),
    m.Leave(),
    m.End(),
]


@pytest.mark.parametrize("message", HONEST, ids=lambda message: message.type)
def test_what_is_written_is_read(message: m.Message) -> None:
    assert m.client_messages.validate_json(message.model_dump_json()) == message


@given(st.sampled_from(HONEST), st.data())
def test_a_message_with_anything_changed_is_refused_or_still_strict(message: m.Message, data: st.DataObject) -> None:
    content = json.loads(message.model_dump_json())
    key = data.draw(st.sampled_from([*content, "another"]))
    content[key] = data.draw(JSON)
    try:
        read = m.client_messages.validate_json(json.dumps(content))
    except ValidationError:
        return
    again = json.loads(read.model_dump_json())
    assert set(content) <= set(again)
    for name, value in content.items():
        if isinstance(value, bool | int | float) or value is None:
            assert again[name] == value
            assert type(again[name]) is type(value)


@given(st.binary(max_size=200) | st.text(max_size=200) | JSON.map(json.dumps))
def test_whatever_else_arrives_is_refused(text: bytes | str) -> None:
    with pytest.raises(ValidationError):
        m.client_messages.validate_json(text)
