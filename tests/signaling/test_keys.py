"""Keys in the data folder."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from signaling import keys


def test_keys_are_made_once_and_for_the_service_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    signing, api = keys.signing_key(folder), keys.api_key(folder)
    assert keys.signing_key(folder) == signing
    assert keys.api_key(folder) == api
    assert len(signing.get_secret_value()) == 32
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert sorted(file.name for file in folder.iterdir()) == ["api-key", "signing-key"]


def test_keys_do_not_print_themselves(tmp_path: Path) -> None:
    signing, api = keys.signing_key(tmp_path), keys.api_key(tmp_path)
    assert "*" in repr(signing)
    assert api.get_secret_value() not in f"{api} {api!r}"


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    keys.signing_key(tmp_path)
    (tmp_path / "signing-key").chmod(0o644)
    with pytest.raises(keys.BadKey, match="chmod 600"):
        keys.signing_key(tmp_path)


@pytest.mark.parametrize("text", ["", "short", "!" * 43, "é" * 43])
def test_a_damaged_key_is_said_so_and_not_shown(tmp_path: Path, text: str) -> None:
    keys.signing_key(tmp_path)
    (tmp_path / "signing-key").write_text(text)
    with pytest.raises(keys.BadKey, match="damaged") as bad:
        keys.signing_key(tmp_path)
    assert not text or text not in str(bad.value)
