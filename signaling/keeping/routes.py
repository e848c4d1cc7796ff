"""The part of the route table that is about keeping. Faults of the records become refusals here.

Not here: what any handler does (`api.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import structlog
from aiohttp import web

from clinic import BadValue, Conflict, Held, Unavailable, Unknown
from clinic.keeping.rules import TooShort
from recording.storage import StorageError
from signaling.api_access import GUARDED
from signaling.keeping.answers import (
    BackupsAnswer,
    DeletionAnswer,
    DueAnswer,
    HoldAnswer,
    HoldsAnswer,
    ProofsAnswer,
    RetentionAnswer,
    VersionsAnswer,
)
from signaling.keeping.api import KeepingApi
from signaling.keeping.questions import (
    ChangeRequest,
    DeletePatientRequest,
    DeleteRecordRequest,
    ExportRequest,
    HoldRequest,
    HoldsQuery,
    PageQuery,
    ProofsQuery,
)
from signaling.refusals import Refused
from signaling.route import Handler, Route

log = structlog.get_logger("keeping")

TAG = "keeping"
ROOT = "/api/keeping"

ENTRY = (*GUARDED, "changed_meanwhile")
SENT = ("bad_request", "not_json", "too_large")
KIND = {"kind": "A kind of record, as recordings or messages."}


def keeping_routes(api: KeepingApi) -> list[Route]:
    table = [
        Route(
            "GET",
            f"{ROOT}/retention",
            api.retention,
            "How long each kind of record is kept.",
            RetentionAnswer,
            TAG,
            staff="change_retention",
        ),
        Route(
            "GET",
            f"{ROOT}/retention/due",
            api.due,
            "What would go now because its time is over. Nothing goes.",
            DueAnswer,
            TAG,
            staff="change_retention",
        ),
        Route(
            "PUT",
            f"{ROOT}/retention/{{kind}}",
            api.change,
            "How long a kind of record is kept from now on.",
            None,
            TAG,
            status=204,
            request=ChangeRequest,
            refusals=(*SENT, "no_such_kind", "kept_longer", "not_deletable"),
            staff="change_retention",
            parameters=KIND,
        ),
        Route(
            "GET",
            f"{ROOT}/retention/{{kind}}",
            api.versions,
            "Who has changed how long a kind of record is kept, and when.",
            VersionsAnswer,
            TAG,
            refusals=("no_such_kind",),
            staff="change_retention",
            parameters=KIND,
        ),
        Route(
            "GET",
            f"{ROOT}/holds",
            api.holds,
            "Legal holds, newest first, and recordings that are on hold by themselves.",
            HoldsAnswer,
            TAG,
            refusals=("bad_request",),
            staff="place_holds",
            query=HoldsQuery,
        ),
        Route(
            "POST",
            f"{ROOT}/holds",
            api.place,
            "Puts records on legal hold: nothing of them is deleted until it is released.",
            HoldAnswer,
            TAG,
            status=201,
            request=HoldRequest,
            refusals=SENT,
            staff="place_holds",
        ),
        Route(
            "POST",
            f"{ROOT}/holds/{{hold}}/release",
            api.release,
            "Releases a legal hold.",
            None,
            TAG,
            status=204,
            refusals=("no_such_hold", "released_already", "audit_unavailable"),
            staff="place_holds",
            parameters={"hold": "The hold's id."},
        ),
        Route(
            "POST",
            f"{ROOT}/deletions/patient",
            api.delete_patient,
            "Deletes everything that is kept of a patient, but documentation and what is on hold, and proves it.",
            DeletionAnswer,
            TAG,
            request=DeletePatientRequest,
            refusals=(*SENT, "patient_not_confirmed", "nothing_kept", "storage_unavailable"),
            staff="delete_records",
        ),
        Route(
            "POST",
            f"{ROOT}/deletions/record",
            api.delete_record,
            "Deletes one record, and proves it.",
            DeletionAnswer,
            TAG,
            request=DeleteRecordRequest,
            refusals=(*SENT, "no_such_record", "records_on_hold", "not_deletable", "storage_unavailable"),
            staff="delete_records",
        ),
        Route(
            "GET",
            f"{ROOT}/deletions",
            api.proofs,
            "Proofs of what was deleted, newest first.",
            ProofsAnswer,
            TAG,
            refusals=("bad_request",),
            staff="delete_records",
            query=ProofsQuery,
        ),
        Route(
            "POST",
            f"{ROOT}/exports",
            api.export,
            "Everything that is kept of a patient, as one archive.",
            "application/zip",
            TAG,
            description="With `recipient` it is an age file of that archive (application/octet-stream).",
            request=ExportRequest,
            refusals=(*SENT, "bad_recipient"),
            staff="export_patient",
        ),
        Route(
            "GET",
            f"{ROOT}/backups",
            api.backups,
            "Backups that were made, and restores that were tried, newest first.",
            BackupsAnswer,
            TAG,
            refusals=("bad_request",),
            staff="change_retention",
            query=PageQuery,
        ),
    ]
    return [
        replace(route, handler=partial(_answered, route.handler), refusals=(*ENTRY, *route.refusals)) for route in table
    ]


async def _answered(handler: Handler, request: web.Request) -> web.StreamResponse:
    with refusing():
        return await handler(request)


@contextmanager
def refusing() -> Iterator[None]:
    """Whatever the records raise, as what whoever asked is told."""
    try:
        yield
    except Unknown:
        raise Refused("no_such_hold") from None
    except Held:
        raise Refused("records_on_hold") from None
    except Conflict:
        raise Refused("changed_meanwhile") from None
    except TooShort as error:
        raise Refused("kept_longer", f"{str(error)[0].upper()}{str(error)[1:]}.") from None
    except BadValue as error:
        raise Refused("bad_request", f"This cannot be asked: {error}.") from None
    except Unavailable as error:
        log.error("the records cannot be reached", error_type=type(error).__name__)
        raise Refused("records_unavailable", retry_after=30.0) from None
    except StorageError as error:
        log.error("files of recordings cannot be reached", error_type=type(error).__name__)
        raise Refused("storage_unavailable", retry_after=30.0) from None
