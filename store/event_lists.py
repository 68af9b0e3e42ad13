"""Lists of events for whoever may ask: one workspace's, in the order of writing, without hidden ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import AttemptRow, EventRow


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; what is None does not matter."""

    after: datetime | None = None
    before: datetime | None = None
    """Both exclude the instant itself, and are about when it happened."""
    ids: Collection[UUID] | None = None
    types: Collection[str] | None = None
    device_ids: Collection[UUID] | None = None
    access_code_ids: Collection[UUID] | None = None
    account_id: UUID | None = None

    def conditions(self, workspace_id: UUID) -> list[ColumnElement[bool]]:
        """Give what the rows must fulfil."""
        found = [col(EventRow.workspace_id) == workspace_id, col(EventRow.hidden).is_(False)]
        if self.after is not None:
            found.append(col(EventRow.occurred_at) > self.after)
        if self.before is not None:
            found.append(col(EventRow.occurred_at) < self.before)
        if self.account_id is not None:
            found.append(col(EventRow.account_id) == self.account_id)
        chosen = (
            (col(EventRow.id), self.ids),
            (col(EventRow.event_type), self.types),
            (col(EventRow.device_id), self.device_ids),
            (col(EventRow.access_code_id), self.access_code_ids),
        )
        found += [column.in_(values) for column, values in chosen if values is not None]
        return found


async def select_events(
    session: AsyncSession,
    workspace_id: UUID,
    wanted: EventFilter,
    *,
    limit: int,
    offset: int = 0,
    newest_first: bool = False,
) -> Sequence[EventRow]:
    """List events in the order of writing, or in the opposite one."""
    order = col(EventRow.sequence).desc() if newest_first else col(EventRow.sequence)
    query = select(EventRow).where(*wanted.conditions(workspace_id)).order_by(order).offset(offset).limit(limit)
    return (await session.exec(query)).all()


async def select_operations(session: AsyncSession, access_code_id: UUID, *, limit: int) -> Sequence[AttemptRow]:
    """List the operations on its lock that a code caused, the newest first."""
    query = select(AttemptRow).where(AttemptRow.access_code_id == access_code_id)
    return (await session.exec(query.order_by(col(AttemptRow.id).desc()).limit(limit))).all()
