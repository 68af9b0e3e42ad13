"""The gateway of forty locks is dead while forty guests check in, or the account of their locks is away; once it is
back, who arrives soonest goes first.

Only a real server keeps priorities, so this house lives in wall time.  Its workers do one thing at a time on locks, and
that one is held until everybody waits in the queue: nothing here depends on how fast anybody is.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import PendingActivityState

from store.tables import DeviceRow
from tests.devserver import house_on_devserver
from tests.house import House, Life
from tests.waiting import eventually
from workflows.contracts import (
    QUEUE,
    SYNC_ACCOUNT_WORKFLOW,
    SyncAccountInput,
    sync_account_workflow_id,
)

ARRIVALS = [timedelta(hours=5), timedelta(minutes=59), timedelta(minutes=14.9), timedelta(minutes=4.9), timedelta(0)]
"""One for each of the five priorities, the last one first; none becomes another's while the test lasts."""
EACH = 8


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Every real part in wall time, with workers that do one thing at a time on locks and are patient with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.worker._CONCURRENT_LOCK_CALLS", 1)
        patch.setattr("tests.house.PROVIDER_TIMEOUT_SECONDS", 60.0)
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

    async def is_in_line(self) -> bool:
        """Tell whether a new attempt is to be made as soon as somebody has time for it.

        The server's own count of the line is but an estimate.
        """
        described = await self.life.handle.describe()
        pending = described.raw_description.pending_activities
        is_new = [
            one.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED and one.attempt == 1 for one in pending
        ]
        return is_new == [True]

    async def is_set(self) -> bool:
        """Tell whether the guest can come in, as far as is known."""
        return "set_on_device" in await self.life.events()

    async def served_at(self) -> datetime:
        """When the lock was written to."""
        (call,) = [call for call in await self.house.calls(self.lock) if call["status"] == 200][:1]
        return datetime.fromisoformat(call["when"])


async def check_in(house: House, lock: DeviceRow, arrival: timedelta) -> CheckIn:
    """Have a guest come who cannot be served yet."""
    request = await house.request(lock, starts_in=None, arrives_at=await house.now() + arrival)
    guest = CheckIn(house, lock, await house.start(request), sorted(ARRIVALS).index(arrival))
    await eventually(guest.is_waiting, within=60, what="the lock is found out of reach")
    assert await house.truth(lock) == []
    return guest


async def come_back(house: House, guests: Sequence[CheckIn]) -> None:
    """Have these guests' locks come back, and wait until what they want is in the line."""
    for guest in guests:
        await house.heal(guest.lock)
    await look_again(house)
    await are_in_line(guests)


async def look_again(house: House) -> None:
    """Have the account's locks looked at, and the codes told of those that are back."""
    await house.client.execute_workflow(
        SYNC_ACCOUNT_WORKFLOW,
        SyncAccountInput(account_id=house.account_id),
        id=sync_account_workflow_id(house.account_id),
        task_queue=QUEUE,
    )


async def are_in_line(guests: Sequence[CheckIn]) -> None:
    """Wait until all of them stand in line."""
    for guest in guests:
        await eventually(guest.is_in_line, within=60, what="the guest stands in line")


async def served_in_order(guests: Sequence[CheckIn]) -> None:
    """See that all can come in, and that nobody was served after one who arrives later."""
    for guest in guests:
        await eventually(guest.is_set, within=120, what="the guest can come in")
        assert await guest.house.opens(guest.lock, await guest.life.pin())
    served = await asyncio.gather(*(guest.served_at() for guest in guests))
    ranks = [guest.rank for _, guest in sorted(zip(served, guests, strict=True), key=lambda one: one[0])]
    assert ranks == sorted(ranks)


async def test_gateway_dead_with_40_check_ins(house: House) -> None:
    """Of guests who wait, the one who arrives sooner is served first, whose lock ever is back first; none is lost."""
    at_work, *rooms = await house.new_locks([f"Room {uuid4()}" for _ in range(1 + EACH * len(ARRIVALS))])
    arrivals = [arrival for arrival in ARRIVALS for _ in range(EACH)]
    for room in rooms:
        await house.fault(room, "offline", retry_after=300)
    guests = [await check_in(house, *stay) for stay in zip(rooms, arrivals, strict=True)]
    hold = house.hold(at_work)
    await house.start(await house.request(at_work, starts_in=None))
    await hold.reached.wait()
    for begin in range(0, len(guests), EACH):
        await come_back(house, guests[begin : begin + EACH])
    hold.released.set()
    await served_in_order(guests)


async def test_account_away_while_guests_check_in(house: House) -> None:
    """The same when nothing of the whole account could be reached."""
    at_work, *rooms = await house.new_locks([f"Room {uuid4()}" for _ in range(1 + 2 * len(ARRIVALS))])
    await house.fault(None, "account_disconnected")
    guests = [await check_in(house, *stay) for stay in zip(rooms, ARRIVALS * 2, strict=True)]
    hold = house.hold(at_work)
    await house.start(await house.request(at_work, starts_in=None))
    await hold.reached.wait()  # before the account is back: then nobody gets in between
    await house.heal(None)
    await look_again(house)
    await are_in_line(guests)
    hold.released.set()
    await served_in_order(guests)
