"""Refusals: a request that a person or a program made and that is not granted. Whose fault: theirs, never ours.

Each has a stable code, for programs, and a sentence that the person can act on. All of them stand here, so that the
protocol's document and the web client's catalogue can be compared with one list.
"""

from __future__ import annotations

REFUSALS: dict[str, str] = {
    # tokens and joining
    "token_invalid": "This link is not valid. Ask for a new one.",
    "token_expired": "This link has expired. Ask for a new one.",
    "token_revoked": "You were removed from this session. This link cannot be used again.",
    "already_joined": "You are already in this session on another device. You can move the call here.",
    "not_yours": "This session is open on another device with another link. Leave it there first.",
    "move_pending": "The device in the call has already been asked to hand over.",
    "move_refused": "The call was not handed over. It goes on where it was.",
    "locked": "This session is locked. Ask your therapist to let you in.",
    "session_full": "This session is full.",
    "waiting_room_full": "Too many people are waiting for this session. Try again in a few minutes.",
    "resume_expired": "The connection was away for too long. Join again.",
    "server_full": "The server is at its limit. Try again in a few minutes.",
    "restarting": "The server is restarting. Try again in a moment.",
    "other_node": "This session is held by another server. Open the link again.",
    "bad_name": "Enter a name that others can read.",
    "cannot_encrypt": "This session is encrypted from end to end, and your browser cannot do that. Use a current one.",
    # in the session
    "not_joined": "Join the session first.",
    "joined_before": "You are in the session already.",
    "not_allowed": "Your role does not allow this.",
    "waiting": "You can do this once you have been let in.",
    "no_such_person": "This person is no longer here.",
    "not_yourself": "You cannot do this to yourself.",
    "screen_not_allowed": "Your therapist has not allowed you to share your screen.",
    "screen_taken": "Somebody else is sharing their screen. Wait until they stop.",
    "no_screen": "Your browser offered no screen to share.",
    "not_sealed": "Everything in this session is encrypted, and this was not. It was not sent. Load the page again.",
    "not_readable": "Somebody here cannot read encrypted messages. This was not sent.",
    "bad_offer": "Your browser and the server could not agree on a connection.",
    # recording
    "recording_off": "This clinic has not set up recordings.",
    "recording_already": "A recording runs already, or everyone is being asked.",
    "recording_not_here": "Sessions may not be recorded where somebody in this session is.",
    "not_recording": "Nothing is being recorded at the moment.",
    "not_asked": "This recording is no longer asked for.",
    "consent_outdated": "The question has changed. Read it again before you agree.",
    "place_needed": "Choose where you are from the list.",
    "signature_needed": "Type your name to agree.",
    # recordings that are kept
    "sign_in_needed": "Open the link to the recordings again, or ask for a new one.",
    "no_such_recording": "There is no such recording.",
    "no_such_file": "There is nothing of this kind to play or to download.",
    "deleted": "This was deleted. Nothing opens it any more.",
    "still_recording": "This is still being recorded. Try again when it is over.",
    "needs_clinic_key": "This server cannot open recordings. Whoever has the clinic's secret key can.",
    "key_unavailable": "The clinic's key cannot be reached at the moment. Try again in a few minutes.",
    "key_refused": "The clinic's key does not open this recording.",
    "bad_range": "The file is shorter than that.",
    "recording_damaged": "This file is damaged and cannot be opened.",
    "storage_unavailable": "The place where recordings are kept cannot be reached. Try again in a few minutes.",
    "records_unavailable": "The clinic's records cannot be reached. Try again in a few minutes.",
    "audit_unavailable": "The audit log cannot be written at the moment, so records stay closed. Running calls go on.",
    "too_many_streams": "Too many recordings are being played at once. Close another one, then try again.",
    "not_confirmed": "Type the session's name exactly as it is shown to confirm this.",
    "recipient_needed": "Say for whom to encrypt it: a public key that begins with age1.",
    "bad_recipient": "This is no public key of age's kind, which begins with age1.",
    "on_hold": "This recording is on hold. Release it before anything of it is deleted.",
    "on_hold_already": "This recording is on hold already.",
    "not_on_hold": "This recording is not on hold.",
    "changed_meanwhile": "This has changed in the meantime. Look at it again.",
    "job_already": "This is being made already.",
    # webhooks
    "no_such_webhook": "There is no such webhook.",
    "no_such_delivery": "There is no such delivery, or it is too long ago.",
    "bad_webhook": "Webhooks are sent to addresses that begin with https only.",
    "webhook_off": "This webhook is switched off. Switch it on first.",
    "too_many_webhooks": "There are as many webhooks as there may be. Remove one first.",
    # appointments
    "no_such_appointment": "There is no such appointment.",
    "no_such_series": "There is no such series of appointments.",
    "no_such_patient": "There is no such patient.",
    "no_such_guest": "Nobody like this is invited to this appointment.",
    "no_such_note": "There is no such note.",
    "appointment_over": "This appointment is over or was cancelled.",
    "appointment_overlaps": "The therapist has another appointment at this time.",
    "external_id_taken": "Another appointment has this id already.",
    "key_reused": "This Idempotency-Key came with another request before.",
    "too_many_guests": "A session does not hold more people.",
    "last_patient": "An appointment has a patient. Cancel it instead.",
    # visits: whoever comes by a link
    "link_invalid": "This link is not valid. Ask the practice for a new one.",
    "link_elsewhere": "This link was opened on another device, and works only there. Ask the practice for a new one.",
    "visit_early": "It is not time yet.",
    "visit_over": "The time of this appointment is over.",
    "visit_cancelled": "This appointment was cancelled.",
    "visit_moved": "This appointment was moved. Use the newer link that you got.",
    "not_asked_here": "Nothing is asked of you before this appointment.",
    "checkin_needed": "Answer the questions before you go in.",
    "checkin_incomplete": "An answer is missing.",
    # any message or request
    "bad_message": "The server could not understand this message.",
    "bad_request": "The request could not be understood.",
    "too_many_messages": "Too many messages in a short time.",
    "too_many_requests": "Too many requests in a short time. Try again later.",
    "unauthorized": "An API key is needed: Authorization: Bearer KEY.",
    "wrong_origin": "Requests from this page are not accepted.",
    "wrong_host": "The demonstration answers to localhost only.",
    "not_found": "There is nothing at this address.",
    "method_not_allowed": "This address does not take this kind of request.",
    "too_large": "The request is too large.",
    "not_json": "The request's body must be JSON (Content-Type: application/json).",
    "internal": "Something went wrong on the server. Try again.",
}
"""Code -> sentence, in English; the web client has its own catalogue by code."""

