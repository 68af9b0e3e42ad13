"""What a look at a pool means for its locks: their problems, and who may have a place now."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.backup_pool import REFILL_AFTER_REFUSAL, BackupPool
from domain.lifecycle import is_wanted
from domain.pool_problems import Stock, with_stock
from domain.problems import ProblemCode, has
from store import devices
from store.backup_pools import PooledCode, StoredPool, backup_codes_on, pools_of
from store.devices import effective_policy, facts_of
from store.tables import AccessCodeRow, BackupPoolRow, DeviceRow, WorkspaceRow


async def note_stock(session: AsyncSession, stored: StoredPool, now: datetime) -> None:
    """Raise and clear the problems of the pool's locks, by what each of their pools has there."""
    await session.flush()
    for device in stored.devices:
        await note_stock_on(session, device.id, stored.workspace, now)


async def note_stock_on(session: AsyncSession, device_id: UUID, workspace: WorkspaceRow, now: datetime) -> None:
    """Raise and clear one lock's problems with its backup codes."""
    device = await session.get_one(DeviceRow, device_id, with_for_update={"key_share": True}, populate_existing=True)
    size = effective_policy(workspace, device).backup_pool_size
    on_lock = await backup_codes_on(session, device_id)
    enabled = [row for row in await pools_of(session, device_id) if row.enabled and device.is_managed]
    stocks = [_stock(row, on_lock, size, now) for row in enabled]
    active = sum(code.row.stands_in_for is not None for code in on_lock)
    devices.set_problems(device, with_stock(devices.problems_of(device), stocks, active, now))
    session.add(device)


def _stock(pool: BackupPoolRow, on_lock: Sequence[PooledCode], size: int, now: datetime) -> Stock:
    idle = [code.member for code in on_lock if code.pool_id == pool.id and code.claim is None]
    rests = pool.refused_at is not None and now < pool.refused_at + REFILL_AFTER_REFUSAL
    return Stock(
        size=size,
        ready=sum(member.opens and not member.is_leaving for member in idle),
        is_late=rests or any(member.is_late or member.is_refused for member in idle if not member.is_leaving),
        is_cramped=pool.target < size,
    )


async def waiting_for_room(session: AsyncSession, stored: StoredPool, pool: BackupPool, now: datetime) -> list[UUID]:
    """Name the guests' codes that a full lock keeps waiting, where the pool has just made room."""
    if all(facts_of(device).max_active_codes_supported is None for device in stored.devices):
        return []
    if not any(backup.is_over for backup in pool.backups):
        return []
    query = select(AccessCodeRow).where(
        col(AccessCodeRow.device_id).in_(pool.device_ids),
        col(AccessCodeRow.closed).is_(False),
        col(AccessCodeRow.backup_id).is_(None),
    )
    codes = [(row.id, AccessCode.model_validate(row.code)) for row in (await session.exec(query)).all()]
    return [code_id for code_id, code in codes if is_wanted(code, now) and has(code.problems, ProblemCode.NO_SPACE)]
