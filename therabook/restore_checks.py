"""Whether what was restored can be worked with: the rows are counted by the restore itself; here the audit log is
verified as a stranger would, a recording is opened with the key that was restored, and keys are looked for.

Not here: the restore (`restore.py`).
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass

import aiohttp

from clinic import ClinicError, Recording, Recordings, RecordingState
from clinic.audit import exports
from clinic.audit.log import AuditLog
from clinic.audit.notes import Signer
from recording.age import AgeError
from recording.keys import BadKeyFile, KeyRefused, KeyUnavailable
from signaling import keys
from therabook import audit_served, recordings
from therabook.audit_verify.verify import Report, Verifier
from therabook.restore import Restored
from therabook.settings import BadSettings, Settings

READABLE = (RecordingState.READY, RecordingState.CAPTURED)
TRIED = 50
"""Recordings of which one must be openable."""


@dataclass(frozen=True)
class Checked:
    what: str
    well: bool | None
    """None: could not be looked at, and that is no fault of the backup."""
    said: str


async def look(restored: Restored, settings: Settings) -> list[Checked]:
    """`settings`: of the server that was backed up; where it keeps things is replaced."""
    moved = settings.model_copy(
        update={
            "data_dir": restored.folder,
            "recordings_dir": restored.folder / "recordings",
            "recordings_key_file": None,
            "recordings_bucket": None,
        }
    )
    return [_rows(restored), await _audit(restored, moved), await _recording(restored, moved), _files(restored)]


def _rows(restored: Restored) -> Checked:
    rows = sum(int(tally.split()[0]) for end in restored.end.databases.values() for tally in end.tallies.values())
    return Checked("rows", True, f"{rows} rows in {len(restored.databases)} databases, each as it was.")


async def _audit(restored: Restored, settings: Settings) -> Checked:
    if "audit" not in restored.databases:
        return Checked("audit log", None, "There is none in this backup.")
    if not (restored.folder / "audit-key").exists():
        return Checked("audit log", None, "Its key is not in this backup: verify an export with the key that you have.")
    try:
        signer: Signer = audit_served.signer(settings)
        log = AuditLog(restored.databases["audit"], signer, restored.folder / "audit-head")
        head = await log.open()
        if not head.size:
            return Checked("audit log", True, "It has no events yet.")
        report = await verified(log)
    except (ClinicError, keys.BadKey) as error:
        return Checked("audit log", False, f"{str(error)[0].upper()}{str(error)[1:]}.")
    if not report.sound:
        return Checked("audit log", False, f"It does not verify: {report.problems[0]}.")
    return Checked("audit log", True, f"{head.size} events are those that were signed, whole and in their order.")


async def verified(log: AuditLog) -> Report:
    with tempfile.TemporaryFile(prefix="audit-") as written:
        async for line in exports.lines(log):
            written.write(line.encode() + b"\n")
        written.seek(0)
        return Verifier(str(log.public_key)).read(written)


async def _recording(restored: Restored, settings: Settings) -> Checked:
    store = Recordings(restored.databases["clinic"])
    page = await store.find(states=READABLE, limit=TRIED)
    if not page.recordings:
        return Checked("a recording", None, "There is none in this backup.")
    if settings.recordings_key == "sealed":
        return Checked("a recording", None, "This server has the public half of the clinic's key only.")
    if settings.recordings_key == "file" and not (restored.folder / "recordings-key").exists():
        return Checked("a recording", None, "The clinic's key is not in this backup.")
    try:
        return await _opened(restored, settings, page.recordings)
    except (BadSettings, BadKeyFile, KeyRefused, AgeError, OSError) as error:
        return Checked("a recording", False, f"The key that was restored does not open it: {error}")
    except KeyUnavailable as error:
        return Checked("a recording", None, str(error))


async def _opened(restored: Restored, settings: Settings, found: tuple[Recording, ...]) -> Checked:
    store = restored.databases["clinic"]
    async with aiohttp.ClientSession() as http:
        vault = recordings.vault(settings, store, recordings.key_provider(settings, http, time.time))
        for each in found:
            whole = await vault.recordings.get(each.id)
            people = [person for person in whole.people if person.wrapped_key is not None]
            if not people:
                continue
            await vault.identity(people[0])
            if not (restored.folder / "recordings" / each.id).is_dir():
                return Checked("a recording", True, "Its key opens. Its files are not in this backup.")
            checked = await vault.verify(each.id)
            bad = [one for one in checked if one.problem is not None]
            if bad:
                return Checked("a recording", False, f"{len(bad)} of its {len(checked)} tracks cannot be read.")
            return Checked("a recording", True, f"All {len(checked)} tracks of one can be read to their end.")
    return Checked("a recording", None, "There is none whose key was kept.")


def _files(restored: Restored) -> Checked:
    if restored.missing:
        return Checked("files", False, f"{len(restored.missing)} files of recordings are missing or were changed.")
    wanted = [name for name in ("receipt-key", "records-key") if not os.path.exists(restored.folder / name)]
    if wanted and restored.files:
        return Checked("files", False, f"{', '.join(wanted)} is missing: what it sealed stays closed.")
    if not restored.files:
        return Checked("files", None, "Keys are not in this backup. Bring back your copies of them.")
    return Checked(
        "files", True, f"{len(restored.files)} keys and small files, {len(restored.recordings)} of recordings."
    )


def well(checked: list[Checked]) -> bool:
    return all(each.well is not False for each in checked)
