"""The API of the recordings page, put together.

Not here: what any of it answers (`signaling/recordings_api.py`, `signaling/recordings_files.py`).
"""

from __future__ import annotations

from functools import partial

from clinic import Database, Jobs, Viewings
from clinic.appointments.own import own_sessions
from signaling.archive import Archive
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.pseudonyms import Pseudonyms
from signaling.recordings_access import RecordingsAccess
from signaling.recordings_api import Composer, RecordingsApi
from signaling.recordings_files import RecordingsFiles
from signaling.recordings_routes import recordings_routes
from signaling.route import Route
from signaling.streams import Streams
from signaling.vault import Vault


def routes(
    *,
    access: RecordingsAccess,
    store: Database,
    vault: Vault,
    audit: Audit,
    composer: Composer,
    streams: Streams,
    clock: Clock,
    pseudonyms: Pseudonyms,
) -> list[Route]:
    access.own_sessions = partial(own_sessions, store)
    archive = Archive(vault, Viewings(store), audit, clock)
    api = RecordingsApi(
        archive=archive,
        access=access,
        jobs=Jobs(store),
        composer=composer,
        streams=streams,
        clock=clock,
        pseudonyms=pseudonyms,
    )
    files = RecordingsFiles(archive, access, streams)
    return recordings_routes(access, api, files, sealed=not vault.keys.can_unwrap)
