"""Keys as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.age import BadKeyText
from recording.age.bech32 import ALPHABET, _expand, _polymod, decode, encode

LETTERS = st.characters(min_codepoint=33, max_codepoint=126, exclude_categories=["Lu"])
PREFIXES = st.text(LETTERS, min_size=1, max_size=20)


@given(PREFIXES, st.binary(max_size=80))
def test_what_was_encoded_is_decoded(prefix: str, data: bytes) -> None:
    text = encode(prefix, data)
    assert decode(text) == (prefix, data)
    assert decode(text.upper()) == (prefix, data)


@given(st.binary(min_size=32, max_size=32), st.data())
def test_a_wrong_letter_is_noticed(data: bytes, draw: st.DataObject) -> None:
    text = encode("age", data)
    place = draw.draw(st.integers(4, len(text) - 1))
    letter = draw.draw(st.sampled_from([each for each in ALPHABET if each != text[place]]))
    with pytest.raises(BadKeyText, match="mistyped"):
        decode(text[:place] + letter + text[place + 1 :])


def test_an_example_of_the_standard_is_read_as_there() -> None:
    # BIP 173: a prefix, no data
    assert decode("A12UEL5L") == ("a", b"")
    with pytest.raises(BadKeyText):
        decode("A1G7SGD8")  # there: "checksum calculated with uppercase form"


@pytest.mark.parametrize(
    "text",
    ["", "1", "age", "age1", "1qqqqqqqq", "age1qqqqqb", "age1qqqqqqé", "a\x7f1qqqqqq", "Age1qqqqqq", "agE1QQQQQQ"],
)
def test_what_is_no_key_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(BadKeyText) as refused:
        decode(text)
    assert len(text) < 5 or text not in str(refused.value)


def test_capital_and_small_letters_are_not_mixed() -> None:
    text = encode("age", bytes(32))
    with pytest.raises(BadKeyText, match="mixes"):
        decode(text[:-1] + text[-1].upper())
    with pytest.raises(BadKeyText, match="mixes"):
        decode("AGE" + text[3:])


def test_bits_left_over_are_refused() -> None:
    # "a" with one value (5 bits: too few for a byte), and with two values of which the last has bits behind the byte
    for values in ([0], [0, 1]):
        with pytest.raises(BadKeyText, match="left over"):
            decode(_of_values("a", values))
    assert decode(_of_values("a", [0, 0])) == ("a", b"\0")


def _of_values(prefix: str, values: list[int]) -> str:
    """With the right checksum: only other checks are left to refuse it."""
    check = _polymod([*_expand(prefix), *values, *[0] * 6]) ^ 1
    letters = [*values, *((check >> 5 * (5 - place)) & 31 for place in range(6))]
    return f"{prefix}1{''.join(ALPHABET[each] for each in letters)}"
