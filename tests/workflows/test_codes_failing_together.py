"""Many guests arrive while their locks are away: each has a code of their own, and in the end nothing is left."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.requests import DeviceChange
from store.tables import DeviceRow
from tests.house import House, Life
from tests.workflows.pool_house import Pools
from workflows.contracts import QUEUE, UPDATE_DEVICE_WORKFLOW, AccessCodeInput, update_device_workflow_id

BACKUP_AFTER = timedelta(minutes=2)
SECONDS = timedelta(seconds=1)
STAY = timedelta(hours=3)
BACKUPS = 5
AT_ONCE = 30 * SECONDS
"""Forty pulls are work for this machine, and the engine's virtual clock goes on while it is done."""


@pytest.fixture
def pools(house: House) -> Pools:
    """The pools of the house."""
    return Pools(house)


async def with_pools(house: House, count: int) -> list[DeviceRow]:
    """Put locks up, and wait until their pools are full."""
    locks = [await house.new_lock(f"Of many {uuid4()}") for _ in range(count)]
    await asyncio.gather(*(switch_pool(house, lock, enabled=True) for lock in locks))
    await Pools(house).settle(timedelta(minutes=2))
    return locks


async def switch_pool(house: House, lock: DeviceRow, *, enabled: bool) -> None:
    """Enable or disable a lock's pool."""
    await house.client.execute_workflow(
        UPDATE_DEVICE_WORKFLOW,
        DeviceChange(device_id=lock.id, backup_access_code_pool_enabled=enabled),
        id=update_device_workflow_id(lock.id, uuid4()),
        task_queue=QUEUE,
    )


async def guests_of(house: House, lock: DeviceRow, count: int, starts_at: datetime) -> list[Life]:
    """Register guests whose stays begin together; who is registered first arrives last."""
    return [
        await house.start(
            AccessCodeInput(
                device_id=lock.id,
                starts_at=starts_at,
                ends_at=starts_at + STAY,
                arrives_at=starts_at + timedelta(hours=1) - number * timedelta(minutes=1),
            )
        )
        for number in range(count)
    ]


async def served(pools: Pools, guests: list[Life]) -> list[UUID]:
    """Name the backup codes that stand in, in the order of the guests."""
    return [backup for guest in guests if (backup := await pools.stand_in(guest)) is not None]


async def judge_that_nothing_is_left(house: House, pools: Pools, locks: list[DeviceRow], guests: list[Life]) -> None:
    """Once the guests have left, the locks hold what lies ready, and nothing else once the pools are disabled."""
    await house.pass_time(until=guests[0].starts_at + STAY + timedelta(minutes=1))
    for lock in locks:
        assert len(await house.truth(lock)) == await pools.ready(lock) == BACKUPS
        assert await pools.problems(lock) == set()
    for guest in guests:
        assert (await guest.handle.result())["is_ended"]
        assert "using_backup_access_code" not in await guest.problems()
    await asyncio.gather(*(switch_pool(house, lock, enabled=False) for lock in locks))
    await pools.settle(timedelta(minutes=2))
    assert [await house.truth(lock) for lock in locks] == [[]] * len(locks)


@pytest.mark.parametrize("count", [2, pytest.param(8, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
async def test_codes_that_fail_together_have_a_backup_each(house: House, pools: Pools, count: int) -> None:
    """The locks go offline at once before their stays begin: nobody is before a door without a code of their own."""
    with house.env.auto_time_skipping_disabled():
        locks = await with_pools(house, count)
        start = await house.now() + timedelta(minutes=10)
        guests = [guest for lock in locks for guest in await guests_of(house, lock, BACKUPS, start)]
        on = [lock for lock in locks for _ in range(BACKUPS)]
        for lock in locks:
            await house.fault(lock, "offline")

        await house.pass_time(until=start + BACKUP_AFTER - SECONDS)
        assert await served(pools, guests) == []
        await house.pass_time(until=start + BACKUP_AFTER + AT_ONCE)

        backups = await served(pools, guests)
        assert len(set(backups)) == count * BACKUPS
        for lock, backup, guest in zip(on, backups, guests, strict=True):
            assert await house.opens(lock, await pools.digits(backup))
            assert await guest.seconds_of("backup_access_code_pulled") <= (BACKUP_AFTER + AT_ONCE).total_seconds()
        for lock in locks:
            assert {"empty_backup_access_code_pool", "many_active_backup_codes"} <= await pools.problems(lock)
            await house.heal(lock)
        await judge_that_nothing_is_left(house, pools, locks, guests)
    assert house.doubles == []


async def test_who_arrives_first_is_served_first_and_the_others_as_the_pool_refills(house: House, pools: Pools) -> None:
    with house.env.auto_time_skipping_disabled():
        (lock,) = await with_pools(house, 1)
        start = await house.now() + timedelta(minutes=10)
        guests = await guests_of(house, lock, BACKUPS + 3, start)
        await house.fault(lock, "http_500", on="program")
        await house.pass_time(until=start + BACKUP_AFTER + 5 * SECONDS)

        late, early = guests[:3], guests[3:]
        assert await served(pools, late) == []
        assert len(set(await served(pools, early))) == BACKUPS
        await house.heal(lock)
        await house.pass_time(until=start + timedelta(minutes=20))

        for guest in guests:
            assert await house.opens(lock, await guest.pin())
        await judge_that_nothing_is_left(house, pools, [lock], guests)
