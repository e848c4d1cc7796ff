"""Fonts: the first one on this machine that can draw a text, and what of a text none of them can.

Fonts come from the system, for none that covers the world's alphabets is small; Pillow's own one, which knows Latin
letters only, is always there. Not here: cleaning a text (`names.py`), drawing it (`labels.py`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

from PIL import Image, ImageDraw, ImageFont, features

FILES = (
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "FreeSans.ttf",
)
"""Looked for in the folders where systems keep fonts, the best ones first."""

MISSING = "\uffff"
"""No character, so that what a font draws for it is what it draws for all that it has not."""

SHAPED = ((0x0900, 0x109F), (0x1780, 0x17FF))
"""Indic scripts and those of South-East Asia, beside those written from the right: their letters take each other's
places and forms, and are wrong one by one."""


class Font:
    """One font in one size."""

    def __init__(self, face: ImageFont.FreeTypeFont, shapes: bool) -> None:
        """`shapes`: texts can be drawn whose letters depend on each other."""
        self.face = face
        self._shapes = shapes
        self._missing = _drawn(face, MISSING)
        self._known: dict[str, bool] = {}

    def has(self, letter: str) -> bool:
        """Draws it as what it is, and not as a box."""
        if letter not in self._known:
            if _is_shaped(letter) and not self._shapes:
                self._known[letter] = False
            else:
                drawn = _drawn(self.face, letter)
                self._known[letter] = letter == " " or (any(drawn) and drawn != self._missing)
        return self._known[letter]

    def has_all(self, text: str) -> bool:
        return all(map(self.has, text))

    def width(self, text: str) -> int:
        return round(self.face.getlength(text))

    def drawable(self, text: str) -> str:
        """Of a text what can be drawn of it: without the signs that this font has not, and without the words in which
        letters are missing, for half a name is another one."""
        words = []
        for word in text.split(" "):
            kept = "".join(filter(self.has, word))
            if kept and not any(_is_letter(letter) for letter in word if not self.has(letter)):
                words.append(kept)
        return " ".join(words)


class Fonts:
    """Those of this machine, in one size; a file is looked for when those before it were not enough."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._open: list[Font] = []
        self._more = _fonts(size)

    def font_for(self, text: str) -> tuple[Font, str]:
        """(the font to draw it with, what can be drawn of it)."""
        best: tuple[Font, str] | None = None
        for font in self._all():
            if font.has_all(text):
                return font, text
            drawable = font.drawable(text)
            if best is None or len(drawable) > len(best[1]):
                best = font, drawable
        if best is None:
            raise RuntimeError("there is always a font: Pillow's own")
        return best

    def _all(self) -> Iterator[Font]:
        yield from self._open
        for font in self._more:
            self._open.append(font)
            yield font


def _fonts(size: int) -> Iterator[Font]:
    shapes = bool(features.check_feature("raqm"))
    for name in FILES:
        if _found(name):
            yield Font(ImageFont.truetype(name, size), shapes)
    own = ImageFont.load_default(size)
    if isinstance(own, ImageFont.FreeTypeFont):
        yield Font(own, shapes)


@cache
def _found(name: str) -> bool:
    """A search goes through all folders of fonts."""
    try:
        ImageFont.truetype(name, 10)
    except OSError:
        return False
    return True


def _drawn(face: ImageFont.FreeTypeFont, letter: str) -> bytes:
    size = round(face.size)
    image = Image.new("L", (3 * size, 3 * size))
    ImageDraw.Draw(image).text((size, size), letter, fill=255, font=face)
    return image.tobytes()


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN"


def _is_shaped(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in ("R", "AL", "AN") or any(
        first <= ord(letter) <= last for first, last in SHAPED
    )
