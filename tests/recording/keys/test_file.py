"""The clinic's key in a file or a credential, and its public half alone."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretBytes

from recording.age import Identity, Recipient, open_bytes, seal_bytes
from recording.keys import BadKeyFile, ClinicKey, KeyProvider, KeyRefused, KeyUnavailable, SealedKey
from tests.recording.age.made_up import IDENTITY, OTHER, chance

SECRET = SecretBytes(bytes(range(32)))


def key(identity: Identity = IDENTITY) -> ClinicKey:
    return ClinicKey(identity, chance(1))


def providers() -> list[KeyProvider]:
    """As the interface is meant: a type checker looks at this line."""
    return [key(), SealedKey(IDENTITY.recipient, chance(2))]


async def test_what_was_wrapped_is_unwrapped_for_the_same_context_only() -> None:
    wrapped = await key().wrap(SECRET, "recording r, person p")
    assert await key().unwrap(wrapped, "recording r, person p") == SECRET
    for other in ("recording r, person q", "", "recording r, person p "):
        with pytest.raises(KeyRefused, match="belongs to another"):
            await key().unwrap(wrapped, other)
    assert SECRET.get_secret_value() not in wrapped


async def test_another_key_or_a_changed_blob_is_refused() -> None:
    wrapped = await key().wrap(SECRET, "c")
    with pytest.raises(KeyRefused, match="another key"):
        await key(OTHER).unwrap(wrapped, "c")
    for changed in (b"", b"junk", wrapped[:-1], wrapped[:-1] + bytes([wrapped[-1] ^ 1]), wrapped + b"\0"):
        with pytest.raises(KeyRefused):
            await key().unwrap(changed, "c")


async def test_a_blob_too_short_to_name_its_context_is_refused() -> None:
    with pytest.raises(KeyRefused):
        await key().unwrap(seal_bytes(b"", [IDENTITY.recipient], chance(3)), "")


async def test_in_sealed_mode_the_server_wraps_and_cannot_unwrap() -> None:
    sealed = SealedKey(IDENTITY.recipient, chance(2))
    assert (sealed.can_unwrap, key().can_unwrap) == (False, True)
    wrapped = await sealed.wrap(SECRET, "c")
    with pytest.raises(KeyUnavailable, match="kept elsewhere"):
        await sealed.unwrap(wrapped, "c")
    # whoever brings the other half
    assert await key().unwrap(wrapped, "c") == SECRET


def test_a_provider_says_which_key_it_is_and_nothing_secret(tmp_path: Path) -> None:
    made = ClinicKey.from_file(tmp_path / "clinic-key", chance(4))
    described = [each.describe() for each in (made, *providers())]
    assert described == [f"file {made.recipient}", f"key {IDENTITY.recipient}", f"sealed {IDENTITY.recipient}"]
    secret = (tmp_path / "clinic-key").read_text().split()[-1]
    for each in (made, *providers()):
        assert secret not in f"{each} {each!r} {vars(each)}"


async def test_the_key_file_is_made_once_and_for_the_service_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "clinic-key"
    wrapped = await ClinicKey.from_file(path, chance(4)).wrap(SECRET, "c")
    assert await ClinicKey.from_file(path, chance(5)).unwrap(wrapped, "c") == SECRET
    assert [each.name for each in path.parent.iterdir()] == ["clinic-key"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_of_two_that_make_it_at_once_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "clinic-key"
    slow_chance = chance(6)

    def meanwhile(size: int) -> bytes:
        if not path.exists():
            ClinicKey.from_file(path, chance(7))
        return slow_chance(size)

    first, second = ClinicKey.from_file(path, meanwhile), ClinicKey.from_file(path, chance(8))
    assert first.recipient == second.recipient
    assert [each.name for each in tmp_path.iterdir()] == ["clinic-key"]


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "clinic-key"
    ClinicKey.from_file(path, chance(4))
    path.chmod(0o640)
    with pytest.raises(BadKeyFile, match="chmod 600"):
        ClinicKey.from_file(path, chance(4))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "secret-words",
        IDENTITY.text().get_secret_value()[:-1],
        f"{IDENTITY.text().get_secret_value()}\n{OTHER.text().get_secret_value()}\n",
        str(IDENTITY.recipient),
        "é" * 60,
        IDENTITY.text().get_secret_value() + "\n" + "#" * 5000,
    ],
)
def test_a_damaged_key_file_is_said_so_and_never_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clinic-key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(BadKeyFile, match="copy") as bad:
        ClinicKey.from_file(path, chance(4))
    assert path.read_text() == text
    for part in text.split():
        assert len(part) < 4 or part not in str(bad.value)


def test_the_key_file_is_one_that_age_takes(tmp_path: Path) -> None:
    if shutil.which("age") is None:
        pytest.fail("age is not installed: it shows that others can open our files. Run: apt-get install age")
    path = tmp_path / "clinic-key"
    recipient = ClinicKey.from_file(path, chance(4)).recipient
    sealed = seal_bytes(b"said in confidence", [recipient], chance(5))
    opened = subprocess.run(["age", "-d", "-i", path], input=sealed, capture_output=True, timeout=60, check=True)
    assert opened.stdout == b"said in confidence"


async def test_a_systemd_credential_is_read_where_systemd_has_put_it(tmp_path: Path) -> None:
    path = tmp_path / "clinic-key"
    path.write_text(IDENTITY.text().get_secret_value() + "\n")
    path.chmod(0o440)  # as systemd makes them; the folder is what nobody else enters
    found = ClinicKey.from_credential(tmp_path, "clinic-key", chance(1))
    assert found.describe() == f"credential {IDENTITY.recipient}"
    assert await found.unwrap(await key().wrap(SECRET, "c"), "c") == SECRET
    with pytest.raises(BadKeyFile, match="LoadCredential"):
        ClinicKey.from_credential(tmp_path, "another", chance(1))


@pytest.mark.parametrize("name", ["", ".", "..", "../clinic-key", "/etc/passwd", "a/b"])
def test_a_credential_is_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadKeyFile, match="without folders"):
        ClinicKey.from_credential(tmp_path, name, chance(1))


async def test_a_wrapped_key_is_an_age_file_of_its_own() -> None:
    """So it can be opened without this software too: a digest of the context, then the secret."""
    wrapped = await SealedKey(Recipient.parse(str(IDENTITY.recipient)), chance(2)).wrap(SECRET, "c")
    assert open_bytes(wrapped, [IDENTITY])[32:] == SECRET.get_secret_value()
