"""What a pool's workflow does: hand out, retire and plan in one transaction; then register what was planned.

A pool keeps nothing but its rows.  So a step that was carried out and whose reply was lost is found done: the same
claims get the same backups, and the codes that were changed at the order's instant are told once more.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.failures import store_failures
from activities.neighbours import Neighbours
from activities.orders import FillOrder, Served, ServeOrder
from activities.pool_stock import note_stock, waiting_for_room
from activities.standing_in import lend, retire
from domain.backup_pool import BackupPool, carried_out, hand_out, leftovers, member_id, plan, taken_off
from domain.refusals import RefusedError
from domain.requests import Sibling
from store import backup_pools, claimants
from store.database import Database
from store.tables import BackupPoolRow, BackupRow


class BackupPoolActivities:
    """What a pool's workflow has done."""

    def __init__(self, database: Database, neighbours: Neighbours) -> None:
        self._database = database
        self._neighbours = neighbours

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.serve, self.fill]

    @activity.defn(name="serve_backup_pool")
    async def serve(self, order: ServeOrder) -> Served:
        """Hand out what is ready to those who ask, take off what is too much, and say what is to be registered."""
        with store_failures():
            async with self._database.write() as session:
                served, changed, nudged = await _serve(session, order)
            await asyncio.gather(
                *(self._neighbours.refresh(code_id) for code_id in changed),
                *(self._neighbours.nudge(code_id) for code_id in nudged),
            )
            return served

    @activity.defn(name="fill_backup_pool")
    async def fill(self, order: FillOrder) -> None:
        """Register planned backups.  One that is refused is given up, and its lock is left alone for a while."""
        with store_failures():
            await asyncio.gather(*(self._begin(order, backup_id) for backup_id in order.backup_ids))

    async def _begin(self, order: FillOrder, backup_id: UUID) -> None:
        places = tuple(
            Sibling(access_code_id=member_id(backup_id, device_id), device_id=device_id)
            for device_id in order.device_ids
        )
        try:
            await self._neighbours.register_backup(backup_id, places)
        except RefusedError:
            async with self._database.write() as session:
                pool = await session.get_one(BackupPoolRow, order.pool_id, with_for_update={"key_share": True})
                pool.refused_at = order.now
                session.add(pool)
                await backup_pools.close_backups(session, [backup_id], order.now)


async def _serve(session: AsyncSession, order: ServeOrder) -> tuple[Served, list[UUID], list[UUID]]:
    """Carry an order out.  Give what to answer, which codes to refresh, and which to nudge."""
    stored = await backup_pools.load(session, order.pool_id, order.now)
    if stored is None:
        return Served(is_over=True), [], []
    claims = await claimants.of(session, stored, order.asked, order.now)
    pool, handed = hand_out(stored.pool, claims.asking)
    for served in handed:
        claim = next(one.claim for one in claims.asking if one.access_code_id == served.access_code_id)
        await lend(session, served, claim, order.now)
    useless = leftovers(pool, claims.living)
    await retire(session, useless, order.now)
    pool = taken_off(pool, useless)
    pool = await _planned(session, stored.row, pool, order)
    await backup_pools.close_backups(session, [backup.id for backup in pool.backups if backup.is_over], order.now)
    await note_stock(session, stored, order.now)
    answer = Served(
        handed={one.access_code_id: one.backup_access_code_id for one in handed},
        begin=tuple(backup.id for backup in pool.backups if backup.is_planned),
        device_ids=pool.device_ids,
        wake_at=plan(pool, order.now).wake_at,
        is_over=not stored.row.enabled and all(backup.is_over for backup in pool.backups),
    )
    changed = await claimants.changed_at(session, order.pool_id, order.now)
    return answer, changed, await waiting_for_room(session, stored, pool, order.now)


async def _planned(session: AsyncSession, row: BackupPoolRow, pool: BackupPool, order: ServeOrder) -> BackupPool:
    """Write the plan down: what begins, what goes, and what is not wanted any more."""
    wanted = plan(pool, order.now)
    begun = [uuid4() for _ in range(wanted.begin)]
    for backup in pool.backups:
        if backup.id in wanted.retire:
            await retire(session, [member.access_code_id for member in backup.members], order.now)
    session.add_all(BackupRow(id=one, pool_id=row.id, created_at=order.now) for one in begun)
    await backup_pools.close_backups(session, wanted.drop, order.now)
    planned = carried_out(pool, wanted, begun, order.now)
    row.target, row.refused_at = planned.target, planned.refused_at
    session.add(row)
    return planned
