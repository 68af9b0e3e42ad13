"""Events are written in the transaction of what they report, and read in the order of writing.

A reader goes on from the last sequence it saw, so a sequence must never become visible after a higher one.  SQLite
has one writer; on PostgreSQL the writers of one workspace take turns from their first event to the end of their
transaction.  Append last, therefore, after every row is locked that the transaction needs.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import Event
from store.tables import EventRow

DEFAULT_LIMIT = 500

WROTE_EVENTS = "wrote_events"
"""The mark on a session that wrote some; the database tells whoever waits for them once they are committed."""


_INSERT = insert(EventRow)
_TURN = text("SELECT pg_advisory_xact_lock(:turn)")


async def append(
    session: AsyncSession,
    events: Iterable[Event],
    *,
    workspace_id: UUID,
    now: datetime,
    new_id: Callable[[], UUID],
    access_code_id: UUID | None = None,
    device_id: UUID | None = None,
    account_id: UUID | None = None,
    hidden: bool = False,
) -> list[UUID]:
    """Write events about one thing in their order; give their ids.  `now` is when they are written.

    Hidden ones are for the record alone: nobody but an operator with the database ever reads them.
    """
    rows = [
        {
            "id": new_id(),
            "workspace_id": workspace_id,
            "event_type": event.event_type.value,
            "occurred_at": event.occurred_at,
            "created_at": now,
            "access_code_id": access_code_id,
            "device_id": device_id,
            "account_id": account_id,
            "payload": event.model_dump(mode="json")["payload"],
            "hidden": hidden,
        }
        for event in events
    ]
    if rows:
        await session.flush()
        connection = await session.connection()
        if connection.dialect.name == "postgresql":
            # The workspace's 64 lower bits name the lock: a collision costs waiting, nothing else.
            turn = int.from_bytes(workspace_id.bytes[8:], signed=True)
            await connection.execute(_TURN, {"turn": turn})
        for row in rows:
            await connection.execute(_INSERT, row)
        session.info[WROTE_EVENTS] = True
    return [UUID(str(row["id"])) for row in rows]


async def get_event(session: AsyncSession, event_id: UUID) -> EventRow | None:
    """Read one event, a hidden one included; None when there is none."""
    return (await session.exec(select(EventRow).where(EventRow.id == event_id))).first()


async def list_events(
    session: AsyncSession,
    workspace_id: UUID,
    *,
    access_code_id: UUID | None = None,
    after_sequence: int = 0,
    limit: int = DEFAULT_LIMIT,
) -> list[EventRow]:
    """Give the first `limit` events after `after_sequence` in the order of writing; of one code where that is given."""
    chosen = select(EventRow).where(
        EventRow.workspace_id == workspace_id,
        col(EventRow.sequence) > after_sequence,
        col(EventRow.hidden).is_(False),
    )
    if access_code_id is not None:
        chosen = chosen.where(EventRow.access_code_id == access_code_id)
    return list((await session.exec(chosen.order_by(col(EventRow.sequence)).limit(limit))).all())
