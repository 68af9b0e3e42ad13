"""Whose turn it is to write to a lock, across all workers.

A lease ends by itself, so that a dead worker holds nobody up for long; and its token grows with every turn, so that a
worker that was merely slow finds out before it writes down what is no longer true.  The gap between two writes to one
lock, which some vendors require, is kept here too, because it too must hold across workers.

Times are wall time: workers' clocks are assumed to differ by less than the margin that lease durations carry.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.once import make_once
from store.tables import LeaseRow


@dataclass(frozen=True)
class Lease:
    """A turn on a lock."""

    device_id: UUID
    token: int
    expires_at: datetime


class LeaseBusyError(Exception):
    """It is somebody else's turn, or too soon after the last write: try again at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"the lock is busy until {until.isoformat()}")
        self.until = until


class LeaseLostError(Exception):
    """The turn went by and somebody else took the next one: what was done in it must be judged anew by reading."""


async def acquire(
    session: AsyncSession, device_id: UUID, holder: str, *, now: datetime, duration: timedelta, min_gap: timedelta
) -> Lease:
    """Take the turn on a lock, or prolong it for the same holder, who gets a new token as well.

    `holder` names one attempt, not a worker: two attempts of one worker exclude each other.

    Raises:
        LeaseBusyError: another holder's turn lasts, or the last write is less than `min_gap` ago.
    """
    row = await _locked(session, device_id, now=now)
    until = _busy_until(row, holder, now=now, min_gap=min_gap)
    if until is not None:
        raise LeaseBusyError(until)
    row.token += 1
    row.holder = holder
    row.expires_at = now + duration
    await session.flush()
    return Lease(device_id=device_id, token=row.token, expires_at=row.expires_at)


async def release(session: AsyncSession, lease: Lease, *, wrote: bool, now: datetime) -> None:
    """End the turn; `wrote` says whether the lock was written to, from which the gap counts.

    A turn that somebody else has taken since stays theirs, but the write counts all the same.
    """
    row = await _locked(session, lease.device_id, now=now)
    if wrote and (row.last_write_at is None or row.last_write_at < now):
        row.last_write_at = now
    if row.token == lease.token:
        row.holder = None
        row.expires_at = now
    await session.flush()


async def is_taken(session: AsyncSession, device_id: UUID, now: datetime) -> bool:
    """Tell whether somebody's turn on the lock lasts."""
    row = await session.get(LeaseRow, device_id)
    return row is not None and row.holder is not None and row.expires_at > now


_TOKEN = select(LeaseRow.token).where(LeaseRow.device_id == bindparam("device_id")).with_for_update()


async def verify(session: AsyncSession, lease: Lease) -> None:
    """Make sure, for the rest of this transaction, that nobody has taken the turn since.

    A turn that has run out but was not taken still holds: nobody else can have written.

    Raises:
        LeaseLostError: somebody has.
    """
    if (await session.exec(_TOKEN, params={"device_id": lease.device_id})).one_or_none() != lease.token:
        raise LeaseLostError


def _busy_until(row: LeaseRow, holder: str, *, now: datetime, min_gap: timedelta) -> datetime | None:
    """Give when to try again; None: now.  A turn that lasts counts even where the gap ends sooner, and vice versa."""
    busy = []
    if row.holder not in (None, holder) and row.expires_at > now:
        busy.append(row.expires_at)
    if row.last_write_at is not None and row.last_write_at + min_gap > now:
        busy.append(row.last_write_at + min_gap)
    return max(busy, default=None)


_TURN = (
    select(LeaseRow)
    .where(LeaseRow.device_id == bindparam("device_id"))
    .with_for_update()
    # What a session read earlier may be old: on PostgreSQL others wrote while it waited for the row.
    .execution_options(populate_existing=True)
)


async def _locked(session: AsyncSession, device_id: UUID, *, now: datetime) -> LeaseRow:
    """Read the row and keep it from others until the transaction ends; the first comer makes it."""
    asked = {"device_id": device_id}
    row = (await session.exec(_TURN, params=asked)).one_or_none()
    if row is None:
        await make_once(session, LeaseRow, device_id=device_id, token=0, expires_at=now)
        row = (await session.exec(_TURN, params=asked)).one()
    return row
