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
    "wrong_origin": 403,
    "wrong_host": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "too_large": 413,
    "not_json": 415,
    "too_many_requests": 429,
    "internal": 500,
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
