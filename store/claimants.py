"""Who asks a pool for a backup, and whom a pool has just served."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.access_code import AccessCode
from domain.backup_pool import BackupPool, Claimant
from domain.lifecycle import is_over
from domain.standing_in import still_asks
from store import codes
from store.backup_pools import StoredPool, pool_of_code
from store.tables import AccessCodeRow, BackupRow


@dataclass(frozen=True, slots=True)
class Claims:
    """Who has to do with a pool."""

    asking: list[Claimant]
    """The codes to serve now, kept from others until the transaction ends."""
    living: frozenset[tuple[str, UUID]]
    """Which claims have a code on which lock that has not ended."""


async def of(session: AsyncSession, stored: StoredPool, asked: Collection[UUID], now: datetime) -> Claims:
    """Give the claims on this pool.

    To be served are those that `asked`, those that wait because it was empty when they did, and those that share their
    digits with one that was served.
    """
    query = (
        select(AccessCodeRow)
        .where(
            col(AccessCodeRow.device_id).in_(stored.pool.device_ids),
            col(AccessCodeRow.closed).is_(False),
            col(AccessCodeRow.backup_id).is_(None),
        )
        .order_by(col(AccessCodeRow.id))
        .execution_options(populate_existing=True)
    )
    asking, living = [], set[tuple[str, UUID]]()
    for row in (await session.exec(query)).all():
        code = AccessCode.model_validate(row.code)
        if is_over(code, now):
            continue
        claimant = _claimant(stored.pool, row, code)
        living.add((claimant.claim, claimant.device_id))
        if _is_served(stored.pool, row, code, row.id in asked, now) and await _is_its(session, stored, row, now):
            asking.append(claimant)
    return Claims(asking, frozenset(living))


async def _is_its(session: AsyncSession, stored: StoredPool, row: AccessCodeRow, now: datetime) -> bool:
    """Tell whether this pool serves a code, which may have been deleted until it is kept from others."""
    if await pool_of_code(session, row) != stored.row.id:
        return False
    return not is_over((await codes.get(session, row.id, for_update=True)).code, now)


def _is_served(pool: BackupPool, row: AccessCodeRow, code: AccessCode, asked: bool, now: datetime) -> bool:
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
