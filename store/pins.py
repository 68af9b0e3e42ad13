"""Whose digits are whose on which lock, and for when: the guard against two codes with one PIN.

Two guards, one behind the other.  Registration refuses digits whose planned time overlaps another's.  Before the
first write the digits are marked `loaded`, and the partial unique index refuses a second code that may be on the same
lock with the same digits, whatever raced to get there.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import PinRow
from store.unmanaged import indexes_of_others


class PinHeldError(Exception):
    """Another code may be on the lock with these digits.  Waiting helps: it ends when that code is proven gone."""

    def __init__(self, held_by: UUID | None) -> None:
        super().__init__("another code on this lock has the same digits")
        self.held_by = held_by


async def planned_with(
    session: AsyncSession,
    device_id: UUID,
    pin_index: str,
    held_from: datetime,
    held_until: datetime | None,
    *,
    besides: UUID,
) -> UUID | None:
    """Find another code that is planned with the same digits for an overlapping time; None when there is none."""
    query = select(PinRow.access_code_id).where(
        PinRow.device_id == device_id,
        PinRow.pin_index == pin_index,
        col(PinRow.released_at).is_(None),
        PinRow.access_code_id != besides,
        or_(col(PinRow.held_until).is_(None), col(PinRow.held_until) > held_from),
    )
    if held_until is not None:
        query = query.where(PinRow.held_from < held_until)
    return (await session.exec(query)).first()


_IN_USE = select(PinRow.pin_index).where(
    PinRow.device_id == bindparam("device_id"),
    or_(col(PinRow.released_at).is_(None), col(PinRow.released_at) > bindparam("since")),
)


async def indexes_in_use(session: AsyncSession, device_id: UUID, since: datetime) -> frozenset[str]:
    """Give the blind indexes of all digits planned, on the lock (others' too), or given up after `since`."""
    ours = (await session.exec(_IN_USE, params={"device_id": device_id, "since": since})).all()
    return frozenset(ours) | await indexes_of_others(session, device_id, since)


async def held_by_others(session: AsyncSession, device_id: UUID, *, besides: UUID) -> Sequence[PinRow]:
    """Read the digits that other codes plan or have on the lock."""
    query = select(PinRow).where(
        PinRow.device_id == device_id, col(PinRow.released_at).is_(None), PinRow.access_code_id != besides
    )
    return (await session.exec(query)).all()


async def load_pin(session: AsyncSession, pin: PinRow, now: datetime) -> None:
    """Write down that these digits may be on the lock from now on.  Doing so again is no matter.

    Raises:
        PinHeldError: another code may be there with the same digits.  The transaction goes on.
    """
    if pin.loaded:
        return
    older = update(PinRow).where(
        col(PinRow.access_code_id) == pin.access_code_id,
        col(PinRow.pin_index) == pin.pin_index,
        col(PinRow.generation) != pin.generation,
        col(PinRow.released_at).is_(None),
    )
    try:
        async with session.begin_nested():
            if pin.generation > 1:
                await session.exec(older.values(released_at=now))
            await session.exec(
                update(PinRow)
                .where(
                    col(PinRow.access_code_id) == pin.access_code_id,
                    col(PinRow.generation) == pin.generation,
                )
                # They may have been given up: digits that made room are put back, though asked for anew meanwhile.
                .values(loaded=True, released_at=None)
            )
    except IntegrityError:
        raise PinHeldError(await _holder(session, pin)) from None


async def is_free(session: AsyncSession, device_id: UUID, pin_index: str, *, besides: UUID) -> bool:
    """Tell whether no other code may be on the lock with these digits."""
    query = select(PinRow.access_code_id).where(
        PinRow.device_id == device_id,
        PinRow.pin_index == pin_index,
        col(PinRow.loaded).is_(True),
        col(PinRow.released_at).is_(None),
        PinRow.access_code_id != besides,
    )
    return (await session.exec(query)).first() is None


async def _holder(session: AsyncSession, pin: PinRow) -> UUID | None:
    query = select(PinRow.access_code_id).where(
        PinRow.device_id == pin.device_id,
        PinRow.pin_index == pin.pin_index,
        col(PinRow.loaded).is_(True),
        col(PinRow.released_at).is_(None),
    )
    return (await session.exec(query)).first()


async def move_pins(session: AsyncSession, code_id: UUID, held_from: datetime, held_until: datetime | None) -> None:
    """Plan a code's digits for another time."""
    await session.exec(
        update(PinRow)
        .where(col(PinRow.access_code_id) == code_id, col(PinRow.released_at).is_(None))
        .values(held_from=held_from, held_until=held_until)
    )


async def unreleased_pins(session: AsyncSession, code_id: UUID) -> Sequence[PinRow]:
    """Read the digits of a code that are spoken for."""
    query = select(PinRow).where(PinRow.access_code_id == code_id, col(PinRow.released_at).is_(None))
    return (await session.exec(query)).all()


async def release_pins(
    session: AsyncSession,
    code_id: UUID,
    now: datetime,
    *,
    keep_generations: Collection[int] = (),
    below_generation: int | None = None,
    above_generation: int | None = None,
    only_generation: int | None = None,
) -> None:
    """Give up a code's digits: all, all but some (which are no longer loaded), all older or newer, or one."""
    mine = update(PinRow).where(col(PinRow.access_code_id) == code_id, col(PinRow.released_at).is_(None))
    if below_generation is not None:
        await session.exec(mine.where(col(PinRow.generation) < below_generation).values(released_at=now))
        return
    if above_generation is not None:
        await session.exec(mine.where(col(PinRow.generation) > above_generation).values(released_at=now))
        return
    if only_generation is not None:
        await session.exec(mine.where(col(PinRow.generation) == only_generation).values(released_at=now))
        return
    if keep_generations:
        await session.exec(mine.where(col(PinRow.generation).in_(keep_generations)).values(loaded=False))
        mine = mine.where(col(PinRow.generation).not_in(keep_generations))
    await session.exec(mine.values(released_at=now))