HTTP_STATUS: dict[str, int] = {
    "unauthorized": 401,
    "sign_in_needed": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "wrong_origin": 403,
    "wrong_host": 403,
    "not_allowed": 403,
    "not_found": 404,
    "no_such_recording": 404,
    "no_such_file": 404,
    "no_such_person": 404,
    "no_such_webhook": 404,
    "no_such_delivery": 404,
    "no_such_appointment": 404,
    "no_such_series": 404,
    "no_such_patient": 404,
    "no_such_guest": 404,
    "no_such_note": 404,
    "link_invalid": 404,
    "method_not_allowed": 405,
    "appointment_over": 409,
    "appointment_overlaps": 409,
    "external_id_taken": 409,
    "key_reused": 409,
    "too_many_guests": 409,
    "last_patient": 409,
    "link_elsewhere": 409,
    "visit_early": 409,
    "checkin_needed": 409,
    "visit_over": 410,
    "visit_cancelled": 410,
    "visit_moved": 410,
    "still_recording": 409,
    "needs_clinic_key": 409,
    "on_hold": 409,
    "on_hold_already": 409,
    "not_on_hold": 409,
    "changed_meanwhile": 409,
    "job_already": 409,
    "webhook_off": 409,
    "too_many_webhooks": 409,
    "deleted": 410,
    "too_large": 413,
    "not_json": 415,
    "bad_range": 416,
    "too_many_requests": 429,
    "too_many_streams": 429,
    "internal": 500,
    "recording_damaged": 500,
    "key_refused": 500,
    "restarting": 503,
    "key_unavailable": 503,
    "storage_unavailable": 503,
    "records_unavailable": 503,
    "audit_unavailable": 503,
}
"""For what is refused over HTTP; everything else is 400."""


class Refused(Exception):
    """A refusal on its way to the one who asked.

    `code` is a key of `REFUSALS`; `error` replaces its sentence where more can be said; `retry_after` is in seconds.
    """

    def __init__(self, code: str, error: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.error = error if error is not None else REFUSALS[code]
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        return HTTP_STATUS.get(self.code, 400)
