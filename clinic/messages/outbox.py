"""The outbox: messages are written here with the change that they tell of, and sent afterwards.

Inside of `Database.together` they are kept with that change, or not at all. Whoever sends takes a message for a time (a
lease) and says what became of it. After a crash the lease runs out and the message is sent again: at least once, and
never by two at the same time. Not here: how anything is sent (`signaling/outbox`), and who can read what is sealed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, func, select, update

from clinic.columns import shortened
from clinic.database import Database
from clinic.messages.records import OPEN, Channel, Message, MessageKind, MessageState, Unsent
from clinic.messages.tables import MessageRow
from clinic.rows import as_record, as_row

LONGEST_ERROR = 64
LARGEST_LIST = 200

_EMPTIED: dict[str, Any] = {"to_sealed": None, "content_sealed": None}


class Outbox:
    """Each change is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, messages: Sequence[Message]) -> int:
        """How many were new: one whose key is known already is left out. Raises Conflict if somebody else wrote the
        same at that moment."""
        if not messages:
            return 0
        async with self._database.writing() as session:
            keys = [message.key for message in messages]
            known = set(await session.scalars(select(MessageRow.key).where(MessageRow.key.in_(keys))))
            fresh: dict[str, Message] = {}
            for message in messages:
                if message.key not in known:
                    fresh.setdefault(message.key, message)
            session.add_all(as_row(MessageRow, message) for message in fresh.values())
        return len(fresh)

    async def unsent(self, about: str, guest: str | None, kinds: Collection[MessageKind]) -> list[Unsent]:
        """What of these kinds is still to be sent, or is being sent, about this to this guest."""
        query = select(MessageRow.key, MessageRow.kind, MessageRow.channel, MessageRow.attempts)
        async with self._database.reading() as session:
            found = await session.execute(query.where(*_unsent(about, guest, kinds)).order_by(MessageRow.id))
            return [Unsent(*each) for each in found]

    async def suppress(
        self, about: str, guest: str | None, kinds: Collection[MessageKind], now: float, keep: Collection[str] = ()
    ) -> int:
        """That is not so any more, except for what has one of the keys in `keep`; how many that were. What is being
        sent just now may still arrive, but is not tried again."""
        change = (
            update(MessageRow)
            .where(*_unsent(about, guest, kinds), MessageRow.key.not_in(keep))
            .values(state=MessageState.SUPPRESSED, done_at=now, **_EMPTIED)
        )
        async with self._database.writing() as session:
            done = await session.execute(change.execution_options(synchronize_session=False))
            return cast("CursorResult[Any]", done).rowcount

    async def claim(self, channel: Channel, now: float, lease: float, limit: int) -> list[Message]:
        """Up to `limit` that are due, for `lease` seconds. Two who ask never get the same."""
        due = (MessageRow.channel == channel, MessageRow.state.in_(OPEN), MessageRow.next_at <= now)
        query = select(MessageRow.id, MessageRow.attempts).where(*due).order_by(MessageRow.next_at, MessageRow.id)
        async with self._database.reading() as session:
            candidates = (await session.execute(query.limit(limit))).all()
        if not candidates:
            return []
        claimed = []
        async with self._database.writing() as session:
            for id, attempts in sorted(tuple(each) for each in candidates):  # in one order: nobody waits in a circle
                row = await session.scalar(
                    update(MessageRow)
                    .where(MessageRow.id == id, MessageRow.attempts == attempts, *due)
                    .values(state=MessageState.SENDING, attempts=MessageRow.attempts + 1, next_at=now + lease)
                    .returning(MessageRow)
                    .execution_options(synchronize_session=False)
                )
                if row is not None:
                    claimed.append(as_record(Message, row))
        return claimed

    async def sent(self, message: Message, now: float) -> bool:
        """False: it was suppressed meanwhile, or the lease was over and somebody else has it."""
        return await self._done(message, state=MessageState.SENT, done_at=now, error=None, **_EMPTIED)

    async def retry(self, message: Message, error: str, at: float) -> bool:
        """It may work later, at that time. False as in `sent`."""
        return await self._done(message, state=MessageState.WAITING, next_at=at, error=shortened(error, LONGEST_ERROR))

    async def fail(self, message: Message, error: str, now: float) -> bool:
        """It will not work. False as in `sent`."""
        said = shortened(error, LONGEST_ERROR)
        return await self._done(message, state=MessageState.FAILED, done_at=now, error=said, **_EMPTIED)

    async def about(self, about: str) -> list[Message]:
        """What was or will be sent about it, oldest first; of very much the newest."""
        query = select(MessageRow).where(MessageRow.about == about)
        newest = query.order_by(MessageRow.created_at.desc(), MessageRow.id.desc()).limit(LARGEST_LIST)
        async with self._database.reading() as session:
            found = [as_record(Message, row) for row in await session.scalars(newest)]
        return found[::-1]

    async def waiting(self, channel: Channel) -> int:
        """How many are not sent yet."""
        query = select(func.count()).where(MessageRow.channel == channel, MessageRow.state.in_(OPEN))
        async with self._database.reading() as session:
            return await session.scalar(query) or 0

    async def _done(self, message: Message, **values: Any) -> bool:
        """If this taking of it still counts."""
        mine = and_(
            MessageRow.id == message.id,
            MessageRow.state == MessageState.SENDING,
            MessageRow.attempts == message.attempts,
        )
        async with self._database.writing() as session:
            changed = await session.execute(update(MessageRow).where(mine).values(**values))
            return cast("CursorResult[Any]", changed).rowcount == 1


def _unsent(about: str, guest: str | None, kinds: Collection[MessageKind]) -> tuple[ColumnElement[bool], ...]:
    return (
        MessageRow.about == about,
        MessageRow.guest == guest,
        MessageRow.kind.in_(kinds),
        MessageRow.state.in_(OPEN),
    )
