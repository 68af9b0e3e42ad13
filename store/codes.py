"""Access codes as rows: reading one with all that an attempt needs, and writing one back after a change.

`save` is the only writer.  It keeps the books of the lock in step with the code: what is proven gone frees its slot
and its digits in the same transaction, and nothing else ever does.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode, Ending, OnLock, Presence
from domain.devices import DeviceCard, DeviceFacts
from domain.lifecycle import has_digits
from domain.problems import Problems, Severity, raised
from store.at_once import at_once
from store.code_columns import columns_of
from store.pins import release_pins, unreleased_pins
from store.slots import release_slot, slot_in_force
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
    former_slot: SlotRow | None = None
    """The place of older digits, beside that of the newest."""

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
        """Tell whether it is a backup code that nobody has, or a remnant: to the world it does not exist."""
        is_unclaimed = self.row.backup_id is not None and self.row.stands_in_for is None
        return is_unclaimed or self.row.remnant_of is not None

    @property
    def is_readable(self) -> bool:
        """Tell whether anything can be known of the code now."""
        return self.account.disconnected_at is None


_ONE = at_once(
    select(AccessCodeRow, DeviceRow, ConnectedAccountRow, SlotRow)
    .join(DeviceRow, col(AccessCodeRow.device_id) == col(DeviceRow.id))
    .join(ConnectedAccountRow, col(DeviceRow.account_id) == col(ConnectedAccountRow.id))
    .join(SlotRow, slot_in_force(), isouter=True)
    .where(AccessCodeRow.id == bindparam("code_id"))
)
# What a transaction has read before it had to wait may be old by then.
_ONE_TO_CHANGE = _ONE.with_for_update(of=AccessCodeRow, key_share=True).execution_options(populate_existing=True)


async def get(session: AsyncSession, code_id: UUID, *, for_update: bool = False) -> StoredCode:
    """Read one code, deleted ones included; `for_update` keeps others from changing it until the transaction ends.

    Raises:
        CodeNotFoundError: there is no such row.
    """
    query = _ONE_TO_CHANGE if for_update else _ONE
    found = (await session.exec(query, params={"code_id": code_id})).first()
    if found is None:
        raise CodeNotFoundError(f"there is no access code {code_id}")
    row, device, account, slot = found
    code = AccessCode.model_validate(row.code)
    former_slot = None if code.former is None else await _former_slot(session, code_id)
    return StoredCode(
        row=row,
        code=code,
        device=device,
        facts=DeviceFacts.model_validate(device.facts),
        account=account,
        slot=slot,
        former_slot=former_slot,
    )


async def _former_slot(session: AsyncSession, code_id: UUID) -> SlotRow | None:
    query = select(SlotRow).where(SlotRow.access_code_id == code_id, col(SlotRow.is_former).is_(True))
    return (await session.exec(query)).first()


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
    """Select the codes that exist for the world: all but backup codes that nobody has, and remnants."""
    is_of_somebody = or_(col(AccessCodeRow.backup_id).is_(None), col(AccessCodeRow.stands_in_for).is_not(None))
    return and_(is_of_somebody, col(AccessCodeRow.remnant_of).is_(None))


async def open_codes_of(session: AsyncSession, device_ids: Collection[UUID]) -> Sequence[UUID]:
    """Name the codes of locks that have not ended: the guest who arrives soonest first, what lies ready last."""
    arrives = func.coalesce(AccessCodeRow.arrives_at, AccessCodeRow.starts_at, AccessCodeRow.created_at)
    is_spare = and_(col(AccessCodeRow.backup_id).is_not(None), col(AccessCodeRow.stands_in_for).is_(None))
    query = (
        select(AccessCodeRow.id)
        .where(col(AccessCodeRow.device_id).in_(device_ids), col(AccessCodeRow.closed).is_(False))
        .order_by(is_spare, arrives, col(AccessCodeRow.id))
    )
    return (await session.exec(query)).all()


@dataclass(frozen=True, slots=True)
class LockedDevice:
    """A lock with its account and its workspace; others cannot register codes for it until the transaction ends."""

    device: DeviceRow
    account: ConnectedAccountRow
    workspace: WorkspaceRow


_ONE_LOCK = (
    select(DeviceRow, ConnectedAccountRow, WorkspaceRow)
    .join(ConnectedAccountRow, col(DeviceRow.account_id) == col(ConnectedAccountRow.id))
    .join(WorkspaceRow, col(DeviceRow.workspace_id) == col(WorkspaceRow.id))
    .where(DeviceRow.id == bindparam("device_id"), col(DeviceRow.removed_at).is_(None))
    .with_for_update(of=DeviceRow, key_share=True)
)


async def lock_device(session: AsyncSession, device_id: UUID) -> LockedDevice | None:
    """Read a lock for registering a code; None: unknown, or its vendor no longer knows it."""
    found = (await session.exec(_ONE_LOCK, params={"device_id": device_id})).first()
    return None if found is None else LockedDevice(*found)


async def save(session: AsyncSession, stored: StoredCode, code: AccessCode, now: datetime) -> AccessCode:
    """Write a code back, one version on, and free what it no longer holds on the lock."""
    saved = code.model_copy(update={"version": stored.code.version + 1})
    row = stored.row
    row.code, row.version, row.closed = saved.model_dump(mode="json"), saved.version, saved.closed
    row.opens = has_digits(saved)
    for column, value in columns_of(saved).items():
        setattr(row, column, value)
    if saved.closed and saved.wish.ending in (Ending.DELETED, Ending.RELEASED, Ending.MOVED) and row.deleted_at is None:
        row.deleted_at = now
    session.add(row)
    await _free(session, stored, saved, now)
    stored.code = saved
    return saved


async def _free(session: AsyncSession, stored: StoredCode, saved: AccessCode, now: datetime) -> None:
    former = stored.code.former
    if former is not None and saved.former is None:
        if saved.on_lock.generation == former.generation:
            await _return_former(session, stored, saved, now)
            return
        await _free_former(session, stored, saved, former, now)
    if saved.former is not None:
        if former is not None:
            await _free_beside_former(session, stored, saved, saved.former, now)
        return
    was_there = stored.code.on_lock.presence is not Presence.ABSENT
    if saved.on_lock.presence is Presence.ABSENT and (was_there or saved.closed):
        if stored.slot is not None:
            await release_slot(session, stored.slot)
            stored.slot = None
        await release_pins(session, stored.row.id, now, keep_generations=_spoken_for(saved))
    elif (
        saved.former is None
        and has_digits(saved)
        and saved.on_lock.unsettled_writes == 0
        and saved.wish.pin_generation > 1
    ):
        await release_pins(session, stored.row.id, now, below_generation=saved.wish.pin_generation)
    if saved.wish.pin_generation < stored.code.wish.pin_generation:
        await release_pins(session, stored.row.id, now, above_generation=saved.wish.pin_generation)


def _spoken_for(code: AccessCode) -> set[int]:
    """Name the digits that a code may still be given on its lock: the newest, and those that made room for them."""
    if code.closed:
        return set()
    return {code.wish.pin_generation} | ({code.made_room.pin_generation} if code.made_room is not None else set())


async def _free_former(
    session: AsyncSession, stored: StoredCode, saved: AccessCode, former: OnLock, now: datetime
) -> None:
    """Older digits are proven gone from their place."""
    if stored.former_slot is not None:
        await release_slot(session, stored.former_slot)
        stored.former_slot = None
    if former.pin_generation is not None and former.pin_generation != saved.wish.pin_generation:
        await release_pins(session, stored.row.id, now, only_generation=former.pin_generation)


async def _free_beside_former(
    session: AsyncSession, stored: StoredCode, saved: AccessCode, former: OnLock, now: datetime
) -> None:
    """Nothing is in the newest digits' place any more, while older ones are in force in theirs."""
    was_there = stored.code.on_lock.presence is not Presence.ABSENT
    if saved.on_lock.presence is not Presence.ABSENT or not was_there:
        return
    if stored.slot is not None:
        await release_slot(session, stored.slot)
        stored.slot = None
    await _keep_pins(session, stored.row.id, former, saved, now)


