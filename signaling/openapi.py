"""The OpenAPI 3.1 document, generated from the route table and the models it names. Nothing is written by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from signaling.accounts.cookies import COOKIE as STAFF_COOKIE
from signaling.bodies import FORM
from signaling.recordings_access import COOKIE
from signaling.refusals import HTTP_STATUS, REFUSALS
from signaling.route import Route
from signaling.staff_roles import SCOPE_ACTIONS

REFERENCE = "#/components/schemas/{model}"

Models = tuple[tuple[type[BaseModel], Literal["validation", "serialization"]], ...]


class Problem(BaseModel):
    """Every error: a sentence for a person, and a code for programs that stays as it is."""

    error: str
    code: str


def document(routes: Sequence[Route], *, title: str, version: str, server: str = "/") -> dict[str, Any]:
    requests: list[type[BaseModel]] = [route.request for route in routes if route.request is not None]
    answers: list[type[BaseModel]] = [
        route.answer for route in routes if isinstance(route.answer, type) and issubclass(route.answer, BaseModel)
    ]
    models: Models = (
        *((model, "validation") for model in dict.fromkeys(requests)),
        *((model, "serialization") for model in dict.fromkeys(answers)),
        (Problem, "serialization"),
    )
    references, definitions = _schemas(models)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_path(route.path), {})[route.method.lower()] = _operation(route, references)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": title, "version": version},
        "servers": [{"url": server}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "api_key": {"type": "http", "scheme": "bearer"},
                "join_token": {"type": "http", "scheme": "bearer"},
                "staff_cookie": {"type": "apiKey", "in": "cookie", "name": STAFF_COOKIE},
                "recordings_token": {"type": "http", "scheme": "bearer"},
                "recordings_cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
    }


@lru_cache(maxsize=4)
def _schemas(models: Models) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Remembered: a third of a second, which each server in a process would take anew. Not to be changed."""
    return models_json_schema(models, ref_template=REFERENCE)


def _operation(route: Route, references: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": _responses(route, references),
        "security": _security(route),
    }
    if route.description:
        operation["description"] = route.description
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in route.parameters.items()
    ]
    if route.query is not None:
        fields = route.query.model_json_schema()["properties"]
        parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]
    if parameters:
        operation["parameters"] = parameters
    if route.request is not None:
        content = {"schema": references[(route.request, "validation")]}
        kinds = ("application/json", FORM) if route.form else ("application/json",)
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(kinds, content)}
    return operation


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.keeper:
        return [{"recordings_cookie": []}, {"recordings_token": []}, {"staff_cookie": []}]
    if route.staff:
        by_key = any(route.staff in actions for actions in SCOPE_ACTIONS.values())
        either: list[dict[str, list[str]]] = [{"staff_cookie": []}, {"api_key": []}]
        return either if by_key else either[:1]
    if route.ticket:
        return [{"join_token": []}]
    return [{"api_key": []}] if route.api_key else []


def _responses(route: Route, references: Any) -> dict[str, Any]:
    status = HTTPStatus(route.status)
    success: dict[str, Any] = {"description": status.phrase}
    if isinstance(route.answer, str):
        success["content"] = {
            route.answer: {"schema": {} if route.answer == "application/json" else {"type": "string"}}
        }
    elif route.answer is not None:
        success["content"] = {"application/json": {"schema": references[(route.answer, "serialization")]}}
        success["content"] |= {kind: {"schema": {"type": "string"}} for kind in route.also}
    responses = {str(route.status): success}
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(route.refusals):
        by_status.setdefault(HTTP_STATUS.get(code, 400), []).append(code)
    for number, codes in sorted(by_status.items()):
        responses[str(number)] = {
            "description": " ".join(f"`{code}`: {REFUSALS[code]}" for code in codes),
            "content": {"application/json": {"schema": references[(Problem, "serialization")]}},
        }
    return responses


def _path(path: str) -> str:
    """aiohttp's `{name:pattern}` as OpenAPI's `{name}`."""
    return re.sub(r"\{(\w+):[^{}]*\}", r"{\1}", path)


def _operation_id(route: Route) -> str:
    words = re.findall(r"[A-Za-z0-9]+", _path(route.path)) or ["root"]
    return "_".join([route.method.lower(), *words])
