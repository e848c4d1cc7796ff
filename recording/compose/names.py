"""Names as they may be drawn into a picture: cleaned of what could fill it, turn it round or look like something else.

A name is whatever somebody has typed. Pure. Not here: which letters there are in a font (`fonts.py`), how wide a name
may be (`labels.py`).
"""

from __future__ import annotations

import unicodedata

MOST_READ = 400
"""Characters of a name that are looked at: normalising costs more, the longer a text is."""

LONGEST = 60
"""Characters that are kept."""

MOST_MARKS = 2
"""Accents on one letter. Names have two at most; with dozens of them a text grows over its neighbours."""

SPACES = ("Zs", "Zl", "Zp")
MARKS = ("Mn", "Me", "Mc")


def clean(name: str) -> str:
    """In one line, without control characters, without what changes the direction of writing, with single spaces.
    Empty if nothing is left."""
    # NFC only: NFKC would make other letters of some
    text = unicodedata.normalize("NFC", name[:MOST_READ])
    kept: list[str] = []
    marks = 0
    for letter in text:
        category = unicodedata.category(letter)
        if category in SPACES or letter in "\t\n\r":
            letter, category = " ", "Zs"
        if category[0] == "C":  # control, format (among them all that turns the direction), private, unassigned
            continue
        marks = marks + 1 if category in MARKS else 0
        if marks > MOST_MARKS or (letter == " " and (not kept or kept[-1] == " ")):
            continue
        if category in MARKS and (not kept or kept[-1] == " "):
            continue  # it would be drawn upon what stands before
        kept.append(letter)
    return shortened(unicodedata.normalize("NFC", "".join(kept)), LONGEST)


def shortened(text: str, letters: int) -> str:
    """At most so many characters, with an ellipsis for the rest, and no letter parted from its accents."""
    text = text.rstrip()
    if len(text) <= letters:
        return text
    end = max(0, letters - 1)
    while end > 0 and unicodedata.category(text[end]) in MARKS:
        end -= 1
    start = text[:end].rstrip()
    return f"{start}…" if start else ""
