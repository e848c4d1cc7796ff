"""The clinic's brand: name, logo and colour, as settings give them, and the style sheet made from the colour."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

from signaling.static import Asset

PAPER = (0xEC, 0xE8, 0xE1)
NIGHT = (0x27, 0x30, 0x2E)
"""The darkest ground of the light theme and the lightest of the dark one on which accents stand (`base.css`)."""

CONTRAST = 4.5
"""What text needs against its ground (WCAG 2.2, 1.4.3)."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Brand:
    name: str
    color: str
    """#rrggbb, checked by the settings."""
    logo: Asset | None = None
    exit_page: str = "https://www.wikipedia.org/"
    """Where a quick exit leads: a page that people have open anyway and that says nothing about anybody."""


def style_sheet(brand: Brand) -> bytes:
    """The colour for buttons, and shades of it that can be read as text on light and on dark ground."""
    base = _parse(brand.color)
    on_brand = "#ffffff" if contrast(base, (255, 255, 255)) >= contrast(base, (0, 0, 0)) else "#000000"
    lines = {
        "--brand": brand.color,
        "--on-brand": on_brand,
        "--brand-on-light": _hex(_shade(base, PAPER, -1)),
        "--brand-on-dark": _hex(_shade(base, NIGHT, +1)),
    }
    return (":root {\n" + "".join(f"  {name}: {value};\n" for name, value in lines.items()) + "}\n").encode()


def contrast(a: Colour, b: Colour) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _shade(colour: Colour, ground: Colour, direction: int) -> Colour:
    """The nearest lighter (+1) or darker (-1) shade that can be read on `ground`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))
    end = 1.0 if direction > 0 else 0.0
    while contrast(colour, ground) < CONTRAST and lightness != end:
        lightness = min(1.0, max(0.0, lightness + direction * 0.01))
        red, green, blue = (round(c * 255) for c in colorsys.hls_to_rgb(hue, lightness, saturation))
        colour = (red, green, blue)
    return colour


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (v / 255 for v in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parse(color: str) -> Colour:
    value = bytes.fromhex(color.removeprefix("#"))
    return value[0], value[1], value[2]


def _hex(colour: Colour) -> str:
    return "#" + bytes(colour).hex()
