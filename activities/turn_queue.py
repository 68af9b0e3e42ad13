"""Who of this process is next at a lock: attempts wait here, in the order in which they came, whatever they are about.

Across processes a lease decides (`store/leases.py`), and whoever finds it taken comes back later.  Within one process
that would be wasteful, and unfair: two codes that end at the same instant would ask the lease again and again, each
time as another attempt.  So would a look at a lock that is being written to.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID
from weakref import WeakValueDictionary

from activities.failures import AttemptFailure, try_again

PATIENCE = timedelta(seconds=2)
"""How long an attempt waits at most: a part of its own time, which its calls need."""
_COME_BACK = timedelta(seconds=1)

BEFORE_THE_SERVER = timedelta(seconds=1)
"""An attempt gives up this long before Temporal would take it for dead."""


class TurnQueue:
    """The queues of all locks; make one per process.  `attempt_timeout` bounds one attempt."""

    def __init__(self, attempt_timeout: timedelta, patience: timedelta = PATIENCE) -> None:
        self._limit = (attempt_timeout - BEFORE_THE_SERVER).total_seconds()
        self._patience = patience.total_seconds()
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def attempt(self, device_id: UUID) -> AsyncIterator[None]:
        """Have one attempt's turn.  No attempt outlives its time: nobody would wait for what it still writes.

        Raises:
            TimeoutError: it took too long.
            ApplicationError: others took too long (`lock_busy`); to be tried again.
        """
        async with asyncio.timeout(self._limit), self.turn(device_id):
            yield

    @asynccontextmanager
    async def turn(self, device_id: UUID) -> AsyncIterator[None]:
        """Have the lock to oneself, as far as this process goes, until the block ends.

        Raises:
            ApplicationError: others took too long (`lock_busy`); to be tried again.
        """
        lock = self._locks.get(device_id)
        if lock is None:
            lock = self._locks[device_id] = asyncio.Lock()
        try:
            async with asyncio.timeout(self._patience):
                await lock.acquire()
        except TimeoutError:
            raise try_again(AttemptFailure.LOCK_BUSY, "another turn on this lock", _COME_BACK) from None
        try:
            yield
        finally:
            lock.release()
