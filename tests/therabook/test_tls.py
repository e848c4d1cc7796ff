"""A certificate of our own making."""

from __future__ import annotations

import asyncio
import ssl
import stat
from pathlib import Path

import aiohttp
import pytest

from tests.signaling.server import API_KEY
from therabook import tls
from therabook.server import running
from therabook.settings import BadSettings, load


def test_it_is_made_once_and_for_the_names_that_are_wanted(tmp_path: Path) -> None:
    cert, key = tls.self_signed(tmp_path, ["localhost", "192.0.2.1"])
    first = cert.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    tls.self_signed(tmp_path, ["localhost"])
    assert cert.read_bytes() == first
    tls.self_signed(tmp_path, ["localhost", "192.0.2.9"])
    assert cert.read_bytes() != first


def test_a_broken_one_is_made_anew(tmp_path: Path) -> None:
    cert, key = tls.self_signed(tmp_path, ["localhost"])
    cert.write_text("broken")
    tls.self_signed(tmp_path, ["localhost"])
    assert tls.context(cert, key).minimum_version == ssl.TLSVersion.TLSv1_2


async def test_a_renewed_certificate_is_used_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "LOOK", 0.01)
    cert, key = tls.self_signed(tmp_path, ["localhost"])
    loaded = asyncio.Event()

    class Watched(ssl.SSLContext):
        def load_cert_chain(self, *args: object, **more: object) -> None:
            super().load_cert_chain(*args, **more)  # type: ignore[arg-type]
            loaded.set()

    context = Watched(ssl.PROTOCOL_TLS_SERVER)
    task = asyncio.create_task(tls.reload_on_change(context, cert, key))
    await asyncio.sleep(0.03)
    cert.write_text("broken")  # half written: the old one stays
    await asyncio.sleep(0.05)
    assert not loaded.is_set()
    tls.self_signed(tmp_path, ["localhost", "192.0.2.1"])
    await asyncio.wait_for(loaded.wait(), 5)
    task.cancel()


async def test_pages_are_served_over_tls_and_the_socket_too(tmp_path: Path) -> None:
    settings = load(
        {
            "port": 0,
            "media_port": 0,
            "media_host": "127.0.0.1",
            "data_dir": tmp_path,
            "tls": "self-signed",
            "api_key": API_KEY,
        },
        {},
    )
    async with aiohttp.ClientSession() as http, running(settings) as served:
        trust = ssl.create_default_context(cafile=str(tmp_path / "tls-cert.pem"))
        url = f"https://localhost:{served.port}"
        async with http.get(f"{url}/healthz", ssl=trust) as answer:
            assert answer.status == 200
            assert "Strict-Transport-Security" not in answer.headers  # it would lock people out of a self-signed host
        async with http.ws_connect(f"{url}/socket", ssl=trust, headers={"Origin": url}) as socket:
            await socket.send_str("{")
            assert (await socket.receive_json())["code"] == "bad_message"


async def test_files_that_are_no_certificate_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nothing")
    values = {
        "port": 0,
        "media_port": 0,
        "media_host": "127.0.0.1",
        "data_dir": tmp_path,
        "tls": "files",
        "tls_cert": tmp_path / "cert.pem",
        "tls_key": tmp_path / "cert.pem",
    }
    with pytest.raises(BadSettings, match="tls"):
        async with running(load(values, {})):
            pytest.fail("it started")
