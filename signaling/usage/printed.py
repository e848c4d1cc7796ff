"""Statements for print: a PDF with the clinic's name and address, sessions by date, minutes and suggested codes.

Letters come from the fonts of this machine, as films do (`recording/compose/fonts.py`), for no font that a PDF reader
has itself knows more than Latin ones: what the first font has not is taken from the next. The clinic's name may be in
any alphabet. Amounts stand in it only where the table of codes has a price.

Slow (a second for a thousand lines): to be called on a thread. Not here: which lines (`listing.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from fpdf import FPDF
from fpdf.fonts import FontFace
from PIL import ImageFont

from recording.compose.fonts import FILES
from signaling.csv_text import Cell
from signaling.usage.answers import SittingAnswer
from signaling.usage.listing import SUGGESTED, Listing, clock, codes, price_of

MARGIN = 16.0
"""Millimetres."""

SMALL, NORMAL, LARGE = 8.0, 10.0, 16.0
LONGEST_CELL = 60
WIDTHS = (30.0, 42.0, 42.0, 18.0, 20.0, 28.0)
"""Millimetres of the columns of a statement, together as wide as A4 allows."""


@dataclass(frozen=True)
class Letterhead:
    clinic: str
    address: str
    """May have several lines."""
    zone: tzinfo
    currency: str


def statement(
    head: Letterhead, title: str, about: Sequence[tuple[str, str]], found: Sequence[SittingAnswer], now: float
) -> bytes:
    """Like an invoice: ids, dates, minutes, codes, and what the table has prices for. `about`: lines before them."""
    rows: list[tuple[Cell, ...]] = []
    total = 0
    for each in found:
        price = price_of(each.suggestions)
        total += price or 0
        began = clock(each.started_at, head.zone)
        rows.append(
            (
                began[:16],
                each.session,
                " ".join(each.patients),
                each.minutes,
                {"video": "video", "audio": "audio only", None: ""}[each.modality],
                codes(each.suggestions) + ("" if price is None else f"  {price / 100:.2f}"),
            )
        )
    minutes = sum(each.minutes for each in found)
    ends = [("Sessions", str(len(found))), ("Minutes", str(minutes))]
    if total:
        ends.append(("Sum of suggested codes with a price", f"{total / 100:.2f} {head.currency}"))
    listing = Listing(title, ("date", "session", "patients", "minutes", "modality", "suggested"), rows, (SUGGESTED,))
    return printed(head, listing, now, about=about, ends=ends, widths=WIDTHS)


def printed(
    head: Letterhead,
    listing: Listing,
    now: float,
    *,
    about: Sequence[tuple[str, str]] = (),
    ends: Sequence[tuple[str, str]] = (),
    widths: Sequence[float] | None = None,
) -> bytes:
    with _fonts() as files:
        pdf = FPDF(format="A4")
        made_at = datetime.fromtimestamp(now, UTC)
        pdf.set_creation_date(made_at)
        pdf.set_title(listing.title)
        pdf.set_margin(MARGIN)
        pdf.set_auto_page_break(True, MARGIN)
        for number, file in enumerate(files):
            pdf.add_font(f"font{number}", "", str(file))
        pdf.set_font("font0", size=NORMAL)
        pdf.set_fallback_fonts([f"font{number}" for number in range(1, len(files))], exact_match=False)
        pdf.add_page()
        _line(pdf, head.clinic, LARGE)
        for text in head.address.splitlines():
            _line(pdf, text, NORMAL)
        pdf.ln(6)
        _line(pdf, listing.title, LARGE * 0.8)
        made = clock(now, head.zone)
        for name, value in (*about, ("Made", made)):
            _line(pdf, f"{name}: {value}", NORMAL)
        pdf.ln(3)
        _table(pdf, listing, widths)
        pdf.ln(3)
        for name, value in ends:
            _line(pdf, f"{name}: {value}", NORMAL)
        for note in listing.notes:
            _line(pdf, note, SMALL)
        return bytes(pdf.output())


def _line(pdf: FPDF, text: str, size: float) -> None:
    pdf.set_font("font0", size=size)
    pdf.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT")


def _table(pdf: FPDF, listing: Listing, widths: Sequence[float] | None) -> None:
    pdf.set_font("font0", size=SMALL)
    with pdf.table(
        col_widths=tuple(widths) if widths is not None else None,
        line_height=SMALL * 0.55,
        borders_layout="HORIZONTAL_LINES",
        first_row_as_headings=True,
        headings_style=FontFace(fill_color=(236, 240, 239)),
    ) as table:
        for cells in (listing.header, *listing.rows):
            row = table.row()
            for cell in cells:
                row.cell(_text(cell))


def _text(cell: Cell) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


@contextmanager
def _fonts() -> Iterator[list[Path]]:
    """Of this machine; Pillow's own, which is always there, as a file that fpdf can read."""
    found = [Path(str(face.path)) for face in map(_face, FILES) if face is not None and str(face.path).endswith(".ttf")]
    with tempfile.TemporaryDirectory() as folder:
        own = ImageFont.load_default(NORMAL)
        if isinstance(own, ImageFont.FreeTypeFont):
            file = Path(folder) / "own.ttf"
            file.write_bytes(own.font_bytes)
            found.append(file)
        yield found


def _face(name: str) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, 10)
    except OSError:
        return None
