"""The PDF: what stands in it, in whatever letters, and how much there may be of it."""

from __future__ import annotations

import re
import zlib
from datetime import UTC
from typing import Any

import pytest

from signaling.usage.answers import sitting_answer
from signaling.usage.codes import SHIPPED, CodeRule, Codes, CodesVersion
from signaling.usage.listing import Listing
from signaling.usage.printed import Letterhead, printed, statement
from tests.clinic.usage.made_up import START, whole

HEAD = Letterhead("Praxis Grün", "1 High Street\nSpringfield", UTC, "USD")


def letters(pdf: bytes) -> str:
    """All letters that the PDF can be searched for: those of its fonts' own tables (ToUnicode)."""
    found = []
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            plain = zlib.decompress(packed)
        except zlib.error:
            plain = packed
        if b"beginbfchar" in plain:
            pairs = re.findall(rb"<[0-9A-Fa-f]+> <([0-9A-Fa-f]+)>", plain)
            found += [bytes.fromhex(each.decode()).decode("utf-16-be", "replace") for each in pairs]
    return "".join(found)


def answers(count: int = 3, known: CodesVersion = SHIPPED, **more: Any) -> list[Any]:
    return [sitting_answer(whole(f"s{n}", START + n * 90_000, **more), [known], START + 9e6) for n in range(count)]


def test_a_statement_for_print_names_the_clinic_in_its_own_letters() -> None:
    pdf = statement(HEAD, "Sessions 2027-01", [("Therapist", "t1")], answers(), START)
    assert pdf.startswith(b"%PDF-")
    assert set("PraxisGrün1HighSt90834-95") <= set(letters(pdf))


@pytest.mark.parametrize("name", ["Praxis Łódź", "Κλινική Ψυχής", "Клиника Дружба", "Clínica Ñandú"])
def test_names_of_other_alphabets_are_printed(name: str) -> None:
    pdf = statement(Letterhead(name, "", UTC, "USD"), "Sessions", [], answers(1), START)
    assert set(name) - {" "} <= set(letters(pdf))


def test_what_no_font_knows_and_what_is_long_breaks_nothing() -> None:
    odd = Letterhead("診療所 \U0001f600 عيادة " + "x" * 300, "\n\n" + "y" * 400, UTC, "USD")
    listing = Listing("t" * 200, ("a", "b"), [("z" * 500, None), ("\t\r\n\u202e", 1.5), ("", True)])
    assert printed(odd, listing, START).startswith(b"%PDF-")


def test_amounts_stand_in_it_only_where_there_are_prices() -> None:
    priced = Codes(rules=(CodeRule(code="90834", text="x", minutes_from=1, price_cents=15_050),))
    known = CodesVersion(version=0, since=0.0, by="a", codes=priced)
    rows = answers(2, known)
    assert rows[0].suggestions[0].price_cents == 15_050
    with_prices = statement(HEAD, "Sessions", [], rows, START)
    without = statement(HEAD, "Sessions", [], answers(2), START)
    assert "U" in letters(with_prices), "USD"
    assert "U" not in letters(without)


def test_a_long_month_has_pages() -> None:
    pdf = statement(HEAD, "Sessions", [], answers(120), START)
    assert len(re.findall(rb"/Type /Page\b", pdf)) >= 3


def test_the_fonts_are_embedded_so_that_it_looks_alike_everywhere() -> None:
    assert b"/FontFile2" in statement(HEAD, "Sessions", [], answers(1), START)
