"""The books of a lock: every guest's code that needs a slot on it, now or later."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.lifecycle import is_refused
from domain.problems import ProblemCode, has
from domain.slot_plan import Booking, booking
from store.codes import visible
from store.slots import slot_in_force
from store.tables import AccessCodeRow, SlotRow


async def bookings_on(session: AsyncSession, device_id: UUID, now: datetime) -> Sequence[Booking]:
    """List the stays in a lock's books; backup codes that nobody has come after all of them, and are left out."""
    return [one for one, _ in await _booked(session, device_id, now)]


async def in_line_on(session: AsyncSession, device_id: UUID, now: datetime) -> Sequence[Booking]:
    """List the stays that would take a slot if they got one: not those whom something else keeps off the lock."""
    return [
        one
        for one, code in await _booked(session, device_id, now)
        if not is_refused(code) and not has(code.problems, ProblemCode.DUPLICATE_CODE)
    ]


async def _booked(session: AsyncSession, device_id: UUID, now: datetime) -> list[tuple[Booking, AccessCode]]:
    query = (
        select(AccessCodeRow, SlotRow.number)
        .join(SlotRow, slot_in_force(), isouter=True)
        .where(AccessCodeRow.device_id == device_id, col(AccessCodeRow.closed).is_(False), visible())
    )
    found = []
    for row, number in (await session.exec(query)).all():
        code = AccessCode.model_validate(row.code)
        one = booking(row.id, code, row.created_at, has_slot=number is not None, now=now)
        if one is not None:
            found.append((one, code))
    return found
