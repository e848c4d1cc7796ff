"""What requests over HTTP carry, read strictly into a model: a JSON body, a form, or the address's query.

What is refused is said by field. Not here: what any of it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from signaling.refusals import Refused

FORM = "application/x-www-form-urlencoded"

M = TypeVar("M", bound=BaseModel)


async def read_json(request: web.Request, model: type[M]) -> M:
    """Raises Refused: `not_json`, `bad_request`."""
    if request.content_type != "application/json":
        raise Refused("not_json")
    body = await request.read()
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise Refused("bad_request", _sentence(error)) from None


async def read_form_or_json(request: web.Request, model: type[M]) -> M:
    """For what a page's form sends without a script, so that the browser itself keeps what comes back. Raises Refused
    as `read_json` does."""
    if request.content_type != FORM:
        return await read_json(request, model)
    return _from_texts(await request.post(), model)


def read_query(request: web.Request, model: type[M]) -> M:
    """Raises Refused: `bad_request`."""
    return _from_texts(request.query, model)


def _from_texts(fields: Mapping[str, object], model: type[M]) -> M:
    """Empty is left out: a form has no other way to say so."""
    try:
        texts = {name: value for name, value in fields.items() if value != ""}
        return model.model_validate(texts, strict=False)
    except ValidationError as error:
        raise Refused("bad_request", _sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    """Says which field is wrong and how; quotes nothing of what was sent but the names of unknown fields."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:80]
    return f"{place}: {first['msg']}." if place else f"{first['msg']}."
