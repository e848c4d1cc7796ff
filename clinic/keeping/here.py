"""Records that parts of the store keep, as kinds: how connections were, what people answered, who saw what, what was
sent to people and to other systems.

Not here: recordings, which are files too (`signaling/keeping`).
"""

from __future__ import annotations

from sqlalchemy import select

from clinic.database import Database
from clinic.keeping.kept_rows import KeptRows
from clinic.messages.tables import MessageRow
from clinic.tables import ConsentRow, QualityRow, RecordingRow, ViewingRow
from clinic.webhooks.tables import AttemptRow, DeliveryRow


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
            KeptRows(
                database,
                "messages",
                MessageRow,
                at=MessageRow.done_at,
                patient=MessageRow.patient,
                hidden=("key", "to_sealed", "content_sealed"),
            ),
            KeptRows(
                database,
                "webhooks",
                DeliveryRow,
                at=DeliveryRow.done_at,
                session=DeliveryRow.session,
                children=(AttemptRow.delivery_id,),
                hidden=("data",),
            ),
            KeptRows(database, "viewings", ViewingRow, at=ViewingRow.at, session=session_of_viewing),
        )
    }
