"""The durable life of a backup pool: what `BackupPoolWorkflow` does, behind its messages.

One loop looks at the pool's rows, in one activity, whenever somebody asks or something was written down.  Nothing is
polled, nothing is carried: who has which backup stands in the store, where two unique indexes guard it.  Registering
new backups takes seconds, so it goes on beside the loop and never keeps somebody at the door waiting.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow

from activities.backup_pools import BackupPoolActivities
from activities.orders import FillOrder, Served, ServeOrder
from workflows.contracts import BackupPoolInput, PoolPull, PoolPullAnswer
from workflows.options import BOOKKEEPING, POOL_FILLING


@dataclass
class _Pull:
    """A code that asks, until it is answered."""

    access_code_id: UUID
    done: bool = False
    answer: UUID | None = None


class PoolLife:
    """Keeps backup codes ready on its locks and hands each to one code only."""

    def __init__(self, pool: BackupPoolInput) -> None:
        self._pool = pool
        self._pulls: deque[_Pull] = deque()
        self._woken = True
        self._filling: workflow.ActivityHandle[None] | None = None
        self._is_over = False

    async def live(self) -> None:
        """Live until the pool is disabled and nothing of it is on a lock."""
        while not self._has_ended():
            served = await self._serve()
            self._begin_filling(served)
            if self._is_idle() and workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self._pool)
            await self._sleep(served)

    async def pull(self, pull: PoolPull) -> PoolPullAnswer:
        """Leave the wish for the loop and wait for its answer."""
        asked = _Pull(pull.access_code_id)
        self._pulls.append(asked)
        await workflow.wait_condition(lambda: asked.done)
        return PoolPullAnswer(backup_access_code_id=asked.answer)

    def wake(self) -> None:
        """Look at the rows again."""
        self._woken = True

    async def _serve(self) -> Served:
        """Look at the rows and answer everybody who had asked by then."""
        self._woken = False
        asking = list(self._pulls)
        order = ServeOrder(
            pool_id=self._pool.pool_id, asked=tuple(one.access_code_id for one in asking), now=workflow.now()
        )
        served: Served = await workflow.execute_local_activity_method(BackupPoolActivities.serve, order, **BOOKKEEPING)
        for one in asking:
            one.answer, one.done = served.handed.get(one.access_code_id), True
            self._pulls.popleft()
        self._is_over = served.is_over
        return served

    def _begin_filling(self, served: Served) -> None:
        """Have planned backups registered, unless that is under way."""
        if self._filling is not None and self._filling.done():
            self._filling = None
        if self._filling is None and served.begin:
            order = FillOrder(
                pool_id=self._pool.pool_id,
                backup_ids=served.begin,
                device_ids=served.device_ids,
                now=workflow.now(),
            )
            self._filling = workflow.start_activity_method(
                BackupPoolActivities.fill, order, summary=f"fill up with {len(served.begin)}", **POOL_FILLING
            )

    async def _sleep(self, served: Served) -> None:
        """Wait for a message, the end of the filling, or the instant at which to think again."""
        wait = None if served.wake_at is None else max(timedelta(0), served.wake_at - workflow.now())
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: bool(self._pulls) or self._woken or self._has_filled() or self._has_ended(),
                timeout=wait,
                timeout_summary=_until(served.wake_at),
            )

    def _has_filled(self) -> bool:
        return self._filling is not None and self._filling.done()

    def _is_idle(self) -> bool:
        busy = self._pulls or self._woken or self._filling is not None
        return not busy and workflow.all_handlers_finished()

    def _has_ended(self) -> bool:
        return self._is_over and self._is_idle()


def _until(instant: datetime | None) -> str:
    return "" if instant is None else f"leaves the lock alone until {instant:%Y-%m-%d %H:%M:%S UTC}"
