"""How full locks are: the places that are held now, and those that will be on the days to come."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import AccessCodeRow, SlotRow


async def places_held(session: AsyncSession, device_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Count the places that codes of ours hold now, by lock; locks without any are left out."""
    query = (
        select(SlotRow.device_id, func.count())
        .where(col(SlotRow.device_id).in_(device_ids))
        .group_by(col(SlotRow.device_id))
    )
    return dict((await session.exec(query)).all())


async def stays_between(
    session: AsyncSession, device_id: UUID, after: datetime, before: datetime
) -> Sequence[tuple[datetime | None, datetime | None]]:
    """Give from when until when codes of ours, backups included, are to hold a place on a lock in a span of time."""
    begins, ends = col(AccessCodeRow.begins_at), col(AccessCodeRow.ends_at)
    query = select(AccessCodeRow.begins_at, AccessCodeRow.ends_at).where(
        AccessCodeRow.device_id == device_id,
        col(AccessCodeRow.closed).is_(False),
        or_(begins.is_(None), begins < before),
        or_(ends.is_(None), ends > after, col(AccessCodeRow.is_absent).is_(False)),
    )
    return list((await session.exec(query)).all())
