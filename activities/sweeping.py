"""The orphan sweep: every code that has not ended has a workflow that looks after it, or is given one.

A workflow can be terminated by hand, and a whole Temporal can be lost; the row stays, and so does the code on its lock.
The rows are read first: whatever ends after that is found to have ended, and is left alone.  A start under the code's
own id is safe at any time: one that runs is found running, and registration takes up what stands written.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from temporalio import activity

from activities.calendar import look_at_calendar
from activities.failures import store_failures
from activities.neighbours import Neighbours
from activities.orders import Swept
from store import codes, devices
from store.backup_pools import tended_pools
from store.database import Database
from store.replacements import under_way
from store.tables import AccessCodeRow, AttemptRow

AT_ONCE = 20
"""Codes that are started side by side: enough to be through soon, few enough to leave Temporal room for guests."""

RESUME, WORKFLOW_GONE = "resume", "workflow_gone"


class SweepActivities:
    """What the sweep's workflow does."""

    def __init__(self, database: Database, neighbours: Neighbours) -> None:
        self._database = database
        self._neighbours = neighbours

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.sweep, self.look]

    @activity.defn(name="sweep_orphans")
    async def sweep(self) -> Swept:
        """Start the workflow of every code and pool that should have one and has none."""
        with store_failures():
            async with self._database.read() as session:
                open_codes = select(AccessCodeRow.id).where(col(AccessCodeRow.closed).is_(False))
                code_ids = (await session.exec(open_codes)).all()
                pool_ids = await tended_pools(session)
                replacements = await under_way(session)
            turn = asyncio.Semaphore(AT_ONCE)
            lost = await self._neighbours.lost(code_ids)
            resumed = await asyncio.gather(*(self._resume(code_id, turn) for code_id in lost))
            pools = await self._neighbours.lost_pools(pool_ids)
            for pool_id in pools:
                await self._neighbours.wake_pool(pool_id)
            for row in replacements:
                await self._neighbours.replace(row.device_id, row.replaces_id, row.workspace_id)
        found = tuple(code_id for code_id in resumed if code_id is not None)
        return Swept(looked_at=len(code_ids), resumed=found, pools=tuple(pools))

    @activity.defn(name="look_at_calendars")
    async def look(self) -> None:
        """Bring the warnings of every lock that names its capacity up to date: calendars change as time goes by."""
        with store_failures():
            async with self._database.read() as session:
                bounded = await devices.bounded(session)
            for device_id in bounded:
                for code_id in await look_at_calendar(self._database, device_id, datetime.now(UTC)):
                    await self._neighbours.nudge(code_id)

    async def _resume(self, code_id: UUID, turn: asyncio.Semaphore) -> UUID | None:
        """Start one code's workflow, and keep for its story that this had to be done; None: it has ended meanwhile."""
        async with turn:
            async with self._database.write() as session:
                stored = await codes.get(session, code_id)
                if stored.code.closed:
                    return None
                session.add(
                    AttemptRow(
                        access_code_id=code_id,
                        device_id=stored.device.id,
                        generation=stored.code.wish.generation,
                        operation=RESUME,
                        started_at=datetime.now(UTC),
                        answer=WORKFLOW_GONE,
                    )
                )
            wish, row = stored.code.wish, stored.row
            await self._neighbours.resume(
                code_id,
                device_id=row.device_id,
                starts_at=wish.starts_at,
                ends_at=wish.ends_at,
                arrives_at=row.arrives_at,
                backup_id=row.backup_id,
            )
            return code_id
