"""CSV as spreadsheets read it (RFC 4180), from values that somebody else may have chosen.

A spreadsheet takes a cell that begins with one of `=+-@` for a formula and carries it out: such a text gets an
apostrophe before it, which shows that it is text. Numbers stay numbers. Not here: which columns there are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

Cell = str | int | float | bool | None

MEDIA_TYPE = "text/csv"

FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20|%"
"""What a formula begins with, in the wide forms of East Asian keyboards too, and with what old spreadsheets began a
call of another program."""

CONTROL = "\t\r\n\x00"
"""What is swallowed in front of a formula by some spreadsheets: a text that begins so is not left as it is either."""


def csv_line(cells: Iterable[Cell]) -> str:
    """With its end of line. All texts are quoted, so that a separator of another country splits none of them."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerow([_safe(each) for each in cells])
    return text.getvalue()


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """One after another, for answers that are sent while they are made."""
    yield csv_line(header)
    for row in rows:
        yield csv_line(row)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    return "".join(csv_lines(header, rows))


def _safe(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\x00", "")
    begins = text.lstrip(" \u00a0\ufeff")[:1]
    return f"'{text}" if begins and (begins in FORMULA or begins in CONTROL) else text
