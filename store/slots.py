"""The places on a lock: a code takes the lowest free one before its first write and keeps it until proven gone."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import count
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import AccessCodeRow, SlotRow


class NoSlotError(Exception):
    """Every slot of the lock is held.  Waiting helps: slots come free as codes are proven gone."""


async def take_slot(
    session: AsyncSession,
    device_id: UUID,
    code_id: UUID,
    now: datetime,
    *,
    capacity: int | None,
    avoid: Collection[int] = (),
    spoken_for: int = 0,
) -> SlotRow:
    """Give the code the lowest free slot.  `avoid` names slots in which others' codes were seen; capacity None: no limit.

    As many as are `spoken_for` stay free for those who are before the code in line.

    Raises:
        NoSlotError: none is free.
    """
    held = set(await held_slots(session, device_id))
    taken = held | set(avoid)
    number = next(number for number in count(1) if number not in taken)
    if capacity is not None and (number > capacity or len(held) + spoken_for >= capacity):
        raise NoSlotError("every slot of the lock is held, or goes to who comes first")
    slot = SlotRow(device_id=device_id, number=number, access_code_id=code_id, held_since=now)
    session.add(slot)
    return slot


_HELD = select(SlotRow.number).where(SlotRow.device_id == bindparam("device_id"))


async def held_slots(session: AsyncSession, device_id: UUID) -> Sequence[int]:
    """Name the slots of a lock that codes of ours hold."""
    return (await session.exec(_HELD, params={"device_id": device_id})).all()


async def hold_slot(
    session: AsyncSession,
    device_id: UUID,
    code_id: UUID,
    now: datetime,
    *,
    number: int | None,
    reference: str | None,
) -> SlotRow:
    """Give a code that is on the lock already the slot in which it was seen; None, or held on paper: any that is free."""
    held = set(await held_slots(session, device_id))
    slot = await take_slot(session, device_id, code_id, now, capacity=None, avoid={number} if number in held else ())
    if number is not None and number not in held:
        slot.number = number
    slot.reference = reference
    return slot


def slot_in_force() -> ColumnElement[bool]:
    """Give what joins a code to its slot: not to that of older digits, which it may have besides."""
    return and_(col(SlotRow.access_code_id) == col(AccessCodeRow.id), col(SlotRow.is_former).is_(False))


async def release_slot(session: AsyncSession, slot: SlotRow) -> None:
    """Give the slot back."""
    await session.exec(
        delete(SlotRow).where(col(SlotRow.device_id) == slot.device_id, col(SlotRow.number) == slot.number)
    )
