"""Codes that somebody else put on locks, as rows."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.drift import Entry
from store.pages import Page, paged
from store.unmanaged_tables import UnmanagedCodeRow


def entry_of(row: UnmanagedCodeRow) -> Entry:
    """Give the code as its lock last showed it."""
    return Entry(row.reference, row.slot, row.name, row.pin_index)


async def unmanaged_on(session: AsyncSession, device_id: UUID) -> Sequence[UnmanagedCodeRow]:
    """List the codes of others on a lock."""
    query = (
        select(UnmanagedCodeRow)
        .where(UnmanagedCodeRow.device_id == device_id, col(UnmanagedCodeRow.gone_at).is_(None))
        .order_by(col(UnmanagedCodeRow.created_at), col(UnmanagedCodeRow.id))
    )
    return (await session.exec(query)).all()


async def get_unmanaged(
    session: AsyncSession, code_id: UUID, *, workspace_id: UUID | None = None
) -> UnmanagedCodeRow | None:
    """Give one; None: there is none, it is gone, or it is another workspace's."""
    row = await session.get(UnmanagedCodeRow, code_id)
    known = row is not None and row.gone_at is None and workspace_id in (None, row.workspace_id)
    return row if known else None


async def with_digits(session: AsyncSession, device_id: UUID, pin_index: str) -> UnmanagedCodeRow | None:
    """Give the code of somebody else's that has these digits on a lock; None when there is none."""
    query = select(UnmanagedCodeRow).where(
        UnmanagedCodeRow.device_id == device_id,
        UnmanagedCodeRow.pin_index == pin_index,
        col(UnmanagedCodeRow.gone_at).is_(None),
    )
    return (await session.exec(query)).first()


_IN_USE = select(UnmanagedCodeRow.pin_index).where(
    UnmanagedCodeRow.device_id == bindparam("device_id"),
    col(UnmanagedCodeRow.pin_index).is_not(None),
    col(UnmanagedCodeRow.gone_at).is_(None) | (col(UnmanagedCodeRow.gone_at) > bindparam("since")),
)


async def indexes_of_others(session: AsyncSession, device_id: UUID, since: datetime) -> frozenset[str]:
    """Give the keyed hashes of the digits of others' codes that are on a lock, or were there after `since`."""
    rows = await session.exec(_IN_USE, params={"device_id": device_id, "since": since})
    return frozenset(index for index in rows.all() if index is not None)


async def page_of_unmanaged(
    session: AsyncSession, workspace_id: UUID, device_id: UUID, page: Page, *, search: str | None
) -> Sequence[UnmanagedCodeRow]:
    """List the codes of others on a lock, newest first; one more than the page holds when there are more."""
    query = select(UnmanagedCodeRow).where(
        UnmanagedCodeRow.workspace_id == workspace_id,
        UnmanagedCodeRow.device_id == device_id,
        col(UnmanagedCodeRow.gone_at).is_(None),
    )
    if search is not None:
        query = query.where(func.lower(UnmanagedCodeRow.name).contains(search.lower(), autoescape=True))
    created_at, id = col(UnmanagedCodeRow.created_at), col(UnmanagedCodeRow.id)
    return (await session.exec(paged(query, created_at, id, page))).all()
