"""Writes the tables of `docs/protocol.md` from the models in `signaling/messages.py` and its imports.

`python -m signaling.protocol_document` writes them between the two marks in the document; a test compares what is
committed with what comes out.

Not here: the prose around the tables, which is written by hand in the document itself.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from signaling import messages, roles
from signaling.message_types import all_descriptions, expression, members, models, named_types

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "protocol.md"
BEGIN = "<!-- From here on made by `python -m signaling.protocol_document`. -->\n"
END = "<!-- Until here. -->\n"


def document(committed: str) -> str:
    """The whole document, its tables made anew. Raises ValueError when the marks are not there."""
    before, _, rest = committed.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or END not in rest:
        raise ValueError("the marks around the tables are missing")
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def tables() -> str:
    """Every message, the shapes within them and what each role may do, as Markdown."""
    described = all_descriptions()
    from_client, from_server = members(messages.ClientMessage), members(messages.ServerMessage)
    within = [model for model in models() if model not in from_client and model not in from_server]
    parts = [
        "## From the client\n",
        *(_message(model, described, sent_by_server=False) for model in from_client),
        "## From the server\n",
        *(_message(model, described, sent_by_server=True) for model in from_server),
        "## Shapes within them\n",
        *(_message(model, described, sent_by_server=False) for model in within),
        *_named(described),
        "## Who may do what\n",
        described.get(("Action", ""), "") + "\n",
        "".join(_permissions()),
    ]
    return "\n".join(parts)


def _message(model: type[BaseModel], described: dict[tuple[str, str], str], *, sent_by_server: bool) -> str:
    names = named_types()
    annotations = inspect.get_annotations(model, eval_str=True)
    kind = model.model_fields.get("type")
    lines = [f"### `{kind.default if kind else model.__name__}`\n"]
    if text := described.get((model.__name__, "")):
        lines.append(f"{_flat(text)}\n")
    fields = {name: info for name, info in model.model_fields.items() if name != "type"}
    if fields:
        lines += ["| field | is | meaning |", "| --- | --- | --- |"]
    for name, info in fields.items():
        shape = expression(annotations[name], names).replace(" | ", " or ")
        shape += "" if shape in names else _limits(annotations[name])
        optional = "" if sent_by_server or info.is_required() else f", else {json.dumps(info.default)}"
        lines.append(f"| `{name}` | {shape}{optional} | {_flat(described.get((model.__name__, name), ''))} |")
    return "\n".join(lines).rstrip() + "\n"


def _limits(annotation: Any) -> str:
    """How long a text or a list may be, what a text may be made of, how large a number."""
    for limits in get_args(annotation)[1:] if get_origin(annotation) is Annotated else ():
        if isinstance(limits, FieldInfo):
            return _bounds(limits)
        if limits.pattern:
            return f" matching `{limits.pattern}`"
        return f" of {limits.min_length or 0} to {limits.max_length} characters"
    return ""


def _bounds(info: FieldInfo) -> str:
    least = next((each.ge for each in info.metadata if isinstance(each, Ge)), None)
    most = next((each.le for each in info.metadata if isinstance(each, Le)), None)
    longest = next((each.max_length for each in info.metadata if isinstance(each, MaxLen)), None)
    return f" of at most {longest}" if longest is not None else f" from {least} to {most}"


def _named(described: dict[tuple[str, str], str]) -> Iterator[str]:
    names = named_types()
    for name, annotation in names.items():
        shape = expression(annotation, names, skip=name).replace(" | ", ", ") + _limits(annotation)
        yield f"### `{name}`\n\n{shape}. {_flat(described.get((name, ''), ''))}".rstrip() + "\n"


def _permissions() -> Iterator[str]:
    actions = expression(roles.Action, {}).replace('"', "").split(" | ")
    yield "| action | " + " | ".join(roles.PERMISSIONS) + " |\n"
    yield "| --- |" + " --- |" * len(roles.PERMISSIONS) + "\n"
    for action in actions:
        marks = ("yes" if action in allowed else "" for allowed in roles.PERMISSIONS.values())
        yield f"| `{action}` | " + " | ".join(marks) + " |\n"


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
