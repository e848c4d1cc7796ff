"""Ids that people type into command lines and open in spreadsheets."""

from __future__ import annotations

import re

from signaling.csv_text import csv_line
from signaling.ids import new_id


def test_an_id_is_written_as_it_is() -> None:
    made = [new_id() for _ in range(5000)]
    assert len(set(made)) == 5000
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{15}", each) for each in made)
    assert csv_line(made) == ",".join(f'"{each}"' for each in made) + "\r\n"
