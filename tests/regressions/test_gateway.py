"""The gateway of forty locks is dead while forty guests check in; once it is back, who arrives soonest goes first.

Only a real server keeps priorities, so this house lives in wall time.  Its workers make one call at a time, so that
what is to be done queues up; nothing here depends on how fast they are.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import EventType

from store.tables import DeviceRow
from tests.devserver import house_on_devserver
from tests.house import House, Life
from tests.waiting import eventually
from workflows.contracts import QUEUE, SYNC_ACCOUNT_WORKFLOW, SyncAccountInput, sync_account_workflow_id

ARRIVALS = [timedelta(hours=5), timedelta(minutes=40), timedelta(minutes=12), timedelta(minutes=4), timedelta(0)]
"""One for each of the five priorities, the last one first; registered in this order."""
GUESTS = 40
IN_HAND = timedelta(seconds=1)
"""What was scheduled so shortly before may not have reached the queue yet."""

OUT_OF_ORDER = 0.25
"""Temporal keeps several queues behind one name and orders each of them alone; without any order it would be a half."""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Every real part in wall time, with workers that do one thing at a time on locks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.worker._CONCURRENT_LOCK_CALLS", 1)
        async with house_on_devserver(tmp_path_factory.mktemp("gateway")) as opened:
            yield opened


@dataclass
class CheckIn:
    """One guest before a lock of their own."""

    house: House
    lock: DeviceRow
    life: Life
    rank: int
    """0 for those who arrive first."""

    async def is_waiting(self) -> bool:
        """Tell whether its lock was found out of reach."""
        return bool(await self.house.calls(self.lock))

    async def is_set(self) -> bool:
        """Tell whether the guest can come in, as far as is known."""
        return "set_on_device" in await self.life.events()

    async def scheduled_at(self) -> datetime:
        """When its write was last put in the queue."""
        history = await self.life.handle.fetch_history()
        scheduled = [e for e in history.events if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED]
        return scheduled[-1].event_time.ToDatetime(tzinfo=UTC)

    async def served_at(self) -> datetime:
        """When the lock was written to."""
        (call,) = [call for call in await self.house.calls(self.lock) if call["status"] == 200][:1]
        return datetime.fromisoformat(call["when"])


async def check_in(house: House, lock: DeviceRow, number: int) -> CheckIn:
    """Have a guest come whose lock is out of reach."""
    await house.fault(lock, "offline", retry_after=300)
    arrival = ARRIVALS[number % len(ARRIVALS)]
    request = await house.request(lock, starts_in=None, arrives_at=await house.now() + arrival)
    return CheckIn(house, lock, await house.start(request), sorted(ARRIVALS).index(arrival))


async def test_gateway_dead_with_40_check_ins(house: House) -> None:
    """Of two guests who both wait, the one who arrives sooner is served first; nobody is forgotten."""
    locks = [await house.new_lock(f"Room {number} {uuid4()}") for number in range(GUESTS)]
    guests = await asyncio.gather(*(check_in(house, lock, number) for number, lock in enumerate(locks)))
    for guest in guests:
        await eventually(guest.is_waiting, within=60, what="the lock is found out of reach")
        assert await house.truth(guest.lock) == []
    for guest in guests:
        await house.heal(guest.lock)
        await house.fault(guest.lock, "slow", on="program", delay_seconds=0.05)
    await house.client.execute_workflow(
        SYNC_ACCOUNT_WORKFLOW,
        SyncAccountInput(account_id=house.account_id),
        id=sync_account_workflow_id(house.account_id),
        task_queue=QUEUE,
    )
    for guest in guests:
        await eventually(guest.is_set, within=120, what="the guest can come in")
        assert await house.opens(guest.lock, await guest.life.pin())
    scheduled = await asyncio.gather(*(guest.scheduled_at() for guest in guests))
    served = await asyncio.gather(*(guest.served_at() for guest in guests))
    times = list(zip(guests, scheduled, served, strict=True))
    in_order = [
        my_turn < their_turn
        for mine, my_wait_began, my_turn in times
        for other, their_wait_began, their_turn in times
        if mine.rank < other.rank and max(my_wait_began, their_wait_began) + IN_HAND < min(my_turn, their_turn)
    ]
    assert len(in_order) > GUESTS, "there was a queue"
    assert in_order.count(False) < len(in_order) * OUT_OF_ORDER
