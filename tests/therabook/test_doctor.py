"""The doctor: at a server that works, at servers that do not, and at machines with something amiss."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aioice import stun
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.signaling.server import API_KEY, Server, a_server
from therabook.cli import main
from therabook.doctor import machine, remote
from therabook.doctor.findings import Finding, as_json, as_text, failed
from therabook.doctor.paths import Candidate, Probe, Relay, Target, Tried, over_tcp, over_udp
from therabook.settings import load

TLS = ssl.create_default_context()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("THERABOOK_"):
            monkeypatch.delenv(name)


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path, media_loopback=True) as server:
        yield server


def marks(findings: list[Finding]) -> dict[str, str]:
    return {finding.id: finding.mark for finding in findings}


# A server, from here


async def test_a_server_that_works_is_found_to_work_on_every_way_that_it_has(server: Server) -> None:
    found = await remote.examine(remote.Server(server.url, server.token("observer"), TLS))
    assert marks(found) == {
        "pages": "good",
        "clock": "good",
        "websocket": "good",
        "udp": "good",
        "ice_tcp": "good",
        "turn": "none",
    }
    assert all(finding.milliseconds is not None for finding in found if finding.id in ("udp", "ice_tcp", "websocket"))
    assert not failed(found)


async def test_without_a_token_it_says_what_it_needs(server: Server) -> None:
    found = await remote.examine(remote.Server(server.url, "", TLS))
    assert marks(found)["media"] == "none"
    assert "link into a session" in found[-1].advice
    assert not failed(found)


async def test_a_token_that_is_refused_is_said_so(server: Server) -> None:
    found = await remote.examine(remote.Server(server.url, "nonsense", TLS))
    assert found[-1].mark == "bad"
    assert "This link is not valid" in found[-1].said


async def test_the_api_key_is_as_good_as_a_link(server: Server) -> None:
    assert await remote.token_for(server.url, API_KEY, TLS, "s-doctor")
    assert await remote.token_for(server.url, "wrong" * 10, TLS, "s-doctor") is None


async def test_a_server_that_takes_no_udp_is_found_to_lack_it(tmp_path: Path) -> None:
    async with a_server(tmp_path, media_loopback=True, media_udp=False) as server:
        found = await remote.examine(remote.Server(server.url, server.token("observer"), TLS))
    assert (marks(found)["udp"], marks(found)["ice_tcp"]) == ("warn", "good")


async def test_a_turn_server_that_is_not_there_is_found(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    urls = (f"turn:127.0.0.1:{port}?transport=tcp", "turns:turn.invalid:443")
    async with a_server(tmp_path, media_loopback=True, turn_urls=urls, turn_secret="s" * 32) as server:
        found = await remote.examine(remote.Server(server.url, server.token("observer"), TLS))
    said = {finding.id: finding for finding in found}
    assert (said["turn_tcp"].mark, said["turn_tls"].mark) == ("warn", "warn")
    assert "nothing listens there" in said["turn_tcp"].said
    assert "name is unknown" in said["turn_tls"].said
    assert not failed(found)


async def test_an_address_where_nothing_answers(unused_tcp_port: int) -> None:
    found = await remote.examine(remote.Server(f"http://127.0.0.1:{unused_tcp_port}", "t", TLS))
    assert marks(found) == {"pages": "bad", "websocket": "bad"}
    assert failed(found)


async def test_an_address_where_something_else_answers_and_sockets_do_not_pass() -> None:
    async def page(request: web.Request) -> web.Response:
        return web.json_response({"hello": "there"})

    async with _a_site({"/api/client": page}) as base:
        found = await remote.examine(remote.Server(base, "t", TLS))
    assert marks(found) == {"pages": "bad", "websocket": "bad"}
    assert "Something else answers" in found[0].said
    assert "HTTP 404" in found[1].said


async def test_a_server_whose_clock_is_wrong(server: Server) -> None:
    async def client(request: web.Request) -> web.Response:
        return web.json_response({"brand": {}}, headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"})

    async with _a_site({"/api/client": client}) as base:
        found = await remote.examine(remote.Server(base, "", TLS))
    assert marks(found)["clock"] == "warn"


async def test_nothing_that_answers_but_the_server_itself_counts() -> None:
    """A port that echoes, or that answers with another password, is no way to the media server."""
    probe = Probe()
    answer = "a=ice-ufrag:server\r\na=ice-pwd:the-password-of-the-server\r\n"
    target = probe.target(answer)
    assert target is not None
    loop = asyncio.get_running_loop()

    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.transport.sendto(data, addr)
            forged = stun.Message(
                message_method=stun.Method.BINDING,
                message_class=stun.Class.RESPONSE,
                transaction_id=data[8:20],
                attributes={"XOR-MAPPED-ADDRESS": addr},
            )
            forged.add_message_integrity(b"another-password")
            forged.add_fingerprint()
            self.transport.sendto(bytes(forged), addr)

    transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    aimed = Target(target.name, target.password, (Candidate("udp", "127.0.0.1", port),))
    try:
        tried = await over_udp(aimed)
    finally:
        transport.close()
    assert tried == Tried(None, "silent")


async def test_a_closed_tcp_port_is_told_from_a_silent_one(unused_tcp_port: int) -> None:
    target = Target("a:b", "password", (Candidate("tcp", "127.0.0.1", unused_tcp_port),))
    assert (await over_tcp(target)).trouble == "refused"
    assert (await over_udp(target)).trouble == "failed"


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("turn:turn.example.org", Relay("turn.example.org", 3478, "udp", False)),
        ("turn:192.0.2.1:80?transport=tcp", Relay("192.0.2.1", 80, "tcp", False)),
        ("turns:turn.example.org", Relay("turn.example.org", 5349, "tcp", True)),
        ("turns:[2001:db8::1]:443?transport=tcp", Relay("2001:db8::1", 443, "tcp", True)),
        ("stun:turn.example.org", None),
        ("turn:", None),
    ],
)
def test_turn_urls_are_read(url: str, read: Relay | None) -> None:
    assert Relay.parse(url) == read


def test_an_answer_that_is_none_has_no_target() -> None:
    assert Probe().target("v=0\r\n") is None


WORKS, SILENT = Tried(0.02), Tried(None, "silent")
BOTH = Target("n", "p", (Candidate("udp", "192.0.2.1", 10000), Candidate("tcp", "192.0.2.1", 10000)))
TLS_URL = "turns:turn.example.org:443"


@pytest.mark.parametrize(
    ("udp", "tcp", "turned", "expected"),
    [
        (WORKS, SILENT, [], ["good", "warn", "none"]),
        (SILENT, WORKS, [], ["warn", "good", "none"]),
        (SILENT, SILENT, [], ["bad", "bad", "bad"]),
        (SILENT, SILENT, [(TLS_URL, WORKS)], ["warn", "warn", "good"]),
        (WORKS, WORKS, [(TLS_URL, SILENT)], ["good", "good", "warn"]),
        (SILENT, SILENT, [(TLS_URL, Tried(None, "not_relayed"))], ["bad", "bad", "bad"]),
    ],
)
def test_one_way_is_enough_and_none_is_a_failure(
    udp: Tried, tcp: Tried, turned: list[tuple[str, Tried]], expected: list[str]
) -> None:
    found = remote.judge(BOTH, udp, tcp, turned)
    assert [finding.mark for finding in found] == expected
    for finding in found:
        assert finding.mark in ("good", "none") or finding.advice


# This machine


def test_a_port_that_somebody_has_is_found(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        settings = load(
            {"data_dir": tmp_path, "port": 0, "media_host": "127.0.0.1", "media_port": taken.getsockname()[1]}, {}
        )
        found = machine.ports(settings, running=False)
    assert found.mark == "bad"
    assert "UDP port" in found.said
    assert machine.ports(settings, running=False).mark == "good"
    assert machine.ports(settings, running=True).mark == "good"


def test_small_socket_buffers_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "sys/net/core"
    folder.mkdir(parents=True)
    (folder / "rmem_max").write_text("212992\n")
    (folder / "wmem_max").write_text("4194304\n")
    found = machine.buffers(tmp_path)
    assert found.mark == "warn"
    assert "rmem_max = 212992" in found.said
    assert "wmem" not in found.said
    (folder / "rmem_max").write_text("4194304\n")
    assert machine.buffers(tmp_path).mark == "good"
    assert machine.buffers(tmp_path / "nowhere").mark == "none"


@pytest.mark.parametrize(
    ("swaps", "mark"),
    [("", "good"), ("/dev/sda2 partition 1 0 -2\n", "warn"), ("/dev/zram0 partition 1 0 100\n", "good")],
)
def test_swap_is_found(tmp_path: Path, swaps: str, mark: str) -> None:
    (tmp_path / "swaps").write_text("Filename Type Size Used Priority\n" + swaps)
    assert machine.swap(tmp_path).mark == mark


@pytest.mark.parametrize(("days", "mark"), [(60, "good"), (5, "warn"), (-1, "bad")])
def test_a_certificate_that_ends_is_found(tmp_path: Path, days: int, mark: str) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_bytes(_certificate(days))
    settings = load({"tls": "files", "tls_cert": cert, "tls_key": cert, "data_dir": tmp_path}, {})
    [found] = machine.certificate(settings)
    assert found.mark == mark
    cert.write_bytes(b"nonsense")
    [found] = machine.certificate(settings)
    assert found.mark == "bad"


async def test_a_database_that_does_not_answer_is_found_and_none_is_made(tmp_path: Path) -> None:
    settings = load({"data_dir": tmp_path}, {})
    assert (await machine.database(settings)).mark == "none"
    assert not (tmp_path / "clinic.db").exists()
    (tmp_path / "clinic.db").write_bytes(b"this is no database, whatever it says" * 100)
    (tmp_path / "clinic.db").chmod(0o600)
    assert (await machine.database(settings)).mark == "bad"
    away = load({"data_dir": tmp_path}, {"THERABOOK_DATABASE_URL": "postgresql://nobody:secret-word@127.0.0.1:1/x"})
    found = await machine.database(away)
    assert found.mark == "bad"
    assert "secret-word" not in found.said


def test_a_turn_secret_that_cannot_be_read_is_found(tmp_path: Path) -> None:
    values: dict[str, Any] = {"data_dir": tmp_path, "turn_urls": TLS_URL, "turn_secret_file": tmp_path / "none"}
    [found] = machine.turn(load(values, {}))
    assert (found.id, found.mark) == ("turn_secret", "bad")
    assert list(machine.turn(load({"data_dir": tmp_path}, {}))) == []


def test_looking_at_a_machine_leaves_nothing_on_it(tmp_path: Path) -> None:
    CliRunner().invoke(main, ["doctor", "--data-dir", str(tmp_path / "data"), "--port", "0"])
    assert not (tmp_path / "data").exists()


# The command


async def test_the_command_looks_at_this_machine_and_the_server_on_it(tmp_path: Path) -> None:
    async with a_server(tmp_path, media_loopback=True) as server:
        port = str(server.running.port)
        said = await _doctor("--json", "--data-dir", str(tmp_path / "data"), "--port", port)
    found = json.loads(said)
    got = {each["id"]: each["mark"] for each in found["findings"]}
    assert got["ports"] == got["pages"] == got["websocket"] == got["udp"] == got["ice_tcp"] == "good"
    assert got["database"] == "good"


async def test_the_command_looks_at_a_server_through_a_link_and_prints_no_token(server: Server) -> None:
    token = server.token("patient")
    said = await _doctor(f"{server.url}/video-call/secure-therapy#token={token}")
    assert "UDP to the media port" in said
    assert "Answers within" in said
    assert token not in said
    assert "Disk" not in said


@pytest.mark.parametrize("address", ["ftp://video.example.org", "https://"])
def test_the_command_says_what_an_address_is(address: str) -> None:
    ran = CliRunner().invoke(main, ["doctor", address])
    assert ran.exit_code == 1
    assert "https://video.example.org" in ran.output


def test_the_exit_code_says_whether_something_does_not_work(unused_tcp_port: int) -> None:
    ran = CliRunner().invoke(main, ["doctor", f"http://127.0.0.1:{unused_tcp_port}"])
    assert ran.exit_code == 1
    assert "does not work" in ran.output


def test_findings_are_written_for_people_and_for_programs() -> None:
    found = [
        Finding("udp", "UDP to the media port", "warn", "Port 10000: no answer. " * 8, "Let it through."),
        Finding("pages", "Pages", "good", "Answer within 20 ms.", milliseconds=20),
    ]
    text = as_text("About", found)
    assert text.startswith("About\n\n  UDP to the media port")
    assert all(len(line) <= 100 for line in text.splitlines())
    assert text.count("Let it through.") == 1
    written = json.loads(as_json("About", found))
    assert written["ok"] is True
    assert written["findings"][1]["milliseconds"] == 20


async def _doctor(*arguments: str) -> str:
    """As a process of its own: the loop of this test has to go on answering, and the server's log is not its output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "therabook", "doctor", *arguments, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode in (0, 1)
    return said.decode()


class _a_site:
    def __init__(self, pages: dict[str, Any]) -> None:
        self._pages = pages

    async def __aenter__(self) -> str:
        app = web.Application()
        for path, handler in self._pages.items():
            app.router.add_get(path, handler)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(self, *error: object) -> None:
        await self._runner.cleanup()


def _certificate(days: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=90))
        .not_valid_after(now + datetime.timedelta(days=days, hours=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)
