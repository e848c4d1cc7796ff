"""Names that others read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.refusals import Refused
from signaling.seat import readable_name


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Alex   Green ", "Alex Green"),
        ("Alex\nGreen\x00", "Alex Green"),
        ("\u202eneerG\u202c xelA", "neerG xelA"),
        ("Zoë", "Zoë"),
        ("نیما", "نیما"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d⚕️ Kim", "👩\u200d⚕️ Kim"),
        ("Dr. O'Neil-Smith", "Dr. O'Neil-Smith"),
    ],
)
def test_names_are_one_line_without_tricks(typed: str, shown: str) -> None:
    assert readable_name(typed) == shown


@pytest.mark.parametrize("typed", ["", " ", "\u200d", "\u202e\u2066", "\ue000", "\u0301"])
def test_a_name_must_be_seen(typed: str) -> None:
    with pytest.raises(Refused):
        readable_name(typed)


@given(st.text())
def test_whatever_is_typed_can_be_sent(typed: str) -> None:
    try:
        shown = readable_name(typed)
    except Refused:
        return
    assert shown.encode()
    assert "\n" not in shown
    assert readable_name(shown) == shown
