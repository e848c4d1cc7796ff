"""What was downloaded from a server that only seals opens with the clinic's secret key, wherever that is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from recording.age import Identity, seal_bytes
from recording.keys import SealedKey
from therabook.cli import main

PLAIN = os.urandom(200_000)


class Downloaded:
    """A file, its key, and the clinic's."""

    def __init__(self, folder: Path) -> None:
        self.file, self.key, self.identity = folder / "film.mp4.age", folder / "film.mp4.key.age", folder / "clinics"
        self.to = folder / "film.mp4"
        self.clinics = Identity.generate(os.urandom)
        self.identity.write_text(f"# the clinic's\n{self.clinics.text().get_secret_value()}\n")

    async def comes(self) -> None:
        own = Identity.generate(os.urandom)
        self.file.write_bytes(seal_bytes(PLAIN, [own.recipient], os.urandom))
        wrapped = await SealedKey(self.clinics.recipient, os.urandom).wrap(own.secret, "rec-1/output/film")
        self.key.write_bytes(wrapped)

    def opens(self) -> tuple[int, str]:
        arguments = ["recordings", "open", self.file, "--key", self.key, "--identity", self.identity, "--to", self.to]
        result = CliRunner().invoke(main, [str(each) for each in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output


@pytest.fixture
def downloaded(tmp_path: Path) -> Downloaded:
    return Downloaded(tmp_path)


async def test_the_clinics_key_opens_it(downloaded: Downloaded) -> None:
    await downloaded.comes()
    assert downloaded.opens()[0] == 0
    assert downloaded.to.read_bytes() == PLAIN
    assert downloaded.to.stat().st_mode & 0o077 == 0
    assert downloaded.opens() == (1, f"Error: {downloaded.to}: File exists\n"), "nothing is overwritten"


@pytest.mark.parametrize("harm", ["another key", "no key", "damaged", "cut", "key of another file"])
async def test_what_cannot_be_opened_leaves_nothing_behind(downloaded: Downloaded, harm: str) -> None:
    await downloaded.comes()
    match harm:
        case "another key":
            downloaded.identity.write_text(Identity.generate(os.urandom).text().get_secret_value())
        case "no key":
            downloaded.identity.write_text(str(downloaded.clinics.recipient))
        case "damaged":
            sealed = bytearray(downloaded.file.read_bytes())
            sealed[100_000] ^= 1
            downloaded.file.write_bytes(sealed)
        case "cut":
            downloaded.file.write_bytes(downloaded.file.read_bytes()[:100_000])
        case "key of another file":
            kept = downloaded.file.read_bytes()
            await downloaded.comes()
            downloaded.file.write_bytes(kept)
    code, said = downloaded.opens()
    assert code == 1
    assert said.startswith("Error: ")
    assert "AGE-SECRET" not in said.replace("AGE-SECRET-KEY-1, is", "")
    assert not downloaded.to.exists()
