"""The books of a lock: every guest's code that needs a slot on it, now or later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.lifecycle import is_refused
from domain.problems import ProblemCode, has
from domain.slot_plan import Booking, booking
from store.codes import visible
from store.slots import slot_in_force
from store.tables import AccessCodeRow, SlotRow


@dataclass(frozen=True, slots=True)
class Books:
    """A lock's books at one moment."""

    stays: Sequence[Booking]
    """Every stay; backup codes that nobody has come after all of them, and are left out."""
    line: Sequence[Booking]
    """The stays that would take a slot if they got one: not those whom something else keeps off the lock."""
    told: frozenset[UUID]
    """Codes that bear the error that there will be no slot for them."""


_OPEN = (
    select(AccessCodeRow, SlotRow.number)
    .join(SlotRow, slot_in_force(), isouter=True)
    .where(AccessCodeRow.device_id == bindparam("device_id"), col(AccessCodeRow.closed).is_(False), visible())
)


_OTHERS = select(func.count()).where(
    AccessCodeRow.device_id == bindparam("device_id"),
    col(AccessCodeRow.closed).is_(False),
    visible(),
    AccessCodeRow.id != bindparam("besides"),
)


async def others_on(session: AsyncSession, device_id: UUID, *, besides: UUID) -> int:
    """Count the guests' codes on a lock that have not ended, without one: it never has more stays beside that one's."""
    return (await session.exec(_OTHERS, params={"device_id": device_id, "besides": besides})).one()


async def books_of(session: AsyncSession, device_id: UUID, now: datetime) -> Books:
    """Read the books of a lock."""
    stays, line, told = list[Booking](), list[Booking](), set[UUID]()
    for row, number in (await session.exec(_OPEN, params={"device_id": device_id})).all():
        code = AccessCode.model_validate(row.code)
        one = booking(row.id, code, row.created_at, has_slot=number is not None, now=now)
        if one is None:
            continue
        stays.append(one)
        if has(code.problems, ProblemCode.NO_SPACE):
            told.add(row.id)
        if not is_refused(code) and not has(code.problems, ProblemCode.DUPLICATE_CODE):
            line.append(one)
    return Books(stays, line, frozenset(told))
