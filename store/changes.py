"""What changed lately, by name: read from the events, the attempts, the deeds and the messages that changes leave.

An attempt without an event still moves what people see, such as the first try to write a code; so does a deed, such as
who pulled a backup, and what becomes of a guest's message.  The sequences only grow, so a mark says exactly how far somebody has looked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import EventType
from store.guest_tables import MessageRow
from store.tables import AccessCodeRow, AttemptRow, EventRow
from store.user_tables import AuditRow

_LISTING = frozenset(
    {
        EventType.CREATED,
        EventType.DELETED,
        EventType.BACKUP_PULLED,
        EventType.DEVICE_ADDED,
        EventType.DEVICE_CONNECTED,
        EventType.DEVICE_DISCONNECTED,
        EventType.DEVICE_REMOVED,
        EventType.REPLACEMENT_ASKED,
        EventType.DEVICE_REPLACED,
        EventType.REPLACEMENT_ROLLED_BACK,
        EventType.ACCOUNT_CONNECTED,
        EventType.ACCOUNT_DISCONNECTED,
    }
)
"""Events after which a list of codes has other rows, or many of its rows look otherwise."""


_MARK = re.compile(r"(\d{1,18})-(\d{1,18})-(\d{1,18})-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has looked: the last event, attempt, deed and message."""

    event: int
    attempt: int
    deed: int
    message: int

    def __str__(self) -> str:
        return f"{self.event}-{self.attempt}-{self.deed}-{self.message}"

    @classmethod
    def parsed(cls, text: str | None) -> Self | None:
        """Read a mark; None where it is none."""
        found = _MARK.fullmatch(text or "")
        return None if found is None else cls(*map(int, found.groups()))


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
    deed = (await session.exec(select(func.max(AuditRow.id)))).one()
    message = (await session.exec(select(func.max(MessageRow.sequence)))).one()
    return Mark(event or 0, attempt or 0, deed or 0, message or 0)


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
    deeds = (
        await session.exec(
            select(AuditRow).where(col(AuditRow.id) > after.deed).order_by(col(AuditRow.id)).limit(limit)
        )
    ).all()
    told = (
        await session.exec(
            select(MessageRow, AccessCodeRow.stands_in_for)
            .join(AccessCodeRow, col(MessageRow.access_code_id) == col(AccessCodeRow.id))
            .where(col(MessageRow.sequence) > after.message)
            .order_by(col(MessageRow.sequence))
            .limit(limit)
        )
    ).all()
    found = [_of_event(row) for row in events]
    found += [Change(row.workspace_id, row.access_code_id, row.device_id, is_hidden=False) for row in deeds]
    for attempt, workspace_id, backup_id, original in attempts:
        is_hidden = backup_id is not None and original is None
        found.append(Change(workspace_id, attempt.access_code_id, attempt.device_id, is_hidden))
    for message, original in told:
        # What was told of a backup code stands on the page of the code that it stands in for, too.
        for id in {message.access_code_id, original or message.access_code_id}:
            found.append(Change(message.workspace_id, id, None, is_hidden=False))
    if limit in (len(events), len(attempts), len(deeds), len(told)):
        return Changes(found, await newest_mark(session), is_cut=True)
    last_event = events[-1].sequence if events else None
    last_attempt = attempts[-1][0].id if attempts else None
    last_deed = deeds[-1].id if deeds else None
    last_message = told[-1][0].sequence if told else None
    seen = Mark(
        last_event or after.event,
        last_attempt or after.attempt,
        last_deed or after.deed,
        last_message or after.message,
    )
    return Changes(found, seen, is_cut=False)


def _of_event(row: EventRow) -> Change:
    is_listing = not row.hidden and row.event_type in _LISTING
    return Change(row.workspace_id, row.access_code_id, row.device_id, row.hidden, is_listing)
