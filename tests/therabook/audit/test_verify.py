"""The verifier finds true exports sound, whole ones and parts, and says of others what is wrong with them.

Mutations of all kinds: `tests/audit_mutations`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from clinic import open_database
from clinic.audit.exports import lines, proof
from clinic.audit.log import MIGRATIONS, AuditLog
from clinic.audit.notes import Checkpoint
from clinic.audit.records import Witnessed
from tests.audit_mutations.forging import WITNESS_SIGNER, cosigned, exported
from tests.clinic.audit.made_up import START, signer, various
from tests.sources import ROOT
from therabook.audit_verify.command import main
from therabook.audit_verify.verify import MOST, Report, Verifier

KEY = str(signer().public)


@pytest.fixture
async def log(tmp_path: Path) -> AuditLog:
    """Of 700 events; a witness has seen 300 of them."""
    log = AuditLog(open_database(f"sqlite:///{tmp_path / 'audit.db'}", MIGRATIONS), signer(), tmp_path / "audit-head")
    told = various(700, 1)
    await log.append(told[:300])
    await log.keep_witnessed(Witnessed(300, "witness.example", START, cosigned((await log.head()).note)))
    await log.append(told[300:])
    return log


async def written(log: AuditLog, first: int = 0, last: int | None = None) -> list[bytes]:
    return [f"{line}\n".encode() async for line in lines(log, first, last)]


def verified(lines: list[bytes], witnessed: list[str] | None = None) -> Report:
    return Verifier(KEY, witnessed or [], [str(WITNESS_SIGNER.public)]).read(lines)


async def test_all_of_a_log_is_sound(log: AuditLog) -> None:
    report = verified(await written(log))
    assert report.problems == report.remarks == []
    assert (report.first, report.last, report.size, report.witnessed) == (0, 700, 700, [300])
    assert report.origin == signer().name
    assert report.root == (await log.head()).root.hex()
    assert (report.since, report.until) == (1_780_000_000_125, 1_780_000_087_500)


@pytest.mark.parametrize(
    ("first", "last"), [(0, 1), (0, 256), (1, 700), (255, 257), (300, 300), (511, 513), (699, 700)]
)
async def test_a_part_of_a_log_is_sound(log: AuditLog, first: int, last: int) -> None:
    report = verified(await written(log, first, last))
    assert report.problems == []
    assert (report.first, report.last, report.size) == (first, last, 700)


async def test_exports_are_what_the_format_says(log: AuditLog) -> None:
    """Made once more by other code."""
    bodies = [each.body for each in await log.entries(0, 700)]
    for first, last in ((0, 700), (17, 400)):
        expected = exported(bodies, signer(), first, last)
        assert (await written(log, first, last))[:-1] == expected.lines()


async def test_a_witness_that_has_seen_another_log_is_told_of(log: AuditLog) -> None:
    bodies = [each.body for each in await log.entries(0, 700)]
    other = exported(["{}", *bodies[1:]], signer(), witnessed=[300, 700])
    forked = str(other.witnessed[0]["witnessed"])
    assert verified(await written(log), [forked]).problems == [
        "another log was shown to the witness: its first 300 events were others"
    ]
    assert verified(await written(log, 400), [forked]).problems == [
        "the witness has signed a head over 300 events, and this part of the log does not show whether it is the same "
        "log: export all of it"
    ]
    newer = exported([*bodies, "{}"], signer(), witnessed=[701])
    assert verified(await written(log), [str(newer.witnessed[0]["witnessed"])]).problems == [
        "the witness has seen 701 events, and this file's head is over 700"
    ]


async def test_a_head_that_the_witness_did_not_sign_is_no_witness(log: AuditLog) -> None:
    note = (await log.head()).note
    assert verified(await written(log), [note]).problems == [
        "the witnessed head over 700 events is not signed by the witness"
    ]
    assert verified(await written(log), [cosigned(note)]).problems == []


async def test_a_proof_of_one_event_is_checked(log: AuditLog) -> None:
    line = f"{proof(await log.inclusion(433), KEY)}\n".encode()
    assert len(line) < 3000
    report = verified([line])
    assert (report.problems, report.first, report.last, report.size) == ([], 433, 434, 700)
    told = json.loads(line)
    for field, value in (
        ("event", told["event"].replace("actor-", "actor_")),
        ("path", told["path"][1:]),
        ("path", [*told["path"], told["path"][0]]),
        ("head", told["head"].replace("\n700\n", "\n701\n")),
        ("key", "x+00000000+AA=="),
    ):
        changed = json.dumps(told | {field: value}).encode() + b"\n"
        assert verified([changed]).problems, field


async def test_the_files_own_key_is_only_a_remark(log: AuditLog) -> None:
    report = Verifier().read(await written(log))
    assert report.sound
    assert "get it from the clinic in another way" in report.remarks[0]


async def test_what_was_signed_must_be_events_in_their_order(log: AuditLog) -> None:
    """Also where the log's key has signed otherwise."""
    bodies = [each.body for each in await log.entries(0, 9)]
    swapped = exported([bodies[1], bodies[0], *bodies[2:]], signer())
    assert verified(swapped.lines()).problems == ["event 1 stands where 0 should", "event 0 stands where 1 should"]
    spaced = exported([*bodies[:8], bodies[8].replace(",", ", ", 1)], signer())
    assert verified(spaced.lines()).problems == ["event 8: an event that is written in another way than the log writes"]
    for wrong in (
        bodies[8].replace('"kind"', '"what"'),
        bodies[8].replace('"seq":8', '"seq":8,"seq":8'),
        bodies[8].replace('"seq":8', '"seq":8.0'),
        bodies[8].replace('"seq":8', '"seq":true'),
        bodies[8].replace("}", ',"details":{}}', 1),
        bodies[8].replace("}", ',"details":{"a":[]}}', 1),
        "[]",
        "{",
        "[" * 5000,
    ):
        assert len(verified(exported([*bodies[:8], wrong], signer()).lines()).problems) == 1


