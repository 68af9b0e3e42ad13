"""Backup pools as rows: making one, and reading it as `domain.backup_pool` knows it.

Rows are locked in one order everywhere, so that no two transactions wait for each other: the pool, then guests' codes,
then backup codes.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.backup_pool import Backup, BackupPool, Member, pool_id
from domain.lifecycle import held_from, is_refused
from domain.policy import Policy
from domain.problems import ProblemCode, has
from domain.room import Stay, room_beside
from store.common_codes import sharing
from store.devices import effective_policy, facts_of
from store.once import make_once
from store.tables import AccessCodeRow, BackupPoolRow, BackupRow, DeviceRow, PooledDeviceRow, WorkspaceRow


@dataclass(slots=True)
class StoredPool:
    """A pool with its locks; others keep away from it until the transaction ends."""

    row: BackupPoolRow
    devices: Sequence[DeviceRow]
    workspace: WorkspaceRow
    pool: BackupPool

    @property
    def is_over(self) -> bool:
        """Nothing of it is on a lock and nothing will be."""
        return not self.row.enabled and not self.pool.backups


async def enable(session: AsyncSession, workspace_id: UUID, device_ids: Collection[UUID], now: datetime) -> str:
    """Have the pool of these locks kept full from now on; give its id."""
    chosen = pool_id(device_ids)
    made = await make_once(
        session, BackupPoolRow, id=chosen, workspace_id=workspace_id, enabled=True, target=0, created_at=now
    )
    if not made:
        await _turn(session, [chosen], enabled=True)
    for device_id in sorted(device_ids, key=str):  # in one order, so that no two wait in a circle
        await make_once(session, PooledDeviceRow, pool_id=chosen, device_id=device_id)
    return chosen


async def disable(session: AsyncSession, pool_ids: Iterable[str]) -> None:
    """Let pools run dry: nothing is added, and backups that nobody has are taken off."""
    await _turn(session, pool_ids, enabled=False)


async def _turn(session: AsyncSession, pool_ids: Iterable[str], *, enabled: bool) -> None:
    await session.exec(
        update(BackupPoolRow)
        .where(col(BackupPoolRow.id).in_(list(pool_ids)), col(BackupPoolRow.enabled).is_not(enabled))
        .values(enabled=enabled)
    )


_OF_LOCK = (
    select(BackupPoolRow)
    .join(PooledDeviceRow, col(PooledDeviceRow.pool_id) == col(BackupPoolRow.id))
    .where(PooledDeviceRow.device_id == bindparam("device_id"))
    .order_by(col(BackupPoolRow.id))
)


async def pools_of(session: AsyncSession, device_id: UUID) -> Sequence[BackupPoolRow]:
    """Give the pools that span a lock: its own, and those of the sets that it belongs to."""
    return (await session.exec(_OF_LOCK, params={"device_id": device_id})).all()


async def locks_of(session: AsyncSession, chosen: str) -> Sequence[UUID]:
    """Name the locks that a pool spans."""
    return (await session.exec(select(PooledDeviceRow.device_id).where(PooledDeviceRow.pool_id == chosen))).all()


async def tended_pools(session: AsyncSession) -> Sequence[str]:
    """Name the pools that somebody must look after: those that are kept full, and those with backups left."""
    left = select(BackupRow.pool_id).where(col(BackupRow.closed_at).is_(None))
    query = select(BackupPoolRow.id).where(or_(col(BackupPoolRow.enabled), col(BackupPoolRow.id).in_(left)))
    return (await session.exec(query)).all()


async def pool_of_code(session: AsyncSession, row: AccessCodeRow) -> str | None:
    """Name the pool that a code is backed up by; None when there is none.

    A code that shares its digits asks the pool that serves its key already, else that of the locks which its key
    is on now, else its lock's own.
    """
    if row.common_code_key is not None:
        serving = await _serving(session, row, row.common_code_key)
        if serving is not None:
            return serving
        on = {member.device_id for member in await sharing(session, row.workspace_id, row.common_code_key)}
        if len(on) > 1 and await session.get(BackupPoolRow, pool_id(on)) is not None:
            return pool_id(on)
    own = await session.get(BackupPoolRow, str(row.device_id))
    return None if own is None else own.id


async def _serving(session: AsyncSession, row: AccessCodeRow, key: str) -> str | None:
    query = (
        select(BackupRow.pool_id)
        .join(PooledDeviceRow, col(PooledDeviceRow.pool_id) == col(BackupRow.pool_id))
        .join(BackupPoolRow, col(BackupPoolRow.id) == col(BackupRow.pool_id))
        .where(
            BackupRow.claim == key,
            col(BackupRow.closed_at).is_(None),
            PooledDeviceRow.device_id == row.device_id,
            BackupPoolRow.workspace_id == row.workspace_id,
        )
    )
    return (await session.exec(query)).first()


async def is_begun(session: AsyncSession, chosen: str) -> bool:
    """Tell whether a pool has ever held a backup."""
    return (await session.exec(select(BackupRow.id).where(BackupRow.pool_id == chosen).limit(1))).first() is not None


@dataclass(frozen=True, slots=True)
class PooledCode:
    """A backup code that may be on a lock."""

    row: AccessCodeRow
    member: Member
    pool_id: str
    claim: str | None

    @property
    def is_ready(self) -> bool:
        """It could be handed out at once."""
        return self.claim is None and self.member.opens and not self.member.is_leaving


async def backup_codes_on(session: AsyncSession, device_id: UUID) -> list[PooledCode]:
    """Give the backup codes of a lock that are not proven gone, whoever has them."""
    query = (
        select(AccessCodeRow, BackupRow)
        .join(BackupRow, col(BackupRow.id) == col(AccessCodeRow.backup_id))
        .where(
            AccessCodeRow.device_id == device_id,
            col(AccessCodeRow.closed).is_(False),
            # Said although it leaves nothing out, as does the join: so SQLite finds the index of backup codes better than
            # that of all codes of a lock.
            col(AccessCodeRow.backup_id).is_not(None),
            col(AccessCodeRow.opens).in_([True, False]),
        )
        .order_by(col(BackupRow.created_at), col(BackupRow.id))
    )
    rows = (await session.exec(query)).all()
    return [PooledCode(row, _member(row), backup.pool_id, backup.claim) for row, backup in rows]


async def load(session: AsyncSession, chosen: str, now: datetime) -> StoredPool | None:
    """Read a pool whole and keep others from it; None when there is none."""
    row = await session.get(BackupPoolRow, chosen, with_for_update={"key_share": True}, populate_existing=True)
    if row is None:
        return None
    query = (
        select(DeviceRow)
        .join(PooledDeviceRow, col(PooledDeviceRow.device_id) == col(DeviceRow.id))
        .where(PooledDeviceRow.pool_id == chosen)
        .order_by(col(DeviceRow.id))
        .execution_options(populate_existing=True)
    )
    devices = (await session.exec(query)).all()
    workspace = await session.get_one(WorkspaceRow, row.workspace_id)
    size = min(effective_policy(workspace, device).backup_pool_size for device in devices)
    rooms = [await _room(session, row, device, effective_policy(workspace, device), now) for device in devices]
    pool = BackupPool(
        device_ids=tuple(device.id for device in devices),
        is_enabled=row.enabled and all(device.is_managed for device in devices),
        size=size,
        room=min((room for room in rooms if room is not None), default=None),
        refused_at=row.refused_at,
        backups=await _backups(session, chosen, now),
    )
    return StoredPool(row=row, devices=devices, workspace=workspace, pool=pool)


async def _backups(session: AsyncSession, chosen: str, now: datetime) -> tuple[Backup, ...]:
    """Read the pool's open backups, the oldest first."""
    rows = (
        await session.exec(
            select(BackupRow)
            .where(BackupRow.pool_id == chosen, col(BackupRow.closed_at).is_(None))
            .order_by(col(BackupRow.created_at), col(BackupRow.id))
        )
    ).all()
    members = (
        await session.exec(
            select(AccessCodeRow)
            .where(col(AccessCodeRow.backup_id).in_([row.id for row in rows]))
            .order_by(col(AccessCodeRow.device_id))
            .execution_options(populate_existing=True)
        )
    ).all()
    return tuple(
        Backup(id=row.id, claim=row.claim, members=tuple(_member(one) for one in members if one.backup_id == row.id))
        for row in rows
    )


