"""Access codes as rows: reading one with all that an attempt needs, and writing one back after a change.

`save` is the only writer.  It keeps the books of the lock in step with the code: what is proven gone frees its slot
and its digits in the same transaction, and nothing else ever does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode, Ending, Presence
from domain.devices import DeviceCard, DeviceFacts
from domain.lifecycle import opens
from domain.problems import Problems, Severity, raised
from store.code_columns import columns_of
from store.pins import release_pins
from store.slots import release_slot
from store.standing import problems_of_account, problems_of_device
from store.tables import AccessCodeRow, ConnectedAccountRow, DeviceRow, PinRow, SlotRow, WorkspaceRow


def card(device: DeviceRow, account: ConnectedAccountRow) -> DeviceCard:
    """Give what a code's workflow must know of its lock."""
    return DeviceCard(
        device_id=device.id,
        workspace_id=device.workspace_id,
        account_id=account.id,
        provider=account.provider,
        name=device.name,
    )


class CodeNotFoundError(Exception):
    """No such access code, or its deletion is complete."""


@dataclass(slots=True)
class StoredCode:
    """A code with its lock, its account and its place on the lock, read in one transaction."""

    row: AccessCodeRow
    code: AccessCode
    device: DeviceRow
    facts: DeviceFacts
    account: ConnectedAccountRow
    slot: SlotRow | None = None

    @property
    def problems(self) -> Problems:
        """The code's own problems and, while it lives, those of its account and its lock: they are the code's, too."""
        if self.code.closed:
            return self.code.problems
        problems = self.code.problems
        for shared in (*problems_of_account(self.account), *problems_of_device(self.device)):
            if shared.severity is Severity.ERROR:
                problems = raised(problems, shared.code, shared.created_at, shared.message)
        return problems

    @property
    def is_hidden(self) -> bool:
        """Tell whether it is a backup code that nobody has: to the world it does not exist."""
        return self.row.backup_id is not None and self.row.stands_in_for is None

    @property
    def is_readable(self) -> bool:
        """Tell whether anything can be known of the code now."""
        return self.account.disconnected_at is None


async def get(session: AsyncSession, code_id: UUID, *, for_update: bool = False) -> StoredCode:
    """Read one code, deleted ones included; `for_update` keeps others from changing it until the transaction ends.

    Raises:
        CodeNotFoundError: there is no such row.
    """
    query = (
        select(AccessCodeRow, DeviceRow, ConnectedAccountRow, SlotRow)
        .join(DeviceRow, col(AccessCodeRow.device_id) == col(DeviceRow.id))
        .join(ConnectedAccountRow, col(DeviceRow.account_id) == col(ConnectedAccountRow.id))
        .join(SlotRow, col(SlotRow.access_code_id) == col(AccessCodeRow.id), isouter=True)
        .where(AccessCodeRow.id == code_id)
    )
    if for_update:
        # What this transaction has read before it had to wait may be old by now.
        query = query.with_for_update(of=AccessCodeRow, key_share=True).execution_options(populate_existing=True)
    found = (await session.exec(query)).first()
    if found is None:
        raise CodeNotFoundError(f"there is no access code {code_id}")
    row, device, account, slot = found
    return StoredCode(
        row=row,
        code=AccessCode.model_validate(row.code),
        device=device,
        facts=DeviceFacts.model_validate(device.facts),
        account=account,
        slot=slot,
    )


async def list_codes(
    session: AsyncSession, workspace_id: UUID, *, device_id: UUID | None = None, limit: int = 500
) -> Sequence[StoredCode]:
    """List a workspace's codes, newest first; those whose deletion is complete, and unpulled backups, are left out."""
    query = (
        select(AccessCodeRow, DeviceRow, ConnectedAccountRow)
        .join(DeviceRow, col(AccessCodeRow.device_id) == col(DeviceRow.id))
        .join(ConnectedAccountRow, col(DeviceRow.account_id) == col(ConnectedAccountRow.id))
        .where(AccessCodeRow.workspace_id == workspace_id, col(AccessCodeRow.deleted_at).is_(None), visible())
        .order_by(col(AccessCodeRow.created_at).desc())
        .limit(limit)
    )
    if device_id is not None:
        query = query.where(AccessCodeRow.device_id == device_id)
    return [
        StoredCode(
            row=row,
            code=AccessCode.model_validate(row.code),
            device=device,
            facts=DeviceFacts.model_validate(device.facts),
            account=account,
        )
        for row, device, account in (await session.exec(query)).all()
    ]


