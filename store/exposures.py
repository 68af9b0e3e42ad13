"""Exposed codes as rows: one workspace's, with what was tried on their locks last.

A code that may be on a lock holds a slot there, so only codes with a slot, and those that were left, are looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.devices import DeviceFacts
from domain.exposure import Exposure, ExposureReason, Left, exposure
from store.codes import StoredCode
from store.slots import slot_in_force
from store.tables import AccessCodeRow, AttemptRow, ConnectedAccountRow, DeviceRow, SlotRow


@dataclass(frozen=True, slots=True)
class ExposedCode:
    """A code that should be gone and is not proven gone, with the operations since then, the oldest first."""

    stored: StoredCode
    exposure: Exposure
    attempts: Sequence[AttemptRow] = ()
    tried: int = 0
    """How many operations there were in all; `attempts` are the last of them."""


def left_of(row: AccessCodeRow) -> Left | None:
    """Give since when and why Latchwork was told to leave the code; None: it was not."""
    if row.left_at is None or row.left_because is None:
        return None
    return Left(at=row.left_at, because=ExposureReason(row.left_because))


async def exposed_codes(
    session: AsyncSession, workspace_id: UUID, now: datetime, *, device_id: UUID | None = None, attempts: int
) -> list[ExposedCode]:
    """List a workspace's exposed codes, by lock and then the longest first; each with its last `attempts`."""
    is_live, was_left = col(AccessCodeRow.closed).is_(False), col(AccessCodeRow.left_at).is_not(None)
    # Any slot of the code, also its former one: not the slot that the query shows beside it.
    has_slot = exists().where(col(SlotRow.access_code_id) == col(AccessCodeRow.id)).correlate(AccessCodeRow)
    query = (
        select(AccessCodeRow, DeviceRow, ConnectedAccountRow, SlotRow)
        .join(DeviceRow, col(AccessCodeRow.device_id) == col(DeviceRow.id))
        .join(ConnectedAccountRow, col(DeviceRow.account_id) == col(ConnectedAccountRow.id))
        .join(SlotRow, slot_in_force(), isouter=True)
        .where(
            AccessCodeRow.workspace_id == workspace_id,
            or_(and_(is_live, or_(has_slot, was_left)), and_(was_left, has_slot)),
        )
    )
    if device_id is not None:
        query = query.where(AccessCodeRow.device_id == device_id)
    found = []
    for row, device, account, slot in (await session.exec(query)).all():
        code = AccessCode.model_validate(row.code)
        exposed = exposure(code, left_of(row), now)
        if exposed is not None:
            facts = DeviceFacts.model_validate(device.facts)
            found.append(ExposedCode(StoredCode(row, code, device, facts, account, slot), exposed))
    found.sort(key=lambda one: (one.stored.device.name, str(one.stored.device.id), one.exposure.since))
    return [await _with_attempts(session, one, attempts) for one in found]


async def _with_attempts(session: AsyncSession, one: ExposedCode, limit: int) -> ExposedCode:
    since = (AttemptRow.access_code_id == one.stored.row.id, col(AttemptRow.started_at) >= one.exposure.since)
    tried = (await session.exec(select(func.count()).select_from(AttemptRow).where(*since))).one()
    newest = select(AttemptRow).where(*since).order_by(col(AttemptRow.id).desc()).limit(limit)
    rows = (await session.exec(newest)).all()
    return ExposedCode(one.stored, one.exposure, tuple(reversed(rows)), tried)