async def _return_former(session: AsyncSession, stored: StoredCode, saved: AccessCode, now: datetime) -> None:
    """The former is the code's only place again."""
    if stored.slot is not None:
        await release_slot(session, stored.slot)
    if stored.former_slot is not None:
        stored.former_slot.is_former = False
        session.add(stored.former_slot)
    stored.slot, stored.former_slot = stored.former_slot, None
    await _keep_pins(session, stored.row.id, saved.on_lock, saved, now)


async def _keep_pins(session: AsyncSession, code_id: UUID, in_force: OnLock, saved: AccessCode, now: datetime) -> None:
    """Give up all digits but those in force and those that are wanted, which are on the lock no more."""
    kept = {in_force.pin_generation, saved.wish.pin_generation}
    for row in await unreleased_pins(session, code_id):
        row.loaded = row.loaded and row.generation == in_force.pin_generation
        row.released_at = None if row.generation in kept else now
        session.add(row)


_DIGITS = at_once(
    select(PinRow).where(PinRow.access_code_id == bindparam("code_id"), PinRow.generation == bindparam("generation"))
)
_DIGITS_ON_LOCK = (
    select(PinRow)
    .where(
        PinRow.access_code_id == bindparam("code_id"),
        or_(
            col(PinRow.generation) == bindparam("generation"),
            and_(col(PinRow.loaded), col(PinRow.released_at).is_(None)),
        ),
    )
    .order_by(col(PinRow.generation))
)


async def pin_row(session: AsyncSession, code_id: UUID, generation: int) -> PinRow:
    """Read the digits' row of a generation."""
    return (await session.exec(_DIGITS, params={"code_id": code_id, "generation": generation})).one()


async def held_pins(session: AsyncSession, code_id: UUID, generation: int) -> Sequence[PinRow]:
    """Read the digits of a generation, last, after those of older ones that may still be on the lock."""
    return (await session.exec(_DIGITS_ON_LOCK, params={"code_id": code_id, "generation": generation})).all()
