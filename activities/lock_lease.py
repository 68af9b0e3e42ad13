"""The lease that an attempt takes on a lock, and when to come back where somebody else has it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.failures import AttemptFailure, try_again
from store import leases

LEASE_BEYOND_ATTEMPT = timedelta(seconds=5)
"""A lease outlasts the longest attempt by this much: a writer whose worker died cannot still be writing."""

_SOONEST, _LATEST = timedelta(milliseconds=200), timedelta(seconds=2)
"""Whoever has the lease may give it back long before it ends."""


async def take_lease(
    session: AsyncSession, device_id: UUID, *, duration: timedelta, min_gap: timedelta
) -> leases.Lease:
    """Take the lease on a lock for the present attempt.

    Raises:
        ApplicationError: another turn is on (`lock_busy`); to be tried again when it may be over.
    """
    wall, info = datetime.now(UTC), activity.info()
    holder = f"{info.workflow_id}/{info.activity_id}/{info.attempt}"
    try:
        return await leases.acquire(session, device_id, holder, now=wall, duration=duration, min_gap=min_gap)
    except leases.LeaseBusyError as busy:
        wait = min(max(busy.until - wall, _SOONEST), _LATEST)
        raise try_again(AttemptFailure.LOCK_BUSY, "another turn on this lock", wait) from None
