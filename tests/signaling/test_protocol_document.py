from __future__ import annotations

import pytest

from signaling import messages
from signaling.message_types import members
from signaling.protocol_document import BEGIN, DOCUMENT, END, document, tables


def test_the_committed_document_is_that_of_the_messages() -> None:
    committed = DOCUMENT.read_text(encoding="utf-8")
    assert committed == document(committed), "run: python -m signaling.protocol_document"


def test_every_message_has_its_place_in_its_direction() -> None:
    from_client, _, rest = tables().partition("## From the server")
    from_server, _, _ = rest.partition("## Shapes within them")
    for union, text in ((messages.ClientMessage, from_client), (messages.ServerMessage, from_server)):
        for model in members(union):
            assert f"### `{model.model_fields['type'].default}`" in text


def test_limits_and_defaults_are_told() -> None:
    assert "| `text` | string of 1 to 24000 characters |" in tables()
    assert "| `move` | boolean, else false |" in tables()


def test_prose_around_the_tables_stays() -> None:
    made = document(f"before\n{BEGIN}the tables of yesterday{END}after\n")
    assert made.startswith("before\n")
    assert made.endswith("after\n")
    assert "yesterday" not in made


def test_a_document_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="marks"):
        document("no marks here")
