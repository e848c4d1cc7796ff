"""A witness signs what goes on from what it signed before, and nothing else, also after it was started again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clinic.audit.canonical import draft, numbered
from clinic.audit.notes import Note, PublicKey, Signer, encoded
from clinic.audit.tree import consistency
from tests.audit_mutations.forging import OTHER, exported
from tests.clinic.audit.made_up import signer, various
from therabook.audit_witness import BadWitness, Witness, make

NOW = 1_790_000_000
BODIES = [numbered(draft(each), number) for number, each in enumerate(various(40, 1))]


def a_witness(folder: Path, *logs: str) -> tuple[Witness, PublicKey]:
    return make("witness.example", list(logs) or [str(signer().public)], folder / "state", lambda: NOW + 0.9)


def request(bodies: list[str], old: int, by: Signer | None = None, proven: list[str] | None = None) -> str:
    """That the log goes on from its first `old` events to all of these. `proven`: the log that the proof is of."""
    by = by or signer()
    leaves = exported(proven or bodies, by, witnessed=[old] if old else [])
    proof = leaves.witnessed[0]["consistency"] if old else []
    return f"old {old}\n" + "".join(f"{each}\n" for each in proof) + f"\n{exported(bodies, by).head}"


def test_a_log_that_goes_on_is_signed(tmp_path: Path) -> None:
    witness, key = a_witness(tmp_path)
    for old, new in ((0, 5), (5, 5), (5, 8), (8, 40)):
        answer = witness.add(request(BODIES[:new], old))
        assert answer.status == 200
        note = exported(BODIES[:new], signer()).head + answer.text
        assert key.check(Note.read(note)) == NOW
        assert json.loads(witness.heads()) == {"witnessed": note}
        assert (tmp_path / "state").read_text() == witness.heads()


def test_it_remembers_after_it_was_started_again(tmp_path: Path) -> None:
    witness, key = a_witness(tmp_path)
    assert witness.add(request(BODIES[:30], 0)).status == 200
    again, same = a_witness(tmp_path)
    assert same == key
    assert again.heads() == witness.heads()
    answer = again.add(request(BODIES[:20], 0))
    assert (answer.status, answer.text, answer.media_type) == (409, "30\n", "text/x.tlog.size")
    assert again.add(request(BODIES[:40], 30)).status == 200


def test_who_asks_from_another_size_is_told_which(tmp_path: Path) -> None:
    witness, _ = a_witness(tmp_path)
    assert witness.add(request(BODIES[:30], 0)).status == 200
    assert witness.add(request(BODIES, 10)).text == "30\n"


def test_a_fork_is_refused_and_kept(tmp_path: Path) -> None:
    witness, _ = a_witness(tmp_path)
    assert witness.add(request(BODIES[:30], 0)).status == 200
    before = witness.heads()
    forked = ["{}", *BODIES[1:]]
    assert witness.add(request(forked[:30], 30)).status == 409
    assert witness.add(request(forked, 30)).status == 422
    assert witness.add(request(forked, 30, proven=BODIES)).status == 422
    assert witness.add(request(BODIES[:20], 20)).status == 409
    assert witness.heads() == before
    kept = [json.loads(line)["why"] for line in (tmp_path / "state.refused").read_text().splitlines()]
    assert kept == ["forked", "forked", "forked", "rolled back"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("old 0\n\nnot a head", 400),
        ("old -1\n\n" + exported(BODIES, signer()).head, 400),
        ("old 00\n\n" + exported(BODIES, signer()).head, 400),
        ("old 99\n\n" + exported(BODIES, signer()).head, 400),
        ("old 0\n" + "AAAA\n" * 64 + "\n" + exported(BODIES, signer()).head, 400),
        ("old 0\n" + encoded(bytes(32)) + "\n\n" + exported(BODIES, signer()).head, 422),
        ("old 0\n\n" + exported(BODIES, OTHER).head, 403),
        ("old 0\n\n" + exported(BODIES, Signer("another/log", bytes(32))).head, 404),
    ],
)
def test_what_is_not_asked_rightly_is_refused(tmp_path: Path, body: str, status: int) -> None:
    witness, _ = a_witness(tmp_path)
    assert witness.add(body).status == status
    assert witness.heads() == ""
    assert not (tmp_path / "state").exists()


def test_several_logs_have_a_head_each(tmp_path: Path) -> None:
    other = Signer("another/log", bytes(32))
    witness, _ = a_witness(tmp_path, str(signer().public), str(other.public))
    assert witness.add(request(BODIES, 0)).status == 200
    assert witness.add(request(BODIES[:7], 0, other)).status == 200
    assert len(witness.heads().splitlines()) == 2
    assert a_witness(tmp_path, str(signer().public), str(other.public))[0].heads() == witness.heads()


def test_a_damaged_state_is_not_begun_anew(tmp_path: Path) -> None:
    witness, _ = a_witness(tmp_path)
    witness.add(request(BODIES, 0))
    for text in ("nothing", witness.heads().replace("\\n40\\n", "\\n30\\n")):
        (tmp_path / "state").write_text(text)
        with pytest.raises(BadWitness, match="Bring back your copy"):
            a_witness(tmp_path)


def test_its_key_is_its_own(tmp_path: Path) -> None:
    a_witness(tmp_path)
    key = tmp_path / "state.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    with pytest.raises(BadWitness, match="chmod 600"):
        a_witness(tmp_path)
    key.chmod(0o600)
    key.write_text("short")
    with pytest.raises(BadWitness, match="damaged"):
        a_witness(tmp_path)
    with pytest.raises(BadWitness):
        make("two words", [str(signer().public)], tmp_path / "state")
    with pytest.raises(BadWitness):
        make("witness", ["no key"], tmp_path / "other")


def test_proofs_are_as_long_as_they_may_be() -> None:
    assert max(len(consistency(old, 2**50)) for old in (1, 3, 2**25 + 1, 2**50 - 1)) <= 63