def _member(row: AccessCodeRow) -> Member:
    code = AccessCode.model_validate(row.code)
    troubles = (ProblemCode.DELAY_IN_SETTING, ProblemCode.FAILED_TO_SET, ProblemCode.NO_SPACE)
    return Member(
        access_code_id=row.id,
        device_id=row.device_id,
        opens=row.opens,
        is_refused=is_refused(code),
        is_late=any(has(code.problems, problem) for problem in troubles),
        is_leaving=code.wish.ending is not None,
        is_gone=row.closed,
        stands_in_for=row.stands_in_for,
    )


async def _room(
    session: AsyncSession, row: BackupPoolRow, device: DeviceRow, policy: Policy, now: datetime
) -> int | None:
    """Count the places for this pool on a lock.  A lock's own pool comes before those that it shares."""
    capacity = facts_of(device).max_active_codes_supported
    if capacity is None:
        return None
    open_codes = await session.exec(
        select(AccessCodeRow).where(AccessCodeRow.device_id == device.id, col(AccessCodeRow.closed).is_(False))
    )
    stays = [_stay(one, now) for one in open_codes.all() if one.backup_id is None or one.stands_in_for is not None]
    room = room_beside(capacity, stays, now) or 0
    if row.id == str(device.id):
        return room
    own = await session.get(BackupPoolRow, str(device.id))
    return room if own is None or not own.enabled else max(0, room - policy.backup_pool_size)


def _stay(row: AccessCodeRow, now: datetime) -> Stay:
    code = AccessCode.model_validate(row.code)
    ends_at = code.wish.ends_at if code.wish.ending is None else now + timedelta(seconds=1)
    return held_from(code) or row.created_at, ends_at


async def claim_backup(session: AsyncSession, backup_id: UUID, claim: str, now: datetime) -> None:
    """Write down who has a backup.  The unique index refuses a second one for the same claim."""
    row = await session.get_one(BackupRow, backup_id)
    if row.claim is None:
        row.claim, row.claimed_at = claim, now
        session.add(row)


async def close_backups(session: AsyncSession, backup_ids: Collection[UUID], now: datetime) -> None:
    """Write down that nothing of these backups is on a lock, nor will be."""
    if backup_ids:
        await session.exec(
            update(BackupRow)
            .where(col(BackupRow.id).in_(backup_ids), col(BackupRow.closed_at).is_(None))
            .values(closed_at=now)
        )
