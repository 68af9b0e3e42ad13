"""What changed lately, by name: read from the events and the attempts that every change leaves.

An attempt without an event still moves what people see, such as the first try to write a code.  The sequences only
grow, so a mark says exactly how far somebody has looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import EventType
from store.tables import AccessCodeRow, AttemptRow, EventRow

_LISTING = frozenset({EventType.CREATED, EventType.DELETED, EventType.BACKUP_PULLED})
"""Events after which a list of codes has other rows."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has looked: the last event and the last attempt."""

    event: int
    attempt: int

    def __str__(self) -> str:
        return f"{self.event}-{self.attempt}"

    @classmethod
    def parsed(cls, text: str | None) -> Self | None:
        """Read a mark; None where it is none."""
        event, _, attempt = (text or "").partition("-")
        if not (event.isascii() and event.isdigit() and attempt.isascii() and attempt.isdigit()):
            return None
        return cls(int(event[:18]), int(attempt[:18]))


@dataclass(frozen=True, slots=True)
class Change:
    """Something about a code or a lock is not as it was."""

    workspace_id: UUID
    access_code_id: UUID | None
    device_id: UUID | None
    is_hidden: bool
    """It is about a backup code that exists for nobody but its pool."""
    is_listing: bool = False
    """A list of codes has other rows now."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, up to a mark."""

    changes: Sequence[Change]
    mark: Mark
    is_cut: bool
    """There was more than the limit; what lies between is not named."""


async def newest_mark(session: AsyncSession) -> Mark:
    """Say how far everything is."""
    event = (await session.exec(select(func.max(EventRow.sequence)))).one()
    attempt = (await session.exec(select(func.max(AttemptRow.id)))).one()
    return Mark(event or 0, attempt or 0)


async def changes_since(session: AsyncSession, after: Mark, *, limit: int) -> Changes:
    """Name what changed after a mark; where that is more than the limit, go on from the newest."""
    events = (
        await session.exec(
            select(EventRow).where(col(EventRow.sequence) > after.event).order_by(col(EventRow.sequence)).limit(limit)
        )
    ).all()
    attempts = (
        await session.exec(
            select(AttemptRow, AccessCodeRow.workspace_id, AccessCodeRow.backup_id, AccessCodeRow.stands_in_for)
            .join(AccessCodeRow, col(AttemptRow.access_code_id) == col(AccessCodeRow.id))
            .where(col(AttemptRow.id) > after.attempt)
            .order_by(col(AttemptRow.id))
            .limit(limit)
        )
    ).all()
    found = [_of_event(row) for row in events]
    for attempt, workspace_id, backup_id, original in attempts:
        is_hidden = backup_id is not None and original is None
        found.append(Change(workspace_id, attempt.access_code_id, attempt.device_id, is_hidden))
    if len(events) == limit or len(attempts) == limit:
        return Changes(found, await newest_mark(session), is_cut=True)
    last_event = events[-1].sequence if events else None
    last_attempt = attempts[-1][0].id if attempts else None
    return Changes(found, Mark(last_event or after.event, last_attempt or after.attempt), is_cut=False)


def _of_event(row: EventRow) -> Change:
    is_listing = not row.hidden and row.event_type in _LISTING
    return Change(row.workspace_id, row.access_code_id, row.device_id, row.hidden, is_listing)
