"""Deliveries: each event for each endpoint that wants it, numbered per session, until it is delivered or given up.

Of one session an endpoint gets one event after another: the next one is due when the one before it was delivered or
given up. Whoever delivers takes a delivery for a time (a lease); after a crash it is delivered again. Not here: how it
is delivered, and when it is tried again (`signaling/webhooks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from clinic.columns import shortened
from clinic.database import Database
from clinic.errors import Unknown
from clinic.rows import as_record
from clinic.webhooks.records import OPEN, Attempt, Deliveries, Delivery, DeliveryState, Endpoint, WebhookEvent
from clinic.webhooks.tables import AttemptRow, CounterRow, DeliveryRow, EndpointRow

LONGEST_ERROR = 64
LARGEST_PAGE = 200
LARGEST_REPLAY = 10_000
"""Deliveries that are sent again at once: a week of a large clinic. Whoever wants more asks for the next period."""

Earlier = aliased(DeliveryRow)


class DeliveryStore:
    """Each change is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, events: Sequence[WebhookEvent], keep_trying: float, only: str | None = None) -> int:
        """For each endpoint that wants it, a delivery that is tried for so many seconds. How many that were. An event
        that is there already is not added again. `only`: for this endpoint, whatever it wants."""
        # Taken one after another, so that two servers do not give the same number.
        there = select(EndpointRow).where(EndpointRow.active, EndpointRow.removed_at.is_(None))
        if only is not None:
            there = there.where(EndpointRow.id == only)
        added = 0
        async with self._database.writing() as session:
            for row in (await session.scalars(there.order_by(EndpointRow.id).with_for_update())).all():
                endpoint = as_record(Endpoint, row, kinds=tuple(row.kinds))
                wanted = {event.id: event for event in events if only or endpoint.wants(event.kind)}
                known = select(DeliveryRow.event_id).where(
                    DeliveryRow.endpoint_id == row.id, DeliveryRow.event_id.in_(list(wanted))
                )
                for id in (await session.scalars(known)).all():
                    del wanted[id]
                for event in wanted.values():
                    session.add(await _numbered(session, row.id, event, keep_trying))
                added += len(wanted)
        return added

    async def claim(self, endpoint: str, now: float, lease: float, limit: int) -> list[Delivery]:
        """Up to `limit` that are due, each of another session, for `lease` seconds. Two who ask get different ones."""
        due = (
            DeliveryRow.endpoint_id == endpoint,
            DeliveryRow.next_at <= now,
            ~exists().where(
                Earlier.endpoint_id == endpoint,
                Earlier.session == DeliveryRow.session,
                Earlier.sequence < DeliveryRow.sequence,
                Earlier.state.in_(OPEN),
            ),
        )
        query = select(DeliveryRow.next_at, DeliveryRow.id, DeliveryRow.tries).where(*due)
        query = query.order_by(DeliveryRow.next_at, DeliveryRow.id).limit(limit)
        found: list[tuple[float, int, int]] = []
        async with self._database.reading() as session:
            for state in OPEN:  # one after the other, as the index has them: of a heap that waits only these are read
                rows = await session.execute(query.where(DeliveryRow.state == state))
                found += [(next_at, id, tries) for next_at, id, tries in rows]
        candidates = [(id, tries) for _, id, tries in sorted(found)[:limit]]
        if not candidates:
            return []
        claimed = []
        async with self._database.writing() as session:
            if not await _is_active(session, endpoint):
                return []
            for id, tries in sorted(candidates):  # in one order: nobody waits in a circle
                row = await session.scalar(
                    update(DeliveryRow)
                    .where(DeliveryRow.id == id, DeliveryRow.tries == tries, DeliveryRow.state.in_(OPEN), *due)
                    .values(
                        state=DeliveryState.SENDING,
                        attempts=DeliveryRow.attempts + 1,
                        tries=DeliveryRow.tries + 1,
                        next_at=now + lease,
                    )
                    .returning(DeliveryRow)
                    .execution_options(synchronize_session=False)
                )
                if row is not None:
                    claimed.append(as_record(Delivery, row))
        return claimed

    async def delivered(self, delivery: Delivery, attempt: Attempt) -> bool:
        """False: the lease was over and somebody else has it, or it was given up."""
        return await self._ended(delivery, attempt, state=DeliveryState.DELIVERED, done_at=attempt.at)

    async def failed(self, delivery: Delivery, attempt: Attempt, again_at: float | None) -> bool:
        """To be tried again at that time; None: given up. False as in `delivered`."""
        if again_at is None:
            return await self._ended(delivery, attempt, state=DeliveryState.FAILED, done_at=attempt.at)
        return await self._ended(delivery, attempt, state=DeliveryState.WAITING, next_at=again_at)

    async def put_off(self, endpoint: str, until: float) -> None:
        """It is down: nothing of what waits for it is tried before then. What rests longer anyway goes on doing so."""
        await self._move_waiting(endpoint, DeliveryRow.next_at < until, until)

    async def hurry(self, endpoint: str, now: float) -> None:
        """It is there again: what rests is tried now."""
        await self._move_waiting(endpoint, DeliveryRow.next_at > now, now)

    async def replay(
        self,
        endpoint: str,
        now: float,
        keep_trying: float,
        *,
        event: str | None = None,
        since: float | None = None,
        until: float | None = None,
        session: str | None = None,
        failed_only: bool = False,
    ) -> tuple[int, bool]:
        """Sends what is over once more: one event, or those of [since, until), oldest first. How many, and whether
        there are more than can be sent again at once. Raises Unknown if there is no such endpoint or event."""
        over: list[ColumnElement[bool]] = [DeliveryRow.endpoint_id == endpoint, ~DeliveryRow.state.in_(OPEN)]
        if event is not None:
            over.append(DeliveryRow.event_id == event)
        if since is not None:
            over.append(DeliveryRow.at >= since)
        if until is not None:
            over.append(DeliveryRow.at < until)
        if session is not None:
            over.append(DeliveryRow.session == session)
        if failed_only:
            over.append(DeliveryRow.state == DeliveryState.FAILED)
        async with self._database.writing() as transaction:
            if not await _is_active(transaction, endpoint):
                raise Unknown("there is no such endpoint, or it is switched off")
            oldest = select(DeliveryRow.id).where(*over).order_by(DeliveryRow.at, DeliveryRow.id)
            found = (await transaction.scalars(oldest.limit(LARGEST_REPLAY + 1))).all()
            if event is not None and not found and not await _is_there(transaction, endpoint, event):
                raise Unknown("there is no such event")
            if found:
                some = oldest.limit(min(len(found), LARGEST_REPLAY)).subquery()
                await transaction.execute(
                    update(DeliveryRow)
                    .where(DeliveryRow.id.in_(select(some.c.id)))
                    .values(
                        state=DeliveryState.WAITING,
                        attempts=0,
                        next_at=now,
                        give_up_at=now + keep_trying,
                        done_at=None,
                    )
                    .execution_options(synchronize_session=False)
                )
            return min(len(found), LARGEST_REPLAY), len(found) > LARGEST_REPLAY

    async def page(
        self,
        endpoint: str,
        *,
        states: Sequence[DeliveryState] = (),
        session: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Deliveries:
        """Newest first. `before`: `next` of the page before."""
        query = select(DeliveryRow).where(DeliveryRow.endpoint_id == endpoint)
        if states:
            query = query.where(DeliveryRow.state.in_(states))
        if session is not None:
            query = query.where(DeliveryRow.session == session)
        if before is not None:
            query = query.where(DeliveryRow.id < before)
        limit = min(limit, LARGEST_PAGE)
        query = query.order_by(DeliveryRow.id.desc()).limit(limit + 1)
        async with self._database.reading() as transaction:
            found = [as_record(Delivery, row) for row in await transaction.scalars(query)]
        return Deliveries(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)

    async def get(self, endpoint: str, event: str) -> tuple[Delivery, list[Attempt]]:
        """One delivery with its attempts, oldest first; of very many the newest. Raises Unknown."""
        one = (DeliveryRow.endpoint_id == endpoint, DeliveryRow.event_id == event)
        async with self._database.reading() as session:
            row = await session.scalar(select(DeliveryRow).where(*one))
            if row is None:
                raise Unknown("there is no such delivery")
            tried = select(AttemptRow).where(AttemptRow.delivery_id == row.id).order_by(AttemptRow.id.desc())
            attempts = [as_record(Attempt, each) for each in await session.scalars(tried.limit(LARGEST_PAGE))]
            return as_record(Delivery, row), attempts[::-1]

    async def waiting(self) -> int:
        """How many are not delivered yet."""
        each = DeliveryRow.endpoint_id.in_(select(EndpointRow.id))  # the index begins with it
        query = select(func.count()).where(each, DeliveryRow.state.in_(OPEN))
        async with self._database.reading() as session:
            return await session.scalar(query) or 0

    async def _move_waiting(self, endpoint: str, which: ColumnElement[bool], to: float) -> None:
        waiting = (DeliveryRow.endpoint_id == endpoint, DeliveryRow.state == DeliveryState.WAITING, which)
        change = update(DeliveryRow).where(*waiting).values(next_at=to)
        async with self._database.writing() as session:
            await session.execute(change.execution_options(synchronize_session=False))

    async def _ended(self, delivery: Delivery, attempt: Attempt, **values: Any) -> bool:
        """If this taking of it still counts. The attempt is kept in any case: it was made."""
        mine = and_(
            DeliveryRow.id == delivery.id,
            DeliveryRow.state == DeliveryState.SENDING,
            DeliveryRow.tries == delivery.tries,
        )
        error = None if attempt.error is None else shortened(attempt.error, LONGEST_ERROR)
        told = {"status": attempt.status, "duration_ms": attempt.duration_ms, "error": error}
        change = update(DeliveryRow).where(mine).values(**told | values)
        async with self._database.writing() as session:
            changed = await session.execute(change.execution_options(synchronize_session=False))
            if await session.get(DeliveryRow, delivery.id) is not None:
                session.add(AttemptRow(delivery_id=delivery.id, at=attempt.at, **told))
            return cast("CursorResult[Any]", changed).rowcount == 1


async def _numbered(session: AsyncSession, endpoint: str, event: WebhookEvent, keep_trying: float) -> DeliveryRow:
    counter = await session.get(CounterRow, (endpoint, event.session))
    if counter is None:
        counter = CounterRow(endpoint_id=endpoint, session=event.session, last=0)
        session.add(counter)
        await session.flush()
    counter.last += 1
    return DeliveryRow(
        endpoint_id=endpoint,
        event_id=event.id,
        kind=event.kind,
        session=event.session,
        sequence=counter.last,
        at=event.at,
        data=dict(event.data),
        state=DeliveryState.WAITING,
        attempts=0,
        tries=0,
        next_at=event.at,
        give_up_at=event.at + keep_trying,
    )


async def _is_active(session: AsyncSession, endpoint: str) -> bool:
    row = await session.get(EndpointRow, endpoint)
    return row is not None and row.active and row.removed_at is None


async def _is_there(session: AsyncSession, endpoint: str, event: str) -> bool:
    one = (DeliveryRow.endpoint_id == endpoint, DeliveryRow.event_id == event)
    return await session.scalar(select(DeliveryRow.id).where(*one)) is not None
