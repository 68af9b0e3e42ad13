"""What a look at a whole lock is compared with: the codes that may be on it, by what they are recognised by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import String, cast, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.drift import Expected
from domain.names import mark
from store.pins import is_free
from store.slots import slot_in_force
from store.tables import AccessCodeRow, ConnectedAccountRow, DeviceRow, PinRow, SlotRow


@dataclass(frozen=True, slots=True)
class Booked:
    """A code in the books of a lock, and how it would be recognised there."""

    id: UUID
    code: AccessCode
    expected: Expected
    is_backup: bool


async def booked_on(session: AsyncSession, device_id: UUID) -> Sequence[Booked]:
    """List the codes of a lock that have not ended, guests' before backup codes: rows are locked in that order."""
    query = (
        select(AccessCodeRow, SlotRow)
        .join(SlotRow, slot_in_force(), isouter=True)
        .where(AccessCodeRow.device_id == device_id, col(AccessCodeRow.closed).is_(False))
        .order_by(col(AccessCodeRow.backup_id).is_not(None), col(AccessCodeRow.id))
    )
    loaded = await _loaded_indexes(session, device_id)
    return [_booked(row, slot, loaded.get(row.id, frozenset())) for row, slot in (await session.exec(query)).all()]


async def ended_with_marks(session: AsyncSession, device_id: UUID, marks: Collection[str]) -> Sequence[Booked]:
    """List ended codes of a lock whose marks these are."""
    if not marks:
        return []
    shown = cast(AccessCodeRow.id, String)
    query = select(AccessCodeRow).where(
        AccessCodeRow.device_id == device_id,
        col(AccessCodeRow.closed).is_(True),
        or_(*(shown.startswith(found.split(".")[0], autoescape=True) for found in marks)),
    )
    return [_booked(row, None, frozenset()) for row in (await session.exec(query)).all()]


async def proven_gone_at(session: AsyncSession, code_id: UUID) -> datetime | None:
    """When a code's digits were given up; None: they are not."""
    query = select(PinRow.released_at).where(PinRow.access_code_id == code_id).order_by(col(PinRow.generation).desc())
    return (await session.exec(query)).first()


async def hold_again(session: AsyncSession, code_id: UUID, generation: int) -> None:
    """Keep the digits of a code that is there although it was proven gone, where nobody else has them by now."""
    pin = await session.get_one(PinRow, (code_id, generation))
    if await is_free(session, pin.device_id, pin.pin_index, besides=code_id):
        pin.loaded, pin.released_at = True, None
        session.add(pin)


async def locks_of(session: AsyncSession, account_id: UUID, ids: Collection[UUID]) -> Sequence[DeviceRow]:
    """List an account's locks that can be read, in the order of their names; those with these ids, where any are given."""
    query = (
        select(DeviceRow)
        .join(ConnectedAccountRow, col(ConnectedAccountRow.id) == col(DeviceRow.account_id))
        .where(DeviceRow.account_id == account_id, col(DeviceRow.removed_at).is_(None))
        .order_by(col(DeviceRow.name), col(DeviceRow.id))
    )
    # Who names a lock wants to know whether it can be read by now.
    chosen = col(DeviceRow.id).in_(ids) if ids else col(ConnectedAccountRow.disconnected_at).is_(None)
    return (await session.exec(query.where(chosen))).all()


async def _loaded_indexes(session: AsyncSession, device_id: UUID) -> Mapping[UUID, frozenset[str]]:
    query = select(PinRow).where(
        PinRow.device_id == device_id, col(PinRow.loaded).is_(True), col(PinRow.released_at).is_(None)
    )
    found: dict[UUID, frozenset[str]] = {}
    for pin in (await session.exec(query)).all():
        found[pin.access_code_id] = found.get(pin.access_code_id, frozenset()) | {pin.pin_index}
    return found


def _booked(row: AccessCodeRow, slot: SlotRow | None, pin_indexes: frozenset[str]) -> Booked:
    expected = Expected(
        stem=mark(row.id, 0).removesuffix("0"),
        reference=None if slot is None else slot.reference,
        pin_indexes=pin_indexes,
    )
    return Booked(row.id, AccessCode.model_validate(row.code), expected, row.backup_id is not None)
