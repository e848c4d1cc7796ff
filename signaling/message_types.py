"""Writes the web client's types (`web/js/messages.d.ts`) from the models in `signaling/messages.py` and its imports.

`python -m signaling.message_types` writes the file; a test compares what is committed with what comes out.
Descriptions come along: the docstrings of the models, of their fields and of the named types.

Not here: the prose of `docs/protocol.md`, and validation, which the models do themselves.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from signaling import (
    chat_messages,
    encryption,
    liveness,
    message,
    messages,
    recording_messages,
    roles,
    sealed_messages,
    stats,
    view_messages,
)

TYPES_FILE = Path(__file__).resolve().parent.parent / "web" / "js" / "messages.d.ts"

SOURCES = (
    roles,
    encryption,
    message,
    stats,
    liveness,
    recording_messages,
    view_messages,
    sealed_messages,
    chat_messages,
    messages,
)
"""Where models and named types stand, in the order in which they are written."""

UNIONS = ("ClientMessage", "ServerMessage")
"""The two directions. What only the first reaches may leave out fields that have a default."""

HEADER = """\
// The messages of the signaling socket. Do not edit: made from signaling/messages.py
// by `python -m signaling.message_types`.
"""

_PRIMITIVES = {str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}
_LINE = 120


def type_declarations() -> str:
    """The whole text of `messages.d.ts`."""
    described = all_descriptions()
    names = named_types()
    parts = [HEADER, f"export type ProtocolVersion = {messages.PROTOCOL_VERSION};\n"]
    for name, annotation in names.items():
        doc = described.get((name, ""))
        parts.append(_comment(doc, "") + _alias(name, expression(annotation, names, skip=name)))
    for model in models():
        parts.append("".join(_interface(model, described, names)))
    for name in UNIONS:
        union = [member.__name__ for member in members(getattr(messages, name))]
        parts.append(_alias(name, " | ".join(union)))
    return "\n".join(parts)


def _alias(name: str, expression: str) -> str:
    line = f"export type {name} = {expression};\n"
    if len(line) <= _LINE:
        return line
    return f"export type {name} =\n  | " + "\n  | ".join(expression.split(" | ")) + ";\n"


def named_types() -> dict[str, Any]:
    """The aliases that have a name of their own (`Mid`, `Source`, `Role`, ...), in the order they are written in."""
    found: dict[str, Any] = {}
    for module in SOURCES:
        for name, value in vars(module).items():
            is_alias = get_origin(value) in (Annotated, Literal) and name not in UNIONS
            if is_alias and not name.startswith("_") and name not in found:
                found[name] = value
    return found


def models() -> list[type[BaseModel]]:
    return [
        value
        for module in SOURCES
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, message.Message)
        and value is not message.Message
        and value.__module__ == module.__name__
    ]


def members(union: Any) -> tuple[Any, ...]:
    return get_args(get_args(union)[0])


def _interface(model: type[BaseModel], described: dict[tuple[str, str], str], names: dict[str, Any]) -> Iterator[str]:
    sent_by_server = model in members(messages.ServerMessage)
    yield f"{_comment(described.get((model.__name__, '')), '')}export interface {model.__name__} {{\n"
    annotations = inspect.get_annotations(model, eval_str=True)
    for field, info in model.model_fields.items():
        optional = not info.is_required() and field != "type" and not sent_by_server
        annotation = expression(annotations[field], names)
        yield _comment(described.get((model.__name__, field)), "  ")
        yield f"  {field}{'?' if optional else ''}: {annotation};\n"
    yield "}\n"


def expression(annotation: Any, names: dict[str, Any], skip: str = "") -> str:
    """The TypeScript for one Python annotation. Raises TypeError for what the messages have not used so far."""
    for name, value in names.items():
        if name != skip and value == annotation:
            return name
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _PRIMITIVES:
        return _PRIMITIVES[annotation]
    if origin is Annotated:
        return expression(arguments[0], names)
    if origin is Literal:
        return " | ".join(_literal(value) for value in arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(expression(argument, names) for argument in arguments)
    if origin is list:
        item = expression(arguments[0], names)
        return f"({item})[]" if " | " in item else f"{item}[]"
    if origin is dict:
        return f"{{ [key in {expression(arguments[0], names)}]: {expression(arguments[1], names)} }}"
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation.__name__
    raise TypeError(f"no TypeScript known for {annotation!r}")


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _comment(text: str | None, indent: str) -> str:
    if not text:
        return ""
    text = text.replace("*/", "* /")
    if len(indent) + len(text) + 8 <= _LINE and "\n" not in text:
        return f"{indent}/** {text} */\n"
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    lines = [line for paragraph in paragraphs for line in [*textwrap.wrap(paragraph, _LINE - len(indent) - 3), ""]]
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines[:-1])
    return f"{indent}/**\n{body}{indent} */\n"


def all_descriptions() -> dict[tuple[str, str], str]:
    """Those of all sources, as `descriptions` gives them."""
    return {key: text for module in SOURCES for key, text in descriptions(module).items()}


def descriptions(module: types.ModuleType) -> dict[tuple[str, str], str]:
    """Docstrings by (name, field): classes and aliases under (name, ""), fields under (class, field)."""
    found: dict[tuple[str, str], str] = {}
    tree = ast.parse(inspect.getsource(module))
    found |= {(name, ""): text for name, text in _attribute_docstrings(tree.body)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            if text := ast.get_docstring(node):
                found[node.name, ""] = text
            found |= {(node.name, field): text for field, text in _attribute_docstrings(node.body)}
    return found


def _attribute_docstrings(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, following in itertools.pairwise(body):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if (
            isinstance(target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            yield target.id, inspect.cleandoc(following.value.value)


if __name__ == "__main__":
    TYPES_FILE.write_text(type_declarations(), encoding="utf-8")
