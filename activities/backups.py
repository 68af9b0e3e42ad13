"""Having a backup code stand in for a code, asked by somebody or by the code itself."""

from collections.abc import Callable
from typing import Any

from temporalio import activity

from activities.failures import store_failures
from activities.neighbours import Neighbours
from activities.orders import PullOrder
from domain.access_code import AccessCode
from domain.lifecycle import is_wanted, opens
from domain.refusals import RefusalType, refuse
from domain.standing_in import asking, check_pull, still_asks
from store import codes
from store.backup_pools import pool_of_code
from store.database import Database


class BackupActivities:
    """What a code's workflow asks of its lock's pool."""

    def __init__(self, database: Database, neighbours: Neighbours) -> None:
        self._database = database
        self._neighbours = neighbours

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.pull]

    @activity.defn(name="pull_backup_access_code")
    async def pull(self, order: PullOrder) -> AccessCode:
        """Have a backup code stand in for the code; what stands in already goes on doing so.

        No lock is asked.  When a code asks by itself and none is ready, that is no failure: the pool knows that it
        waits and serves it as soon as it can.  Somebody who asks is refused instead.
        """
        with store_failures():
            pool_id, code = await self._prepare(order)
            if code.backup.access_code_id is not None or pool_id is None:
                return code
            if order.by_itself and not still_asks(code, order.now):
                return code
            served = await self._neighbours.pull(pool_id, order.access_code_id)
            if served is None and not order.by_itself:
                raise refuse(RefusalType.BACKUP_NOT_FOUND, "no backup access code is ready on this lock; ask again")
            async with self._database.read() as session:
                return (await codes.get(session, order.access_code_id)).code

    async def _prepare(self, order: PullOrder) -> tuple[str | None, AccessCode]:
        """Judge the wish, and note that a code waits that asks by itself."""
        async with self._database.write() as session:
            stored = await codes.get(session, order.access_code_id, for_update=True)
            pool_id = await pool_of_code(session, stored.row)
            if stored.code.backup.access_code_id is not None:
                return pool_id, stored.code
            if not order.by_itself:
                check_pull(stored.code, order.now)
                _check_pool(stored, pool_id)
            elif is_wanted(stored.code, order.now) and not opens(stored.code, order.now):
                asks = asking(stored.code, order.now)
                return pool_id, await codes.save(session, stored, asks, order.now)
            return pool_id, stored.code


def _check_pool(stored: codes.StoredCode, pool_id: str | None) -> None:
    if not stored.facts.capabilities.supports_backup_access_code_pool:
        raise refuse(
            RefusalType.BACKUP_POOL_NOT_SUPPORTED,
            f"the device {stored.device.name!r} cannot have a backup pool",
            field="access_code_id",
            rule="supports_backup_access_code_pool",
        )
    if pool_id is None:
        raise refuse(
            RefusalType.BACKUP_POOL_NOT_ENABLED,
            f"the device {stored.device.name!r} has no backup pool; enable it, and backup codes will be made",
            field="access_code_id",
            rule="backup_pool_enabled",
        )
