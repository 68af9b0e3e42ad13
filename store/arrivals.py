"""What a day brings: guests who arrive, and those who should be able to open their door by now.

All of it is read by indexes: the codes that are neither about to begin nor late are not looked at.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.code_lists import stored_codes
from store.codes import StoredCode
from store.tables import AccessCodeRow


async def arriving(
    session: AsyncSession, workspace_id: UUID, after: datetime, before: datetime, *, limit: int
) -> Sequence[StoredCode]:
    """List guests' codes that begin in a span of time, in the order of arrival."""
    arrives = func.coalesce(AccessCodeRow.arrives_at, AccessCodeRow.starts_at)
    query = (
        select(AccessCodeRow)
        .where(
            AccessCodeRow.workspace_id == workspace_id,
            col(AccessCodeRow.closed).is_(False),
            col(AccessCodeRow.is_ending).is_(False),
            col(AccessCodeRow.backup_id).is_(None),
            col(AccessCodeRow.starts_at) > after,
            col(AccessCodeRow.starts_at) <= before,
        )
        .order_by(arrives, col(AccessCodeRow.id))
        .limit(limit)
    )
    return await stored_codes(session, (await session.exec(query)).all())


async def struggling(session: AsyncSession, workspace_id: UUID, now: datetime, *, limit: int) -> Sequence[StoredCode]:
    """List guests' codes that should open the door by now and are not proven to."""
    query = (
        select(AccessCodeRow)
        .where(
            AccessCodeRow.workspace_id == workspace_id,
            col(AccessCodeRow.closed).is_(False),
            col(AccessCodeRow.is_ending).is_(False),
            col(AccessCodeRow.is_left_off).is_(False),
            col(AccessCodeRow.is_proven_in_time).is_(False),
            col(AccessCodeRow.backup_id).is_(None),
            or_(col(AccessCodeRow.begins_at).is_(None), col(AccessCodeRow.begins_at) <= now),
            or_(col(AccessCodeRow.ends_at).is_(None), col(AccessCodeRow.ends_at) > now),
        )
        .order_by(col(AccessCodeRow.starts_at), col(AccessCodeRow.id))
        .limit(limit)
    )
    return await stored_codes(session, (await session.exec(query)).all())


async def next_arrivals(
    session: AsyncSession, workspace_id: UUID, device_ids: Sequence[UUID], now: datetime, before: datetime
) -> Mapping[UUID, datetime]:
    """Say, for each of these locks, when its next guest arrives; for one whose guest is there now, when that one did.

    Locks without a guest until `before` are left out.
    """
    staying = and_(
        or_(col(AccessCodeRow.starts_at).is_(None), col(AccessCodeRow.starts_at) <= before),
        or_(col(AccessCodeRow.ends_at).is_(None), col(AccessCodeRow.ends_at) > now),
    )
    begins = func.coalesce(AccessCodeRow.starts_at, AccessCodeRow.created_at)
    query = (
        select(AccessCodeRow.device_id, func.min(begins))
        .where(
            AccessCodeRow.workspace_id == workspace_id,
            col(AccessCodeRow.device_id).in_(device_ids),
            col(AccessCodeRow.closed).is_(False),
            col(AccessCodeRow.is_ending).is_(False),
            col(AccessCodeRow.backup_id).is_(None),
            staying,
        )
        .group_by(col(AccessCodeRow.device_id))
    )
    return dict((await session.exec(query)).all())
