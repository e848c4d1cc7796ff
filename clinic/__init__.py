"""RECORDS: what must be remembered, in the only database. Nothing else of the project speaks SQL.

`database.py` opens it, `tables.py` says what is in it, `records.py` what goes in and comes out. Each noun has a store:
`Recordings`, `Retention`, `Jobs`, `Consents`, `Viewings`, `Qualities`. Media files, keys and rules are not this
package's business.
"""

from __future__ import annotations

from clinic.consents import Consents
from clinic.database import Database, open_database, sqlite_url
from clinic.errors import (
    BadDatabase,
    BadValue,
    ClinicError,
    Conflict,
    Held,
    IllegalMove,
    Tampered,
    Unavailable,
    Unknown,
)
from clinic.jobs import Jobs
from clinic.qualities import Qualities
from clinic.recordings import Recordings
from clinic.records import (
    Consent,
    ConsentKind,
    ConsentText,
    DeletedKey,
    Job,
    JobKind,
    Mark,
    MarkKind,
    Output,
    OutputKind,
    Page,
    Person,
    Quality,
    Recording,
    Shredded,
    ShredProof,
    Source,
    Track,
    Viewing,
    ViewingKind,
    Whole,
)
from clinic.retention import Retention
from clinic.states import JobState, RecordingState, TrackState
from clinic.viewings import Viewings

__all__ = [
    "BadDatabase",
    "BadValue",
    "ClinicError",
    "Conflict",
    "Consent",
    "ConsentKind",
    "ConsentText",
    "Consents",
    "Database",
    "DeletedKey",
    "Held",
    "IllegalMove",
    "Job",
    "JobKind",
    "JobState",
    "Jobs",
    "Mark",
    "MarkKind",
    "Output",
    "OutputKind",
    "Page",
    "Person",
    "Qualities",
    "Quality",
    "Recording",
    "RecordingState",
    "Recordings",
    "Retention",
    "ShredProof",
    "Shredded",
    "Source",
    "Tampered",
    "Track",
    "TrackState",
    "Unavailable",
    "Unknown",
    "Viewing",
    "ViewingKind",
    "Viewings",
    "Whole",
    "open_database",
    "sqlite_url",
]
