"""What every regression is judged by: the lock's truth, what was said of it meanwhile, and what the lock was asked."""

from datetime import datetime, timedelta
from uuid import uuid4

from domain.access_code import Status
from domain.lifecycle import status
from domain.policy import Policy
from store.tables import DeviceRow
from tests.house import House, Life

SOON = timedelta(seconds=10)
A_RETRY = Policy().retry_cap + timedelta(seconds=5)
"""While a guest may stand at the door the next attempt is never further away, and it is done by then."""
A_LATE_RETRY = Policy().retry_cap_late + timedelta(seconds=5)
"""The same once the failure has been announced."""


async def a_lock(house: House, **facts: object) -> DeviceRow:
    """Put up a lock that no other test uses."""
    return await house.new_lock(f"Lock {uuid4()}", **facts)


async def said(house: House, life: Life) -> Status:
    """Give the status that whoever asks is told."""
    stored = await life.stored()
    return status(stored.code, await house.now(), readable=stored.is_readable)


async def asked(house: House, lock: DeviceRow, operation: str, since: datetime | None = None) -> int:
    """Count the calls of one sort that came to a lock's cloud."""
    calls = [call for call in await house.calls(lock) if call["operation"] == operation]
    return sum(since is None or datetime.fromisoformat(call["when"]) >= since for call in calls)


async def watch(house: House, lock: DeviceRow, life: Life, *, until: datetime, every: timedelta) -> None:
    """Let time pass, and see at every step from the code's start on that nothing is said of it that its lock belies.

    Set is said only of what opens the door, gone only of what is not there; there are never two of it.
    """
    pin = await life.pin()
    await house.pass_time(until=life.starts_at)
    while (now := await house.now()) < until:
        await house.pass_time(until=min(until, now + every))
        stands, opens = await said(house, life), await house.opens(lock, pin)
        there = [slot for slot in await house.truth(lock) if slot["pin"] == pin]
        assert opens or stands is not Status.SET
        assert not there or (stands is not Status.UNSET and not (await life.stored()).code.closed)
        assert len(there) <= 1
    assert house.doubles == []
