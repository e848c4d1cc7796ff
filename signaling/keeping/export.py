"""A patient's export: one zip of everything that is kept of them, as JSON for programs and as pages that anybody can
read, perhaps encrypted for whoever it is for (an age file).

It is made while it is sent, page by page: what is in memory is one page of records. Psychotherapy notes are left out
unless somebody asks for them: 45 CFR 164.524(a)(1)(i) gives no right to them. Not here: who may ask (`api.py`), what
there is of each kind (`clinic/keeping/kinds.py`).
"""

from __future__ import annotations

import html
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clinic.keeping.kinds import KINDS, Sheet
from clinic.keeping.records import Subject
from recording.age import Encryptor, Entropy, Recipient
from signaling.keeping.parts import Parts

PAGE = 200
"""Records at once."""

NOTES = "notes"
ACCESS = "access_log"

TITLES = {name: kind.says for name, kind in KINDS.items()} | {
    ACCESS: "Who saw or changed something of yours, and when."
}

README = """\
What {brand} keeps of you
{underline}

Made on {made}.

Each kind of record is here twice: as a page (.html), which any browser shows, and as data (.json) for programs.
Times are in UTC.

{contents}

Recordings themselves are not in this archive: recordings.html lists them and says how to get them.
{notes}
"""

WITHOUT_NOTES = (
    "A therapist's psychotherapy notes are not in it: the law gives no right to them (45 CFR 164.524(a)(1)(i)).\n"
    "Ask your therapist if you would like to see them."
)

STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{width:100%;\
border-collapse:collapse;margin:0 0 1.5rem}th{text-align:left;width:14rem;font-weight:normal;color:#555;\
vertical-align:top}td,th{padding:.2rem .4rem;border-bottom:1px solid #ddd;overflow-wrap:anywhere}"

Next = Callable[[str | None], Awaitable[Sheet]]


@dataclass(frozen=True)
class Wanted:
    who: Subject
    notes: bool
    """Psychotherapy notes too."""
    recipient: Recipient | None
    brand: str


async def export(parts: Parts, wanted: Wanted, entropy: Entropy) -> AsyncIterator[bytes]:
    """The archive, piece by piece. Raises clinic.Unavailable: what was sent by then is no whole archive."""
    encryptor = None if wanted.recipient is None else Encryptor([wanted.recipient], entropy)
    if encryptor is not None:
        yield encryptor.start
    async for piece in _archive(parts, wanted):
        sealed = piece if encryptor is None else encryptor.push(piece)
        if sealed:
            yield sealed
    if encryptor is not None:
        yield encryptor.finish()


async def _archive(parts: Parts, wanted: Wanted) -> AsyncIterator[bytes]:
    sink = _Sink()
    now = datetime.fromtimestamp(parts.clock.wall(), UTC)
    stamp = (now.year, now.month, now.day, now.hour, now.minute, now.second)
    counts: dict[str, int] = {}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, following in _kinds(parts, wanted).items():
            for form in (_Json(), _Html(TITLES[kind])):
                with archive.open(_entry(f"{kind}{form.suffix}", stamp), "w", force_zip64=True) as file:
                    file.write(form.start())
                    count = 0
                    async for record in _records(following):
                        file.write(form.record(record, first=count == 0))
                        count += 1
                        if piece := sink.taken():
                            yield piece
                    file.write(form.end())
                counts[kind] = count
        contents = json.dumps({"made_at": now.isoformat(), "patient": wanted.who.patient, "records": counts}, indent=1)
        archive.writestr(_entry("contents.json", stamp), contents)
        archive.writestr(_entry("README.txt", stamp), _readme(wanted, counts, now))
    yield sink.taken()


def _kinds(parts: Parts, wanted: Wanted) -> dict[str, Next]:
    def of(kind: str) -> Next:
        async def following(after: str | None) -> Sheet:
            sheet = await parts.kept[kind].of_patient(wanted.who, after, PAGE)
            opener = parts.openers.get(kind)
            records = sheet.records if opener is None else [opener(each) for each in sheet.records]
            return Sheet(tuple(_shown(each) for each in records), sheet.next)

        return following

    found = {kind: of(kind) for kind in parts.kept if kind != NOTES or wanted.notes}
    log = parts.access_log
    if log is not None:
        found[ACCESS] = lambda after: log(wanted.who.patient, after, PAGE)
    return found


async def _records(following: Next) -> AsyncIterator[Mapping[str, Any]]:
    after: str | None = None
    while True:
        sheet = await following(after)
        for record in sheet.records:
            yield record
        if sheet.next is None:
            return
        after = sheet.next


def _shown(record: Mapping[str, Any]) -> dict[str, Any]:
    """What nobody has opened stays closed: it is sealed for the clinic's own purposes."""
    return {name: value for name, value in record.items() if not isinstance(value, bytes)}


def _readme(wanted: Wanted, counts: Mapping[str, int], now: datetime) -> str:
    title = f"What {wanted.brand} keeps of you"
    return README.format(
        brand=wanted.brand,
        underline="=" * len(title),
        made=now.strftime("%Y-%m-%d %H:%M UTC"),
        contents="\n".join(f"  {kind + '.html':24}{count:>6}  {TITLES[kind]}" for kind, count in counts.items()),
        notes="" if wanted.notes else WITHOUT_NOTES,
    )


def _entry(name: str, stamp: tuple[int, int, int, int, int, int]) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, stamp)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


class _Json:
    """An array, a record a line."""

    suffix = ".json"

    def start(self) -> bytes:
        return b"["

    def record(self, record: Mapping[str, Any], *, first: bool) -> bytes:
        return ("\n" if first else ",\n").encode() + json.dumps(record, ensure_ascii=False, default=str).encode()

    def end(self) -> bytes:
        return b"\n]\n"


class _Html:
    """A page with a table for each record. No script, nothing from elsewhere."""

    suffix = ".html"

    def __init__(self, title: str) -> None:
        self._title = html.escape(title)

    def start(self) -> bytes:
        head = f'<meta charset="utf-8"><title>{self._title}</title><style>{STYLE}</style>'
        return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{self._title}</h1>\n'.encode()

    def record(self, record: Mapping[str, Any], *, first: bool) -> bytes:
        rows = "".join(
            f'<tr><th scope="row">{html.escape(name.replace("_", " "))}</th><td>{html.escape(_text(value))}</td></tr>'
            for name, value in record.items()
            if value is not None
        )
        return f"<table>{rows}</table>\n".encode()

    def end(self) -> bytes:
        return b"</body></html>\n"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value > 1e8:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


class _Sink:
    """Takes what the archive writes, until it is taken away. Cannot be sought in, which zipfile can do with."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What is left is taken all the same."""

    def taken(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data
