"""The composing process, really started, ended and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from recording.age import AgeError, open_bytes
from recording.compose import ComposeFailed, Order, run
from recording.compose.job import COMMAND, ROOT
from recording.sealed import files_of
from tests.recording.age.made_up import IDENTITY
from tests.recording.compose.session import Session, frames_of, two_people
from tests.recording.sealed.session import names_in


def long_film(folder: Path, **others: object) -> Order:
    """Of ten minutes, of which twenty seconds are in the file."""
    session = Session(folder)
    session.camera("a", 0, 600_000, recorded_ms=20_000)
    return session.order(**({"width": 1280, "height": 720} | others))


async def test_a_film_comes_out_of_it_and_progress_is_told(tmp_path: Path) -> None:
    session = two_people(tmp_path)
    told: list[float] = []
    done = await run(session.order(), told.append)
    assert told[0] == 0
    assert told == sorted(told)
    assert (done.duration_ms, done.troubles) == (7000, ())
    assert (tmp_path / "film.age").stat().st_size == done.size
    assert len(frames_of(session.film())) == 210


async def test_cancelled_it_ends_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    order = long_film(tmp_path)
    begun = asyncio.Event()
    job = asyncio.create_task(run(order, lambda part: begun.set()))
    async with asyncio.timeout(30):
        await begun.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert names_in(tmp_path) == ["track-0.age"]


async def test_killed_it_leaves_no_half_that_opens_and_can_be_started_again(tmp_path: Path) -> None:
    order = long_film(tmp_path)
    files = files_of(tmp_path, "film")
    process = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": ROOT}
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(order.line())
    async with asyncio.timeout(60):
        while not files.draft.exists() or files.draft.stat().st_size < 70_000:
            assert await process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert not files.main.exists()
    with pytest.raises(AgeError):
        open_bytes(files.draft.read_bytes(), [IDENTITY])
    short = order.model_copy(update={"clips": (order.clips[0].model_copy(update={"duration_ms": 1000}),)})
    done = await run(short, lambda part: None)
    assert len(open_bytes(files.main.read_bytes(), [IDENTITY])) < done.size
    assert names_in(tmp_path) == ["film.age", "track-0.age"]


async def test_it_ends_when_nobody_listens_any_more(tmp_path: Path) -> None:
    order = long_film(tmp_path)
    process = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": ROOT}
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(order.line())
    async with asyncio.timeout(60):
        assert await process.stdout.readline()
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        assert await process.wait() == 1
    assert names_in(tmp_path) == ["track-0.age"]


async def test_it_may_not_take_longer_than_it_may(tmp_path: Path) -> None:
    with pytest.raises(ComposeFailed, match="longer"):
        await run(long_film(tmp_path), lambda part: None, seconds=0.5)
    assert names_in(tmp_path) == ["track-0.age"]


async def test_it_may_not_compute_more_than_it_may(tmp_path: Path) -> None:
    with pytest.raises(ComposeFailed, match="computing time"):
        await run(long_film(tmp_path, cpu_seconds=1), lambda part: None)
    assert names_in(tmp_path) == ["track-0.age"]


async def test_it_may_not_use_more_memory_than_it_may(tmp_path: Path) -> None:
    with pytest.raises(ComposeFailed):
        await run(long_film(tmp_path, width=3840, height=2160, memory_bytes=256 << 20), lambda part: None)
    assert names_in(tmp_path) == ["track-0.age"]


async def test_why_there_is_no_film_is_said(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.camera("a", 0, 1000)
    with pytest.raises(ComposeFailed, match="nothing in the recording"):
        await run(session.order(identities={}), lambda part: None)
    with pytest.raises(ComposeFailed, match="could not be written"):
        await run(session.order(folder=str(tmp_path / "missing")), lambda part: None)


async def test_what_is_no_order_is_refused_without_being_quoted() -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": ROOT},
    )
    out, err = await process.communicate(b'{"identities": {"a": "planted-secret"}}\n')
    assert process.returncode == 1
    assert b"cannot be understood" in out
    assert b"planted-secret" not in out + err


async def test_a_process_that_talks_nonsense_is_ended(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.camera("a", 0, 1000)
    nonsense = (sys.executable, "-c", "print('hello', flush=True); input(); input()")
    with pytest.raises(ComposeFailed, match="no sense"):
        await run(session.order(), lambda part: None, command=nonsense)


async def test_it_is_the_last_in_line_and_knows_no_secret_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THERABOOK_API_KEY", "planted-secret")
    # only root could look for them in the process itself
    variables = tmp_path / "variables"
    command = ("sh", "-c", f"env > {variables}; exec {' '.join(COMMAND)}")
    found: list[tuple[int, str]] = []

    def look(_part: float) -> None:
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        for child in children:
            line = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"recording.compose" in line:
                found.append((os.getpriority(os.PRIO_PROCESS, int(child)), line.decode()))

    session = two_people(tmp_path)
    order = session.order()
    await run(order, look, command=command)
    assert found
    for priority, line in found:
        assert priority == 19
        assert "AGE-SECRET" not in line
    told = variables.read_text()
    assert "PATH=" in told
    assert "AGE-SECRET" not in told
    assert "planted-secret" not in told


def test_an_order_does_not_print_its_secrets(tmp_path: Path) -> None:
    order = two_people(tmp_path).order()
    shown = f"{order!r} {order} {order.model_dump_json()}"
    assert "AGE-SECRET" not in shown
    assert "Ann" not in shown
    assert b"AGE-SECRET" in order.line()
    assert Order.model_validate_json(order.line()) == order
