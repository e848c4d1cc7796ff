"""Records that the first parts of the store keep, as kinds: how connections were, what people answered, who saw what.

Not here: recordings, which are files too (`signaling/keeping`).
"""

from __future__ import annotations

from sqlalchemy import select

from clinic.database import Database
from clinic.keeping.kept_rows import KeptRows
from clinic.tables import ConsentRow, QualityRow, RecordingRow, ViewingRow


def kept_rows(database: Database) -> dict[str, KeptRows]:
    """By kind."""
    session_of_viewing = (
        select(RecordingRow.session).where(RecordingRow.id == ViewingRow.recording_id).scalar_subquery()
    )
    return {
        each.kind: each
        for each in (
            KeptRows(database, "quality", QualityRow, at=QualityRow.kept_at, session=QualityRow.session),
            KeptRows(
                database,
                "consents",
                ConsentRow,
                at=ConsentRow.at,
                session=ConsentRow.session,
                hidden=("signature", "signed_as_sealed"),
            ),
            KeptRows(database, "viewings", ViewingRow, at=ViewingRow.at, session=session_of_viewing),
        )
    }
