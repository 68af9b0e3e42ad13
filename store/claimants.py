"""Who asks a pool for a backup, and whom a pool has just served."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.backup_pool import BackupPool, Claimant
from domain.lifecycle import is_over
from domain.standing_in import still_asks
from store.backup_pools import StoredPool, pool_of_code
from store.tables import AccessCodeRow, BackupRow


async def of(session: AsyncSession, stored: StoredPool, asked: Collection[UUID], now: datetime) -> list[Claimant]:
    """Give the codes that this pool should serve now.

    They are those that `asked`, those that wait because it was empty when they did, and those that share their digits
    with one that was served.
    """
    query = select(AccessCodeRow).where(
        col(AccessCodeRow.device_id).in_(stored.pool.device_ids),
        col(AccessCodeRow.closed).is_(False),
        col(AccessCodeRow.backup_id).is_(None),
    )
    found = []
    for row in (await session.exec(query.execution_options(populate_existing=True))).all():
        code = AccessCode.model_validate(row.code)
        if not _is_served(stored.pool, row, code, row.id in asked, now):
            continue
        if await pool_of_code(session, row) == stored.row.id:
            found.append(_claimant(stored.pool, row, code))
    return found


def _is_served(pool: BackupPool, row: AccessCodeRow, code: AccessCode, asked: bool, now: datetime) -> bool:
    if is_over(code, now):
        return False
    shares = row.common_code_key is not None and any(one.claim == row.common_code_key for one in pool.backups)
    return asked or still_asks(code, now) or shares


def _claimant(pool: BackupPool, row: AccessCodeRow, code: AccessCode) -> Claimant:
    is_shared = row.common_code_key is not None and len(pool.device_ids) > 1
    return Claimant(
        access_code_id=row.id,
        device_id=row.device_id,
        claim=str(row.common_code_key) if is_shared else str(row.id),
        arrives_at=row.arrives_at or code.wish.starts_at or row.created_at,
    )


async def changed_at(session: AsyncSession, pool_id: str, now: datetime) -> list[UUID]:
    """Name the codes that a pool changed at this very instant: lent backups, those they stand in for, retired ones."""
    query = (
        select(AccessCodeRow)
        .join(BackupRow, col(BackupRow.id) == col(AccessCodeRow.backup_id))
        .where(
            BackupRow.pool_id == pool_id,
            col(AccessCodeRow.closed).is_(False),
            or_(
                col(AccessCodeRow.stands_in_since) == now,
                and_(col(AccessCodeRow.stands_in_for).is_(None), col(BackupRow.closed_at).is_(None)),
            ),
        )
    )
    changed = []
    for row in (await session.exec(query)).all():
        if row.stands_in_since == now:
            changed += [row.id] if row.stands_in_for is None else [row.id, row.stands_in_for]
        elif AccessCode.model_validate(row.code).wish.ending_at == now:
            changed.append(row.id)
    return changed
