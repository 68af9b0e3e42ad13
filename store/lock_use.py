"""How full locks are: the places that are held now."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import SlotRow


async def places_held(session: AsyncSession, device_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Count the places that codes of ours hold now, by lock; locks without any are left out."""
    query = (
        select(SlotRow.device_id, func.count())
        .where(col(SlotRow.device_id).in_(device_ids))
        .group_by(col(SlotRow.device_id))
    )
    return dict((await session.exec(query)).all())
