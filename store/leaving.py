"""Leaving locks on which codes are live: which those are, and that they were left."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import Ending
from domain.exposure import ExposureReason
from domain.moving import emptied
from store import codes
from store.codes import visible
from store.pins import release_pins
from store.remnants import open_remnants
from store.slots import release_slot
from store.tables import AccessCodeRow, DeviceRow, SlotRow


def live_on(device_id: UUID) -> list[ColumnElement[bool]]:
    """Choose the codes of guests on a lock that have not ended: all but backup codes that nobody has."""
    return [col(AccessCodeRow.device_id) == device_id, col(AccessCodeRow.closed).is_(False), visible()]


def live_in(account_id: UUID) -> list[ColumnElement[bool]]:
    """Choose everything of ours on the locks of an account that has not ended, backup codes included."""
    locks = select(DeviceRow.id).where(DeviceRow.account_id == account_id)
    return [col(AccessCodeRow.device_id).in_(locks), col(AccessCodeRow.closed).is_(False)]


async def count(session: AsyncSession, chosen: list[ColumnElement[bool]]) -> int:
    """Count codes."""
    return (await session.exec(select(func.count()).select_from(AccessCodeRow).where(*chosen))).one()


async def leave(
    session: AsyncSession, chosen: list[ColumnElement[bool]], because: ExposureReason, now: datetime
) -> None:
    """Write down that these codes were left on their locks; one that was left before keeps its reason."""
    not_yet = col(AccessCodeRow.left_at).is_(None)
    values = {"left_at": now, "left_because": because.value}
    await session.exec(update(AccessCodeRow).where(*chosen, not_yet).values(**values))


async def release(session: AsyncSession, code_ids: Collection[UUID], now: datetime) -> None:
    """Write down that these codes stay on their locks for good, whatever was said of them before."""
    values = {"left_at": now, "left_because": ExposureReason.RELEASED.value}
    await session.exec(update(AccessCodeRow).where(col(AccessCodeRow.id).in_(code_ids)).values(**values))


async def take_back(session: AsyncSession, device_id: UUID) -> None:
    """Write down that the codes of a lock are looked after again; what was released is gone from our hands."""
    left = col(AccessCodeRow.left_because) == ExposureReason.DEVICE_UNMANAGED.value
    chosen = (col(AccessCodeRow.device_id) == device_id, left)
    await session.exec(update(AccessCodeRow).where(*chosen).values(left_at=None, left_because=None))


async def settle(session: AsyncSession, workspace_id: UUID, code_id: UUID, now: datetime) -> bool:
    """Take somebody's word that a released code is off its lock: its slot and digits are free.  False: it is none.

    The same for what a code that was moved left on a lock which its vendor lists no more: nobody can read that one.
    """
    if await _settle_remnants(session, workspace_id, code_id, now):
        return True
    row = await session.get(AccessCodeRow, code_id, with_for_update={"key_share": True}, populate_existing=True)
    is_released = row is not None and row.closed and row.left_because == ExposureReason.RELEASED.value
    if row is None or not is_released or row.workspace_id != workspace_id:
        return False
    row.left_at = row.left_because = None
    session.add(row)
    for slot in (await session.exec(select(SlotRow).where(SlotRow.access_code_id == code_id))).all():
        await release_slot(session, slot)
    await release_pins(session, code_id, now)
    return True


async def _settle_remnants(session: AsyncSession, workspace_id: UUID, code_id: UUID, now: datetime) -> bool:
    gone = []
    for row in await open_remnants(session, code_id):
        stored = await codes.get(session, row.id, for_update=True)
        is_lost = stored.device.removed_at is not None and stored.code.wish.ending is Ending.MOVED
        if is_lost and row.workspace_id == workspace_id and not stored.code.closed:
            await codes.save(session, stored, emptied(stored.code, now), now)
            gone.append(row.id)
    return bool(gone)
