"""One definition for flags, variables and the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from therabook.cli import main
from therabook.parts import turn_servers
from therabook.settings import BadSettings, Settings, documented, is_loopback, load


def test_flags_count_more_than_variables_and_variables_more_than_the_file(tmp_path: Path) -> None:
    file = tmp_path / "therabook.toml"
    file.write_text('port = 1001\nmedia_port = 1002\nbrand_name = "File"\n')
    environment = {"THERABOOK_PORT": "2001", "THERABOOK_MEDIA_PORT": "2002", "THERABOOK_CONFIG": str(file)}
    settings = load({"port": "3001"}, environment)
    assert (settings.port, settings.media_port, settings.brand_name) == (3001, 2002, "File")


def test_the_defaults_are_those_for_one_machine() -> None:
    settings = load({}, {})
    assert (settings.host, settings.port, settings.media_host, settings.media_port) == (
        "127.0.0.1",
        8080,
        "0.0.0.0",
        10000,
    )
    assert (settings.data_dir, settings.demo, settings.tls, settings.session_minutes) == (
        Path("data"),
        False,
        "off",
        90,
    )


def test_lists_are_separated_by_commas_or_are_lists(tmp_path: Path) -> None:
    assert load({}, {"THERABOOK_MEDIA_ADDRESSES": "192.0.2.1, 192.0.2.2,"}).media_addresses == (
        "192.0.2.1",
        "192.0.2.2",
    )
    file = tmp_path / "x.toml"
    file.write_text('trusted_proxies = ["10.0.0.0/8"]\n')
    assert load({}, {}, file).trusted_proxies == ("10.0.0.0/8",)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert load({}, {"THERABOOK_PORT": "", "THERABOOK_API_KEY": ""}).port == 8080


def test_variables_of_kubernetes_are_not_ours() -> None:
    assert load({}, {"THERABOOK_SERVICE_HOST": "10.0.0.1", "THERABOOK_PORT_8080_TCP": "tcp://10.0.0.1:8080"})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"port": "99999"}, "port"),
        ({"port": "many"}, "port"),
        ({"session_limit": "13"}, "session_limit"),
        ({"session_limit": "1"}, "session_limit"),
        ({"brand_color": "red; } body { display: none"}, "brand_color"),
        ({"trusted_proxies": "everyone"}, "trusted_proxies"),
        ({"public_url": "video.example.org"}, "https://"),
        ({"tls": "files"}, "tls_cert"),
        ({"turn_urls": "turn:turn.example.org"}, "turn_secret"),
        ({"turn_urls": "stun:turn.example.org", "turn_secret": "x" * 32}, "turn:HOST"),
        ({"turn_urls": "turn:turn.example.org", "turn_secret": "short"}, "turn_secret"),
        ({"demo": True, "host": "0.0.0.0"}, "demo"),
        ({"demo": True, "host": "video.example.org"}, "demo"),
    ],
)
def test_what_cannot_work_is_said_by_name(values: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        load(values, {})


def test_an_unknown_setting_is_a_mistake_not_to_be_passed_over(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="THERABOOK_PROT"):
        load({}, {"THERABOOK_PROT": "1"})
    file = tmp_path / "x.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(BadSettings, match="prot"):
        load({}, {}, file)


@pytest.mark.parametrize("content", [b"port = \n", b"\xff\xfe", b"[[["])
def test_a_file_that_is_no_toml_is_said_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(content)
    with pytest.raises(BadSettings, match="not TOML"):
        load({}, {}, file)
    with pytest.raises(BadSettings, match="No such file"):
        load({}, {}, tmp_path / "missing.toml")


def test_secrets_are_never_printed() -> None:
    key = "a-secret-that-nobody-should-ever-see"
    settings = load({}, {"THERABOOK_API_KEY": key})
    assert key not in repr(settings)
    assert key not in str(settings.model_dump())
    with pytest.raises(BadSettings) as bad:
        load({}, {"THERABOOK_API_KEY": "too-short"})
    assert "too-short" not in str(bad.value)


def test_the_help_of_serve_documents_every_setting() -> None:
    said = " ".join(CliRunner().invoke(main, ["serve", "--help"], terminal_width=1000).output.split())
    for setting in documented():
        assert setting.variable in said
        assert setting.description in said
        if setting.flag is not None:
            assert setting.flag.split("/")[0] in said


def test_secrets_have_no_flag() -> None:
    assert {setting.name for setting in documented() if setting.flag is None} == {
        "turn_secret",
        "api_key",
        "recordings_bucket_key_id",
        "recordings_bucket_secret",
        "recordings_key_secret",
        "database_url",
        "staff_oidc_client_secret",
        "audit_url",
        "smtp_password",
        "sms_secret",
    }
    assert len(documented()) == len(Settings.model_fields)
    assert all(setting.description.endswith(".") for setting in documented())


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.0.2.1", False),
        ("localhost.evil.example", False),
    ],
)
def test_what_is_this_machine_only(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_turn_secret_may_stand_in_a_file_and_is_never_printed(tmp_path: Path) -> None:
    file = tmp_path / "turn-secret"
    file.write_text("the-secret-of-the-turn-server\n")
    values = {"turn_urls": "turn:turn.example.org", "turn_secret_file": str(file)}
    servers = turn_servers(load(values, {}))
    given = turn_servers(
        load({"turn_urls": "turn:turn.example.org", "turn_secret": "the-secret-of-the-turn-server"}, {})
    )
    assert servers.credential(0.0, lambda: "x") == given.credential(0.0, lambda: "x")
    assert "the-secret" not in repr(load(values, {})) + repr(vars(servers))
    for content, said in (("short\n", "shorter than"), (None, "No such file")):
        file.unlink()
        if content is not None:
            file.write_text(content)
        with pytest.raises(BadSettings, match=said):
            turn_servers(load(values, {}))
        file.touch()