def test_a_file_of_nothing_is_not_sound() -> None:
    assert Verifier().read([]).problems == ["there is nothing in this file"]


async def test_a_file_of_which_enough_is_wrong_is_left_where_it_also_ends_too_early(log: AuditLog) -> None:
    another = cosigned(signer().note(Checkpoint(signer().name, 300, bytes(32))))
    line = f"{json.dumps({'witnessed': another, 'consistency': []})}\n".encode()
    assert len(verified([*await written(log), line]).problems) == 1
    assert len(verified([*await written(log), *[line] * 100]).problems) == MOST
    assert len(verified([*await written(log), *[line] * (MOST - 1), line[:-1]]).problems) == MOST


async def test_a_clock_that_was_set_back_is_a_remark(log: AuditLog) -> None:
    await log.append(various(1, 1))
    assert verified(await written(log)).remarks == ["the clock was set back before event 700"]


async def test_the_command_says_what_it_found_and_exits_with_it(
    log: AuditLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = await written(log)
    file, cut, heads = tmp_path / "sound", tmp_path / "cut", tmp_path / "heads"
    file.write_bytes(b"".join(sound))
    cut.write_bytes(b"".join(sound[:300] + sound[301:]))
    heads.write_text(json.dumps({"witnessed": cosigned((await log.head()).note)}) + "\n")
    witness = ("--witness", str(heads), "--witness-key", str(WITNESS_SIGNER.public))
    assert main([str(file), "--key", KEY, *witness]) == 0
    assert "those that were signed" in capsys.readouterr().out
    assert main([str(cut), "--key", KEY]) == 1
    assert "This is NOT what was signed" in capsys.readouterr().out
    assert main([str(file), "--key", KEY, *witness, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["witnessed"] == [300, 700]
    for wrong in (["no-such-file"], [str(file), "--key", "no key"], [str(file), "--witness", str(file)]):
        assert main(wrong) == 2
    (tmp_path / "empty").write_text("")
    assert main([str(file), "--witness", str(tmp_path / "empty")]) == 2


async def test_the_verifier_runs_where_nothing_else_of_the_project_is(log: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "export.jsonl").write_bytes(b"".join(await written(log)))
    place = tmp_path / "elsewhere" / "therabook"
    place.mkdir(parents=True)
    (place / "__init__.py").touch()  # or Python would find the project that is installed for the tests
    for file in (ROOT / "therabook/audit_verify").glob("*.py"):
        (place / "audit_verify").mkdir(exist_ok=True)
        (place / "audit_verify" / file.name).write_bytes(file.read_bytes())
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "therabook.audit_verify", str(tmp_path / "export.jsonl"), "--key", KEY, "--json"),
        cwd=place.parent,
        env={"PYTHONPATH": str(place.parent)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, complaints = await done.communicate()
    assert (done.returncode, complaints) == (0, b"")
    assert json.loads(told)["sound"]
