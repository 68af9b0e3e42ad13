"""Rows of action attempts, and what is known of the codes that they are about."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.action_attempts import ActionType, Moved
from store.api_tables import ActionAttemptRow
from store.once import make_once
from store.pages import Page, paged
from store.tables import AttemptRow

_PROOFS = ("known", "masked", "confirmed")
"""The answers of a lock that show a code to be there."""


async def page_of_attempts(
    session: AsyncSession,
    workspace_id: UUID,
    page: Page,
    *,
    ids: Collection[UUID] | None = None,
    device_id: UUID | None = None,
) -> Sequence[ActionAttemptRow]:
    """List attempts, newest first; one more than the page holds when there are more."""
    query = select(ActionAttemptRow).where(ActionAttemptRow.workspace_id == workspace_id)
    if ids is not None:
        query = query.where(col(ActionAttemptRow.id).in_(ids))
    if device_id is not None:
        query = query.where(ActionAttemptRow.device_id == device_id)
    created_at, id = col(ActionAttemptRow.created_at), col(ActionAttemptRow.id)
    return (await session.exec(paged(query, created_at, id, page))).all()


async def begin(session: AsyncSession, attempt: ActionAttemptRow) -> None:
    """Write an attempt down, once."""
    await make_once(session, ActionAttemptRow, **attempt.model_dump())


async def begin_move(
    session: AsyncSession, *, id: UUID, workspace_id: UUID, device_id: UUID, locked: bool, now: datetime
) -> ActionAttemptRow:
    """Give the row of an attempt to move a door, which is made once, and keep it from others."""
    action = ActionType.LOCK if locked else ActionType.UNLOCK
    return await _begun(session, id, workspace_id, action, device_id, now)


async def begin_removal(
    session: AsyncSession, *, id: UUID, workspace_id: UUID, device_id: UUID, now: datetime
) -> ActionAttemptRow:
    """Give the row of an attempt to take a code of somebody else's off its lock, which is made once."""
    return await _begun(session, id, workspace_id, ActionType.DELETE, device_id, now)


async def _begun(
    session: AsyncSession, id: UUID, workspace_id: UUID, action: ActionType, device_id: UUID, now: datetime
) -> ActionAttemptRow:
    attempt = ActionAttemptRow(
        id=id, workspace_id=workspace_id, action_type=action.value, device_id=device_id, created_at=now
    )
    await begin(session, attempt)
    return (await session.exec(select(ActionAttemptRow).where(ActionAttemptRow.id == id).with_for_update())).one()


async def end_move(session: AsyncSession, id: UUID, moved: Moved) -> bool:
    """Write down how moving a door ended.  False: that is known already, and stays."""
    row = (await session.exec(select(ActionAttemptRow).where(ActionAttemptRow.id == id).with_for_update())).one()
    if row.moved is not None:
        return False
    row.moved = moved.model_dump(mode="json")
    session.add(row)
    return True


async def seen_generation(session: AsyncSession, access_code_id: UUID) -> int:
    """Give the newest generation of a code that was ever read back; 0 when none was."""
    query = select(func.max(AttemptRow.generation)).where(
        AttemptRow.access_code_id == access_code_id, col(AttemptRow.answer).in_(_PROOFS)
    )
    return (await session.exec(query)).one() or 0