def visible() -> ColumnElement[bool]:
    """Select the codes that exist for the world: all but backup codes that nobody has."""
    return or_(col(AccessCodeRow.backup_id).is_(None), col(AccessCodeRow.stands_in_for).is_not(None))


async def open_codes_of(session: AsyncSession, device_id: UUID) -> Sequence[UUID]:
    """Name the codes of a lock that have not ended."""
    query = select(AccessCodeRow.id).where(AccessCodeRow.device_id == device_id, col(AccessCodeRow.closed).is_(False))
    return (await session.exec(query)).all()


@dataclass(frozen=True, slots=True)
class LockedDevice:
    """A lock with its account and its workspace; others cannot register codes for it until the transaction ends."""

    device: DeviceRow
    account: ConnectedAccountRow
    workspace: WorkspaceRow


async def lock_device(session: AsyncSession, device_id: UUID) -> LockedDevice | None:
    """Read a lock for registering a code; None: unknown, or its vendor no longer knows it."""
    query = (
        select(DeviceRow, ConnectedAccountRow, WorkspaceRow)
        .join(ConnectedAccountRow, col(DeviceRow.account_id) == col(ConnectedAccountRow.id))
        .join(WorkspaceRow, col(DeviceRow.workspace_id) == col(WorkspaceRow.id))
        .where(DeviceRow.id == device_id, col(DeviceRow.removed_at).is_(None))
        .with_for_update(of=DeviceRow, key_share=True)
    )
    found = (await session.exec(query)).first()
    return None if found is None else LockedDevice(*found)


async def save(session: AsyncSession, stored: StoredCode, code: AccessCode, now: datetime) -> AccessCode:
    """Write a code back, one version on, and free what it no longer holds on the lock."""
    saved = code.model_copy(update={"version": stored.code.version + 1})
    row = stored.row
    row.code, row.version, row.closed = saved.model_dump(mode="json"), saved.version, saved.closed
    row.opens = opens(saved)
    for column, value in columns_of(saved).items():
        setattr(row, column, value)
    if saved.closed and saved.wish.ending in (Ending.DELETED, Ending.RELEASED) and row.deleted_at is None:
        row.deleted_at = now
    session.add(row)
    await _free(session, stored, saved, now)
    stored.code = saved
    return saved


async def _free(session: AsyncSession, stored: StoredCode, saved: AccessCode, now: datetime) -> None:
    was_there = stored.code.on_lock.presence is not Presence.ABSENT
    if saved.on_lock.presence is Presence.ABSENT and (was_there or saved.closed):
        if stored.slot is not None:
            await release_slot(session, stored.slot)
            stored.slot = None
        newest = None if saved.closed else saved.wish.pin_generation
        await release_pins(session, stored.row.id, now, keep_generation=newest)
    elif opens(saved) and saved.on_lock.unsettled_writes == 0 and saved.wish.pin_generation > 1:
        await release_pins(session, stored.row.id, now, below_generation=saved.wish.pin_generation)


async def pin_row(session: AsyncSession, code_id: UUID, generation: int) -> PinRow:
    """Read the digits' row of a generation."""
    query = select(PinRow).where(PinRow.access_code_id == code_id, PinRow.generation == generation)
    return (await session.exec(query)).one()


async def held_pins(session: AsyncSession, code_id: UUID, generation: int) -> Sequence[PinRow]:
    """Read the digits of a generation, last, after those of older ones that may still be on the lock."""
    query = (
        select(PinRow)
        .where(
            PinRow.access_code_id == code_id,
            or_(col(PinRow.generation) == generation, and_(col(PinRow.loaded), col(PinRow.released_at).is_(None))),
        )
        .order_by(col(PinRow.generation))
    )
    return (await session.exec(query)).all()
