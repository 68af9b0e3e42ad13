"""What moved codes left on their older locks, as rows: whose it is, and what goes along when a place changes hands."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.lifecycle import has_digits
from store.code_columns import columns_of
from store.codes import StoredCode
from store.tables import AccessCodeRow, SlotRow


async def open_remnant(session: AsyncSession, code_id: UUID, device_id: UUID) -> UUID | None:
    """Name what a code left on a lock and is not proven gone from there; the latest, if it left several."""
    query = (
        select(AccessCodeRow.id)
        .where(
            AccessCodeRow.remnant_of == code_id,
            AccessCodeRow.device_id == device_id,
            col(AccessCodeRow.closed).is_(False),
        )
        .order_by(col(AccessCodeRow.created_at).desc())
    )
    return (await session.exec(query)).first()


async def open_remnants(session: AsyncSession, code_id: UUID) -> Sequence[AccessCodeRow]:
    """Read all that a code left on other locks and that is not proven gone."""
    query = select(AccessCodeRow).where(AccessCodeRow.remnant_of == code_id, col(AccessCodeRow.closed).is_(False))
    return (await session.exec(query)).all()


async def add_remnant(
    session: AsyncSession, of: StoredCode, remnant_id: UUID, code: AccessCode, now: datetime
) -> AccessCodeRow:
    """Write down what a code leaves on the lock that it is on, under a name of its own."""
    row = AccessCodeRow(
        id=remnant_id,
        workspace_id=of.row.workspace_id,
        device_id=of.device.id,
        name=of.row.name,
        arrives_at=of.row.arrives_at,
        code=code.model_dump(mode="json"),
        created_at=now,
        remnant_of=of.row.id,
        opens=has_digits(code),
        **columns_of(code),
    )
    session.add(row)
    await session.flush()  # its slots and digits refer to it
    return row


async def hand_over_slots(session: AsyncSession, code_id: UUID, to: UUID) -> None:
    """Give one code's places on its lock to another."""
    await session.exec(update(SlotRow).where(col(SlotRow.access_code_id) == code_id).values(access_code_id=to))
