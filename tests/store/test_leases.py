"""One writer at a time per lock, across workers, and none who was too slow."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from store.database import Database
from store.leases import Lease, LeaseBusyError, LeaseLostError, acquire, release, verify
from tests.store.rows import NOW

_LOCK = UUID(int=1)
_DURATION = timedelta(seconds=30)
_GAP = timedelta(seconds=5)


async def _acquire(database: Database, holder: str, *, now: datetime = NOW, min_gap: timedelta = timedelta(0)) -> Lease:
    async with database.write() as session:
        return await acquire(session, _LOCK, holder, now=now, duration=_DURATION, min_gap=min_gap)


async def _release(database: Database, lease: Lease, *, wrote: bool, now: datetime = NOW) -> None:
    async with database.write() as session:
        await release(session, lease, wrote=wrote, now=now)


async def _verify(database: Database, lease: Lease) -> None:
    async with database.write() as session:
        await verify(session, lease)


async def test_one_of_many_gets_the_turn(database: Database, url: str) -> None:
    """Workers of two processes that come at once, to a lock without a row yet: one writes, the others know when."""
    other = await Database.open(url)
    try:
        outcomes = await asyncio.gather(
            *(_acquire((database, other)[n % 2], f"worker {n}") for n in range(10)), return_exceptions=True
        )
    finally:
        await other.close()
    assert [outcome.token for outcome in outcomes if isinstance(outcome, Lease)] == [1]
    busy = [outcome.until for outcome in outcomes if isinstance(outcome, LeaseBusyError)]
    assert busy == [NOW + _DURATION] * 9


async def test_released_turn_is_free_at_once(database: Database) -> None:
    """The next worker need not wait for the expiry, and its token is higher."""
    lease = await _acquire(database, "one")
    await _release(database, lease, wrote=False)
    assert (await _acquire(database, "two")).token == lease.token + 1


async def test_expired_turn_is_taken_and_fenced_off(database: Database) -> None:
    """The slow worker finds out that the turn is no longer its own, and cannot end the new one."""
    slow = await _acquire(database, "slow")
    await _verify(database, slow)
    quick = await _acquire(database, "quick", now=slow.expires_at)
    assert quick.token == slow.token + 1
    with pytest.raises(LeaseLostError):
        await _verify(database, slow)
    await _release(database, slow, wrote=False, now=slow.expires_at)
    await _verify(database, quick)
    with pytest.raises(LeaseBusyError):
        await _acquire(database, "third", now=slow.expires_at)


async def test_expired_turns_go_to_one_each(database: Database) -> None:
    """Of many who find the turn expired, one takes it; tokens never repeat."""
    await _acquire(database, "dead")
    outcomes = await asyncio.gather(
        *(_acquire(database, f"worker {n}", now=NOW + _DURATION) for n in range(8)), return_exceptions=True
    )
    assert [outcome.token for outcome in outcomes if isinstance(outcome, Lease)] == [2]


async def test_expired_turn_that_nobody_took_holds(database: Database) -> None:
    """Nobody else can have written, so what was done in it may be written down."""
    lease = await _acquire(database, "one")
    await _verify(database, lease)


async def test_unknown_turn_is_lost(database: Database) -> None:
    """A lease on a lock without a row was not given out by this database."""
    with pytest.raises(LeaseLostError):
        await _verify(database, Lease(device_id=_LOCK, token=1, expires_at=NOW))


async def test_gap_is_kept_after_a_write_alone(database: Database) -> None:
    """A lock that was written to rests; one that was only read does not."""
    lease = await _acquire(database, "one")
    await _release(database, lease, wrote=False)
    lease = await _acquire(database, "one", min_gap=_GAP)
    await _release(database, lease, wrote=True)
    with pytest.raises(LeaseBusyError) as caught:
        await _acquire(database, "two", now=NOW + timedelta(seconds=1), min_gap=_GAP)
    assert caught.value.until == NOW + _GAP
    assert (await _acquire(database, "two", now=NOW + _GAP, min_gap=_GAP)).token == 3


async def test_late_write_still_counts_for_the_gap(database: Database) -> None:
    """A worker that lost its turn amid a write has written nevertheless."""
    slow = await _acquire(database, "slow")
    later = NOW + _DURATION
    quick = await _acquire(database, "quick", now=later)
    await _release(database, slow, wrote=True, now=later)
    await _release(database, quick, wrote=False, now=later)
    with pytest.raises(LeaseBusyError):
        await _acquire(database, "third", now=later, min_gap=_GAP)


async def test_holder_may_take_its_own_turn_again(database: Database) -> None:
    """An attempt that comes back is not in its own way; its former token is void."""
    first = await _acquire(database, "one")
    second = await _acquire(database, "one", now=NOW + timedelta(seconds=1))
    assert second.token == first.token + 1
    with pytest.raises(LeaseLostError):
        await _verify(database, first)
