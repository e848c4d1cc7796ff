"""The part of the route table that is about recordings. Every handler's faults of keys, files and records become
refusals here.

Not here: what any of them does.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from aiohttp import web

from signaling.archive import refusing
from signaling.recordings_access import KeeperAnswer, RecordingsAccess, RecordingsTokenAnswer, RecordingsTokenRequest
from signaling.recordings_answers import JobStarted, ListAnswer, ProofAnswer, VerifyAnswer, WholeAnswer
from signaling.recordings_api import RecordingsApi
from signaling.recordings_files import RecordingsFiles
from signaling.recordings_questions import DeleteRequest, DownloadRequest, HoldRequest, JobRequest, ListQuery
from signaling.route import Handler, Route

TAG = "recordings"
ROOT = "/api/recordings"
ONE = ROOT + "/{recording}"
OUTPUT = ONE + "/outputs/{output}"
TRACK = ONE + "/tracks/{track}"

MEANING = {"recording": "The recording's id.", "output": "A film's or a mix's id.", "track": "A track's id."}

ENTRY = (
    *("sign_in_needed", "second_factor_needed", "enrol_needed", "token_invalid", "token_expired", "not_allowed"),
    *("too_many_requests", "records_unavailable", "audit_unavailable"),
)
SENT = ("bad_request", "not_json", "too_large", "wrong_origin")
OPENED = ("needs_clinic_key", "key_unavailable", "key_refused", "recording_damaged", "storage_unavailable")
STREAMED = ("no_such_file", "still_recording", "deleted", "too_many_streams", "restarting", *OPENED)
TAKEN = ("no_such_recording", "not_confirmed", "recipient_needed", "bad_recipient")
DELETED = ("still_recording", "deleted", "on_hold", "no_such_person", "not_confirmed", "storage_unavailable")
CHANGED = ("no_such_recording", "changed_meanwhile", *SENT)

HOW = (
    "With the cookie of /api/recordings/sign-in, with a recordings token as Authorization: Bearer TOKEN, or signed in "
    "as staff."
)


def recordings_routes(
    access: RecordingsAccess, api: RecordingsApi, files: RecordingsFiles, *, sealed: bool
) -> list[Route]:
    """`sealed`: this server never opens what it recorded."""

    issue = Route(
        "POST",
        f"{ROOT}/token",
        access.issue,
        "A token with which one person opens the page of recordings.",
        RecordingsTokenAnswer,
        "tokens",
        description="For the clinic's servers. A link is /recordings#token=TOKEN.",
        request=RecordingsTokenRequest,
        refusals=("unauthorized", "too_many_requests", "bad_request", "not_json", "too_large", "audit_unavailable"),
        api_key=True,
    )
    table = [
        Route(
            "POST",
            f"{ROOT}/sign-in",
            access.sign_in,
            "Trades a token for a cookie.",
            None,
            TAG,
            status=204,
            refusals=(
                "sign_in_needed",
                "token_invalid",
                "token_expired",
                "wrong_origin",
                "too_many_requests",
                "audit_unavailable",
            ),
            description="For the page: Authorization: Bearer TOKEN.",
        ),
        Route(
            "POST",
            f"{ROOT}/sign-out",
            access.sign_out,
            "Takes the cookie back.",
            None,
            TAG,
            status=204,
            refusals=("wrong_origin",),
        ),
        Route("GET", f"{ROOT}/me", access.me, "Who asks, and what they may.", KeeperAnswer, TAG, refusals=ENTRY),
        Route(
            "GET",
            ROOT,
            api.find,
            "Recordings, newest first.",
            ListAnswer,
            TAG,
            query=ListQuery,
            refusals=("bad_request", *ENTRY),
        ),
        Route(
            "GET", ONE, api.show, "All that is known of one.", WholeAnswer, TAG, refusals=("no_such_recording", *ENTRY)
        ),
        Route(
            "GET",
            f"{ONE}/chapters.vtt",
            api.chapters,
            "The chapters of its film.",
            "text/vtt",
            TAG,
            refusals=("no_such_recording", *ENTRY),
        ),
        Route(
            "POST",
            f"{ONE}/jobs",
            api.make,
            "Has a film or a mix made of it.",
            JobStarted,
            TAG,
            status=202,
            request=JobRequest,
            refusals=("still_recording", "deleted", "job_already", "needs_clinic_key", *CHANGED, *ENTRY),
        ),
        Route(
            "POST",
            f"{ONE}/hold",
            api.hold,
            "Nothing of it may be deleted from now on.",
            None,
            TAG,
            status=204,
            request=HoldRequest,
            refusals=("deleted", "on_hold_already", *CHANGED, *ENTRY),
        ),
        Route(
            "POST",
            f"{ONE}/release",
            api.release,
            "Ends the hold.",
            None,
            TAG,
            status=204,
            refusals=("not_on_hold", "wrong_origin", "no_such_recording", "changed_meanwhile", *ENTRY),
        ),
        Route(
            "POST",
            f"{ONE}/delete",
            api.delete,
            "Deletes the keys of it, or of one person in it.",
            ProofAnswer,
            TAG,
            request=DeleteRequest,
            refusals=(*DELETED, *CHANGED, *ENTRY),
        ),
        Route(
            "POST",
            f"{ONE}/verify",
            api.verify,
            "Reads every byte of it: a restore test.",
            VerifyAnswer,
            TAG,
            refusals=("no_such_recording", "wrong_origin", "too_many_streams", "restarting", *OPENED, *ENTRY),
        ),
        *(
            each
            for path, kind, play, download, key in (
                (OUTPUT, "film or mix", files.play_output, files.download_output, files.output_key),
                (TRACK, "track", files.play_track, files.download_track, files.track_key),
            )
            for each in (
                Route(
                    "GET",
                    path,
                    play,
                    f"Plays a {kind}, or a part of it (Range).",
                    "video/*",
                    TAG,
                    refusals=("no_such_recording", "bad_range", *STREAMED, *ENTRY),
                ),
                Route(
                    "POST",
                    f"{path}/download",
                    download,
                    f"A {kind} as a file: an age file, or in clear.",
                    "application/octet-stream",
                    TAG,
                    request=DownloadRequest,
                    form=True,
                    refusals=(*TAKEN, *STREAMED, *SENT, *ENTRY),
                ),
                Route(
                    "GET",
                    f"{path}/key",
                    key,
                    f"What opens the {kind}, for the holder of the clinic's secret key.",
                    "application/octet-stream",
                    TAG,
                    refusals=("no_such_recording", "no_such_file", "still_recording", "deleted", *ENTRY),
                    description="Only where the server cannot open recordings itself. " + HOW,
                ),
            )
        ),
    ]
    return [issue, *(_for_keepers(each, sealed) for each in table)]


def _for_keepers(route: Route, sealed: bool) -> Route:
    return replace(
        route,
        handler=partial(_guarded, route.handler, sealed),
        keeper=True,
        description=route.description or HOW,
        parameters={name: meaning for name, meaning in MEANING.items() if f"{{{name}}}" in route.path},
    )


async def _guarded(handler: Handler, sealed: bool, request: web.Request) -> web.StreamResponse:
    with refusing(sealed=sealed):
        return await handler(request)
