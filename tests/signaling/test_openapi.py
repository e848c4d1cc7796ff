"""The route table and what is generated from it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from signaling.refusals import HTTP_STATUS, REFUSALS
from tests.signaling.server import Server, a_server


@pytest_asyncio.fixture
async def described(tmp_path: Path) -> AsyncIterator[tuple[Server, dict[str, Any]]]:
    async with a_server(tmp_path) as server, server.http.get(f"{server.url}/api/openapi.json") as answer:
        yield server, await answer.json()


async def test_the_document_describes_every_route_and_no_other(described: tuple[Server, dict[str, Any]]) -> None:
    server, document = described
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        address = path.replace("{hash}", "0").replace("{path}", "x")
        for method in operations:
            async with server.http.request(method, server.url + address, allow_redirects=False) as answer:
                assert answer.status != 405
                if answer.status == 404:
                    assert "404" in operations[method]["responses"]


async def test_every_reference_leads_somewhere_and_operations_have_names_of_their_own(
    described: tuple[Server, dict[str, Any]],
) -> None:
    _, document = described
    text = json.dumps(document)
    for part in text.split('"$ref": "')[1:]:
        name = part.split('"')[0]
        assert name.startswith("#/components/schemas/")
        assert name.rpartition("/")[2] in document["components"]["schemas"]
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


async def test_the_token_request_is_described_as_it_is_checked(described: tuple[Server, dict[str, Any]]) -> None:
    _, document = described
    operation = document["paths"]["/api/token"]["post"]
    assert operation["security"] == [{"api_key": []}]
    assert set(operation["responses"]) == {"200", "400", "401", "403", "413", "415", "429"}
    schema = document["components"]["schemas"]["TokenRequest"]
    assert schema["required"] == ["user_id", "role"]
    assert schema["additionalProperties"] is False
    old = document["paths"]["/api/100ms-token"]["post"]
    assert old["requestBody"] == operation["requestBody"]
    assert old["responses"] == operation["responses"]


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_is_a_sentence(code: str) -> None:
    assert REFUSALS[code][0].isupper()
    assert REFUSALS[code].endswith((".", "KEY."))


def test_every_status_belongs_to_a_refusal() -> None:
    assert set(HTTP_STATUS) <= set(REFUSALS)
