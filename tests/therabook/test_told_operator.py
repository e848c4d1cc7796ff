"""What is done at the command line is in the audit log before it is done, and is not done where it cannot be."""

from __future__ import annotations

import asyncio
import getpass
from pathlib import Path

from click.testing import CliRunner, Result

from clinic.audit.events import Event
from tests.signaling.audited import written
from tests.signaling.kept import an_archive
from therabook.cli import main


def run(data: Path, *arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--data-dir", str(data)], env=variables, input="y\n")


def told(folder: Path) -> list[Event]:
    async def read() -> list[Event]:
        async with written(folder) as log:
            return [each for each in await log.events() if each.actor_kind == "operator"]

    return asyncio.run(read())


def with_a_recording(folder: Path) -> Path:
    """A data folder in which one is."""

    async def make() -> None:
        async with an_archive(folder):
            pass

    asyncio.run(make())
    return folder / "data"


def test_a_link_into_a_session_and_one_to_recordings(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(data, "token", "--role", "patient", "--session", "s-1", "--user", "p-1").exit_code == 0
    assert run(data, "recordings", "link", "--role", "supervisor", "--user", "u-1").exit_code == 0
    session, recordings = told(tmp_path)
    assert (session.kind, session.actor, session.session) == ("token.issue", getpass.getuser(), "s-1")
    assert (session.patient, session.details["what"], session.details["role"]) == ("p-1", "session", "patient")
    assert (recordings.details["what"], recordings.details["whose"]) == ("recordings", "u-1")


def test_whatever_is_done_with_recordings(tmp_path: Path) -> None:
    data = with_a_recording(tmp_path)
    for arguments in (
        ("list",),
        ("verify", "rec-1"),
        ("export", "rec-1", "--to", str(tmp_path / "clear"), "--clear"),
        ("hold", "rec-1", "--because", "case 7"),
        ("release", "rec-1"),
        ("shred", "rec-1", "--reason", "asked for"),
    ):
        result = run(data, "recordings", *arguments)
        assert result.exit_code == 0, result.output
    events = told(tmp_path)
    assert [(each.kind, each.subject, each.details.get("how")) for each in events] == [
        ("recording.list", None, None),
        ("recording.verify", "rec-1", None),
        ("recording.export", "rec-1", "downloaded_clear"),
        ("recording.hold", "rec-1", "placed"),
        ("recording.hold", "rec-1", "released"),
        ("recording.delete", "rec-1", None),
    ]
    assert {each.session for each in events[1:]} == {"session-1"}


def test_without_the_log_nothing_is_shown_deleted_or_handed_out(tmp_path: Path) -> None:
    data = with_a_recording(tmp_path)
    away = {"THERABOOK_AUDIT_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    for arguments in (
        ("recordings", "list"),
        ("recordings", "shred", "rec-1", "--reason", "asked for"),
        ("recordings", "link", "--role", "supervisor", "--user", "u-1"),
        ("token", "--role", "patient"),
    ):
        result = run(data, *arguments, **away)
        assert result.exit_code == 1, arguments
        assert "audit log cannot be written" in result.output
        assert "#token=" not in result.output
    assert "rec-1" in run(data, "recordings", "list").output
