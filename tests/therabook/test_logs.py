"""Nothing about people reaches the log."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from clinic import open_database, sqlite_url
from therabook import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    made = io.StringIO()
    logs.set_up(debug=True, form="json", stream=made)
    yield made
    root.handlers, root.level = handlers, level
    logging.captureWarnings(False)
    structlog.configure(**before)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_only_what_is_on_the_list_is_kept(stream: io.StringIO) -> None:
    structlog.get_logger("room").info("admitted", name="Alex Green", role="patient", session="0a1b2c", sdp="v=0")
    [line] = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "admitted", "level": "info", "logger": "room", "role": "patient", "session": "0a1b2c"}


def test_of_an_error_only_its_type_and_place_are_kept(stream: io.StringIO) -> None:
    try:
        raise ValueError("Alex Green called from 192.0.2.7")
    except ValueError:
        structlog.get_logger("room").exception("fault")
        logging.getLogger("sfu.plane").exception("fault")
        logging.getLogger("aiohttp.server").exception("Error handling request from 192.0.2.7")
    for line in lines(stream):
        assert line["error_type"] == "ValueError"
        assert "test_logs.py" in line["where"]
    assert "Alex" not in stream.getvalue()
    assert "192.0.2.7" not in stream.getvalue()


def test_of_other_libraries_only_the_place_is_kept(stream: io.StringIO) -> None:
    logging.getLogger("somebody.else").warning("connection from %s by %s", "192.0.2.7", "Alex")
    [line] = lines(stream)
    assert line["event"] == "a library reports"
    assert line["where"].startswith("test_logs:")
    assert "Alex" not in stream.getvalue()


def test_what_python_itself_reports_goes_the_same_way(stream: io.StringIO) -> None:
    async def fails() -> None:
        asyncio.get_running_loop().call_exception_handler({"message": "Alex", "exception": ValueError("Alex")})

    asyncio.run(fails())
    assert "Alex" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.7",
        "2001:db8::7",
        "2001:db8:1:2:3:4:5:6",
        "fe80::1%eth0",
        "alex.green@example.org",
        "from 10.0.0.1:5000",
    ],
)
def test_addresses_are_taken_out_even_where_they_should_never_be(stream: io.StringIO, text: str) -> None:
    structlog.get_logger("room").info("odd", reason=text)
    logging.getLogger("sfu.server").info("odd %s", text)
    for part in ("192.0.2.7", "2001:db8", "fe80", "alex", "10.0.0.1"):
        assert part not in stream.getvalue()


def test_what_only_looks_like_an_address_stays(stream: io.StringIO) -> None:
    structlog.get_logger("room").info("started", version="1.2.3", where="room.py:12 join", reason="09:41:07")
    [line] = lines(stream)
    assert (line["version"], line["where"]) == ("1.2.3", "room.py:12 join")


def test_a_terminal_gets_text() -> None:
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    try:
        logs.set_up(debug=False, form="text", stream=stream)
        structlog.get_logger("server").info("serving", port=8080)
        structlog.get_logger("server").debug("detail")
    finally:
        root.handlers, root.level = handlers, level
        logging.captureWarnings(False)
        structlog.configure(**before)
    assert "serving" in stream.getvalue()
    assert "port=8080" in stream.getvalue()
    assert "detail" not in stream.getvalue()


async def test_a_database_is_told_of_only_when_migrations_ran(stream: io.StringIO, tmp_path: Path) -> None:
    """Alembic itself has something to say at each start."""
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    (line,) = [each for each in lines(stream) if each["logger"].startswith(("alembic", "clinic"))]
    assert re.fullmatch(r"migrations changed the tables: \d+", line["event"])
    stream.seek(0)
    stream.truncate()
    await database.upgrade()
    assert not [each for each in lines(stream) if each["logger"].startswith(("alembic", "clinic"))]
    await database.close()
