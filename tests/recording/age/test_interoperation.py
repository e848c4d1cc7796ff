"""Other people's age opens our files, and we theirs: pyrage (the one in Rust) and Debian's (the one in Go)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest
from pydantic import SecretStr

from recording.age import CHUNK, Damaged, Identity, NotAgeFile, Recipient, open_bytes, rewrap, seal_bytes
from recording.age.header import parse
from tests.recording.age.made_up import IDENTITY, OTHER, RECIPIENT, chance, text

SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 12345]


@pytest.fixture(scope="module")
def age() -> str:
    found = shutil.which("age")
    if found is None:
        pytest.fail("age is not installed: it shows that others can open our files. Run: apt-get install age")
    return found


def key_file(folder: Path, identity: Identity) -> Path:
    path = folder / "key.txt"
    path.write_text(f"# a comment\n{identity.text().get_secret_value()}\n")
    return path


def run(*command: str | Path, data: bytes) -> bytes:
    done = subprocess.run([str(each) for each in command], input=data, capture_output=True, timeout=60, check=False)
    assert not done.returncode, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("size", SIZES)
def test_pyrage_opens_our_files_and_we_its(size: int) -> None:
    identity = pyrage.x25519.Identity.from_str(IDENTITY.text().get_secret_value())
    assert str(identity.to_public()) == str(RECIPIENT)
    assert pyrage.decrypt(seal_bytes(text(size), [OTHER.recipient, RECIPIENT], chance(20)), [identity]) == text(size)
    assert open_bytes(pyrage.encrypt(text(size), [identity.to_public()]), [OTHER, IDENTITY]) == text(size)


@pytest.mark.parametrize("size", SIZES)
def test_age_opens_our_files_and_we_its(age: str, tmp_path: Path, size: int) -> None:
    key = key_file(tmp_path, IDENTITY)
    ours = seal_bytes(text(size), [OTHER.recipient, RECIPIENT], chance(21))
    assert run(age, "--decrypt", "-i", key, data=ours) == text(size)
    theirs = run(age, "-r", str(OTHER.recipient), "-r", str(RECIPIENT), data=text(size))
    assert open_bytes(theirs, [IDENTITY]) == text(size)


def test_keys_are_the_same_text_everywhere(age: str) -> None:
    made = run(Path(age).with_name("age-keygen"), data=b"").decode()
    public = made.partition("# public key: ")[2].partition("\n")[0]
    secret = SecretStr(made.strip().rpartition("\n")[2])
    assert Identity.parse(secret).recipient == Recipient.parse(public)
    assert Identity.parse(secret).text() == secret
    theirs = pyrage.x25519.Identity.generate()
    assert str(Identity.parse(SecretStr(str(theirs))).recipient) == str(theirs.to_public())


def test_a_rewrapped_file_is_opened_by_age(age: str, tmp_path: Path) -> None:
    sealed = seal_bytes(text(2 * CHUNK), [RECIPIENT], chance(22))
    exported = rewrap(sealed, IDENTITY, [OTHER.recipient], chance(23)) + sealed[parse(sealed).length :]
    assert run(age, "--decrypt", "-i", key_file(tmp_path, OTHER), data=exported) == text(2 * CHUNK)


def test_a_file_with_a_passphrase_or_in_armor_is_said_not_to_be_for_us(age: str) -> None:
    armored = run(age, "-a", "-r", str(RECIPIENT), data=b"text")
    with pytest.raises(NotAgeFile, match="armor"):
        open_bytes(armored, [IDENTITY])


def test_both_refuse_the_same_cut_file(age: str, tmp_path: Path) -> None:
    cut = seal_bytes(text(2 * CHUNK), [RECIPIENT], chance(24))[: -CHUNK - 16]
    with pytest.raises(Damaged):
        open_bytes(cut, [IDENTITY])
    identity = pyrage.x25519.Identity.from_str(IDENTITY.text().get_secret_value())
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(cut, [identity])
    done = subprocess.run(
        [age, "--decrypt", "-i", key_file(tmp_path, IDENTITY)], input=cut, capture_output=True, timeout=60, check=False
    )
    assert done.returncode
