"""What was sent about an appointment, for those who may read appointments: whether it went out, never where to.

Not here: sending (`sender.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints

from clinic import BadValue, ClinicError
from clinic.messages.outbox import Outbox
from clinic.messages.records import Channel, Message, MessageKind
from signaling.api_access import GUARDED, ApiAccess
from signaling.bodies import read_query
from signaling.refusals import Refused
from signaling.route import Route

REFUSALS = (*GUARDED, "bad_request")


class MessagesQuery(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    about: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """The id of an appointment, or of an account."""


class MessageAnswer(BaseModel):
    id: str
    kind: MessageKind
    channel: Channel
    guest: str | None
    """Of the appointment."""
    state: Literal["waiting", "sending", "sent", "failed", "suppressed"]
    """`suppressed`: it was not so any more when it was to be sent."""
    created_at: float
    due_at: float | None
    """When it is to be sent, or tried again, if it waits."""
    done_at: float | None
    attempts: int
    error: str | None
    """Why the last attempt failed: a word, perhaps with the other server's code."""

    @classmethod
    def of(cls, message: Message) -> MessageAnswer:
        return cls(
            id=message.id,
            kind=message.kind,
            channel=message.channel,
            guest=message.guest,
            state=message.state.value,
            created_at=message.created_at,
            due_at=message.next_at if message.state.value == "waiting" else None,
            done_at=message.done_at,
            attempts=message.attempts,
            error=message.error,
        )


class MessagesAnswer(BaseModel):
    messages: list[MessageAnswer]
    """Oldest first."""


class MessagesApi:
    def __init__(self, outbox: Outbox, access: ApiAccess) -> None:
        self._outbox = outbox
        self._access = access

    def routes(self) -> list[Route]:
        return [
            Route(
                "GET",
                "/api/messages",
                self.about,
                "What was sent about an appointment, and what will be.",
                MessagesAnswer,
                "appointments",
                refusals=REFUSALS,
                staff="read_appointments",
                query=MessagesQuery,
            )
        ]

    async def about(self, request: web.Request) -> web.Response:
        await self._access.require(request, "read_appointments")
        asked = read_query(request, MessagesQuery)
        try:
            found = await self._outbox.about(asked.about)
        except BadValue:
            found = []
        except ClinicError:
            raise Refused("records_unavailable", retry_after=30.0) from None
        answer = MessagesAnswer(messages=[MessageAnswer.of(each) for each in found])
        return web.json_response(text=answer.model_dump_json())
