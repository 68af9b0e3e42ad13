"""A turn on a lock that is about no code in particular: the whole lock is read, under the lease that writers take.

begin    the lease, and what stands written of the lock, in one transaction
resumed  a further transaction of the turn, once the lock has answered
end      the lease is given back, in the transaction of what was learnt
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.failures import AttemptFailure, try_again
from activities.lock_lease import LEASE_BEYOND_ATTEMPT, take_lease
from activities.verdicts import unreadable
from domain.devices import DeviceFacts
from providers.base import Driver, Known, Masked, Unreadable
from store import leases
from store.database import Database
from store.tables import ConnectedAccountRow, DeviceRow

SOON = timedelta(seconds=5)
"""The delay before the next attempt: somebody asked."""


@dataclass
class LockVisit:
    """What one turn knows.  `now` is the engine's time, carried forward by our own clock."""

    device: DeviceRow
    account: ConnectedAccountRow
    facts: DeviceFacts
    lease: leases.Lease
    _started: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> datetime:
        """The present instant."""
        return activity.info().started_time + timedelta(seconds=time.monotonic() - self._started)


class LockVisits:
    """Opens and closes such turns."""

    def __init__(self, database: Database, attempt_timeout: timedelta) -> None:
        self._database = database
        self._lease_for = attempt_timeout + LEASE_BEYOND_ATTEMPT

    async def begin(self, device_id: UUID) -> LockVisit | None:
        """Take the turn; None: the lock was removed, or its account can be asked nothing.

        Raises:
            ApplicationError: another turn is on (`lock_busy`); to be tried again when it may be over.
        """
        async with self._database.write() as session:
            device = await session.get(DeviceRow, device_id)
            account = None if device is None else await session.get(ConnectedAccountRow, device.account_id)
            if device is None or account is None or device.removed_at is not None or account.removed_at is not None:
                return None
            facts = DeviceFacts.model_validate(device.facts)
            lease = await take_lease(session, device_id, duration=self._lease_for, min_gap=facts.capabilities.min_gap)
            return LockVisit(device, account, facts, lease)

    @asynccontextmanager
    async def resumed(self, visit: LockVisit) -> AsyncIterator[AsyncSession]:
        """Open a further transaction of the turn.

        Raises:
            LeaseLostError: the turn was too slow and somebody else had to take over.
        """
        async with self._database.write() as session:
            await leases.verify(session, visit.lease)
            yield session

    async def end(self, session: AsyncSession, visit: LockVisit, *, wrote: bool = False) -> None:
        """Give the lease back, in the transaction of what was learnt."""
        await leases.release(session, visit.lease, wrote=wrote, now=datetime.now(UTC))


async def read_codes(visit: LockVisit, driver: Driver) -> Sequence[Known | Masked]:
    """Read the whole lock.

    Raises:
        ApplicationError: it could not be looked at; to be tried again.
        ProviderError: the vendor did not answer.
    """
    found = await driver.read_all(visit.device.lock_id)
    if isinstance(found, Unreadable):
        verdict = unreadable(found)
        raise try_again(verdict.failure or AttemptFailure.NOT_CONFIRMED, verdict.message, verdict.retry_after or SOON)
    return found
