"""The digest of the web client, and what a server hands out compared with it."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from signaling.static import read_tree
from tests.signaling.server import Server, a_server
from therabook.cli import main
from therabook.logs import KEYS
from therabook.server import WEB


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WEB, tmp_path / "web"))


async def compared(server: Server, web: Path) -> tuple[int, str]:
    """The exit status, and what was printed."""
    arguments = ["web-digest", str(web), "--served", server.url]
    result = await asyncio.to_thread(CliRunner().invoke, main, arguments)
    return result.exit_code, result.output


def test_it_is_what_sha256sum_finds() -> None:
    tree = read_tree(WEB)
    lines = tree.manifest.splitlines()
    assert len(lines) > 100
    assert lines == sorted(lines, key=lambda line: line.split("  ")[1])
    for line in lines:
        digest, name = line.split("  ")
        assert digest == hashlib.sha256((WEB / name).read_bytes()).hexdigest()
    printed = CliRunner().invoke(main, ["web-digest", "--files"])
    assert printed.output == f"{hashlib.sha256(tree.manifest.encode()).hexdigest()}\n{tree.manifest}"


async def test_a_server_hands_out_what_is_in_the_source(tmp_path: Path, checkout: Path) -> None:
    async with a_server(tmp_path) as server:
        status, said = await compared(server, checkout)
        async with server.http.get(f"{server.url}/web-digest") as answer:
            told = await answer.text()
    assert (status, "differs" in said) == (0, False), said
    tree = read_tree(checkout)
    assert told == f"{tree.digest}\n\n{tree.manifest}"


@pytest.mark.parametrize("file", ["js/call.js", "index.html", "css/base.css"])
async def test_a_changed_file_is_named(tmp_path: Path, checkout: Path, file: str) -> None:
    (checkout / file).write_text((checkout / file).read_text() + " ")
    async with a_server(tmp_path) as server:
        status, said = await compared(server, checkout)
    assert status == 1
    assert [line for line in said.splitlines() if line.startswith("differs")] == [f"differs: {file}"]


async def test_a_server_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    result = await asyncio.to_thread(CliRunner().invoke, main, ["web-digest", "--served", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert "cannot be asked" in result.output


def test_a_folder_without_a_client_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["web-digest", str(tmp_path)])
    assert result.exit_code == 1
    assert "there is no index.html" in result.output


async def test_it_is_logged_when_a_server_starts(tmp_path: Path) -> None:
    with capture_logs() as logged:
        async with a_server(tmp_path):
            pass
    assert [each["web_digest"] for each in logged if "web_digest" in each] == [read_tree(WEB).digest]
    assert "web_digest" in KEYS  # what the log lets through
