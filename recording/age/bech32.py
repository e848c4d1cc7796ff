"""Bech32 (BIP 173), in which age writes keys: letters that are hard to confuse, and a checksum.

Of any length, as age wants it. Not here: what the bytes mean.
"""

from __future__ import annotations

from collections.abc import Iterable

from recording.age.errors import BadKeyText

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
CHECKSUM = 6
"""Characters. Finds any four wrong ones."""

_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encode(prefix: str, data: bytes) -> str:
    """In lower case. The prefix is what stands before the separator `1`."""
    values = _regroup(data, 8, 5)
    check = _polymod([*_expand(prefix), *values, *[0] * CHECKSUM]) ^ 1
    values += [(check >> 5 * (CHECKSUM - 1 - place)) & 31 for place in range(CHECKSUM)]
    return f"{prefix}1{''.join(ALPHABET[value] for value in values)}"


def decode(text: str) -> tuple[str, bytes]:
    """(prefix in lower case, data). Raises BadKeyText, which quotes nothing: the text may be a secret."""
    if text not in (text.lower(), text.upper()):
        raise BadKeyText("The key mixes capital and small letters.")
    prefix, separator, rest = text.lower().rpartition("1")
    if not separator or not prefix or len(rest) < CHECKSUM:
        raise BadKeyText("This is not a key in age's form.")
    if not all("!" <= letter <= "~" for letter in prefix) or not set(rest) <= set(ALPHABET):
        raise BadKeyText("The key holds characters that no key has.")
    values = [ALPHABET.index(letter) for letter in rest]
    if _polymod([*_expand(prefix), *values]) != 1:
        raise BadKeyText("The key was mistyped or is not whole: its checksum is wrong.")
    values = values[:-CHECKSUM]
    spare = len(values) * 5 % 8
    if spare >= 5 or (values and values[-1] & ((1 << spare) - 1)):
        raise BadKeyText("The key was not written as keys are: it has bits left over.")
    return prefix, bytes(_regroup(values, 5, 8)[: len(values) * 5 // 8])


def _expand(prefix: str) -> list[int]:
    return [*(ord(letter) >> 5 for letter in prefix), 0, *(ord(letter) & 31 for letter in prefix)]


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                check ^= generator
    return check


def _regroup(values: Iterable[int], width: int, wanted: int) -> list[int]:
    """The same bits in groups of another width, zeros behind the last."""
    groups = []
    bits = held = 0
    for value in values:
        bits = bits << width | value
        held += width
        while held >= wanted:
            held -= wanted
            groups.append(bits >> held)
            bits &= (1 << held) - 1
    if held:
        groups.append(bits << wanted - held)
    return groups
