"""`therabook quality`: how people's connections were in a session, at the machine whose database knows it.

Not here: the same over HTTP, for programs and as of now (`signaling/quality_api.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from clinic import ClinicError, Qualities, Quality
from signaling.quality_api import PersonQualityAnswer, SessionQualityAnswer, answer_of
from signaling.quality_figures import Measure, Way
from therabook import recordings
from therabook.settings import Settings

FOR_QUALITY = ("data_dir",)
"""The settings that decide where the database is; `database_url` has no flag."""


def show(settings: Settings, session: str, *, form: str) -> None:
    """As lines for people or, `form` json, as the API answers."""
    try:
        records = asyncio.run(_read(settings, session))
    except ClinicError as error:
        raise click.ClickException(str(error)) from None
    now = time.time()
    people = [answer_of(record, now) for record in records]
    if form == "json":
        click.echo(SessionQualityAnswer(session=session, people=people).model_dump_json(indent=2))
        return
    if not people:
        raise click.ClickException("Nothing is known of this session: nobody came, or it is too long ago.")
    for person in people:
        for line in _lines(person):
            click.echo(line)


async def _read(settings: Settings, session: str) -> list[Quality]:
    store = recordings.database(settings)
    try:
        await store.upgrade()
        return await Qualities(store).of_session(session)
    finally:
        await store.close()


def _lines(person: PersonQualityAnswer) -> Iterator[str]:
    came = datetime.fromtimestamp(person.came_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    stayed = int((person.gone_at or person.known_until) - person.came_at)
    figures = person.quality
    yield f"{person.role} {person.person}  {came}  {stayed // 60}:{stayed % 60:02}  {person.gone or person.state}"
    if not person.connected:
        yield f"  never connected: {person.failure or 'brought no media'}"
        return
    joined = "" if figures.join_ms is None else f"  joined in {figures.join_ms / 1000:.1f} s"
    ways = ", ".join([*figures.candidates, *figures.transports])
    yield f"  round trip {_measure(figures.round_trip_ms, 1.0, 'ms')}{joined}{f'  by {ways}' if ways else ''}"
    yield f"  up    {_way(figures.up)}"
    yield f"  down  {_way(figures.down)}"
    for source, got in figures.received.items():
        seen = f"still {got.frozen_s:.1f} s in {got.freezes} freezes  {_measure(got.frame_rate, 1.0, 'frames/s')}"
        heard = f"invented {_measure(got.concealed, 0.01, '%')}"
        yield f"  {source} of others: {heard if source == 'microphone' else seen}"
    counts = [f"{count} x {kind}" for kind, count in figures.reconnects.items()]
    counts += [f"{count} x {reason}" for reason, count in figures.losses.items()]
    if counts:
        yield f"  connected anew: {', '.join(counts)}"


def _way(way: Way) -> str:
    return f"{_measure(way.bitrate, 1000.0, 'kbit/s')}  lost {_measure(way.loss, 0.01, '%')}"


def _measure(measure: Measure | None, unit: float, name: str) -> str:
    """Average, and what it was no more than for 95% of the time."""
    if measure is None:
        return "not known"
    return f"{_short(measure.average / unit)} {name} (95%: {_short(measure.p95 / unit)})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
