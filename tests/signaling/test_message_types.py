from __future__ import annotations

import re
from typing import get_args

from signaling import messages
from signaling.message_types import TYPES_FILE, type_declarations


def test_the_committed_types_are_those_of_the_messages() -> None:
    committed = TYPES_FILE.read_text(encoding="utf-8")
    assert committed == type_declarations(), "run: python -m signaling.message_types"


def test_every_message_of_both_directions_is_declared_with_its_type() -> None:
    text = type_declarations()
    for union in (messages.ClientMessage, messages.ServerMessage):
        for model in get_args(get_args(union)[0]):
            kind = model.model_fields["type"].default
            assert re.search(rf'export interface {model.__name__} {{\n  type: "{kind}";', text), model.__name__


def test_what_the_server_sends_is_never_optional() -> None:
    text = type_declarations()
    for model in get_args(get_args(messages.ServerMessage)[0]):
        body = re.search(rf"export interface {model.__name__} {{(.*?)^}}", text, re.DOTALL | re.MULTILINE)
        assert body is not None
        assert "?:" not in body[1]


def test_a_named_type_is_used_by_its_name() -> None:
    text = type_declarations()
    assert "  person: PersonId;" in text
    assert "  may: Action[];" in text
    assert "  offer?: Offer | null;" in text
