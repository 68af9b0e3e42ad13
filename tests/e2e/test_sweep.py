"""Codes whose workflow was terminated by hand: a sweep gives it back, and the lock is rid of them at their end."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from api.access_codes import AccessCodeService
from api.exposures import Exposed, ExposureReader
from api.sweeps import SweepService
from domain.exposure import ExposureReason
from domain.requests import CodeChange
from store.accounts import DEFAULT_WORKSPACE_ID
from store.tables import DeviceRow
from tests.house import House, Life
from tests.waiting import eventually
from workflows.contracts import SWEEP_ID, DeleteRequest, UpdateName

SOON = timedelta(seconds=5)


async def run_id(life: Life) -> str | None:
    return (await life.house.client.get_workflow_handle(life.handle.id).describe()).run_id


async def terminate(life: Life) -> None:
    await life.house.client.get_workflow_handle(life.handle.id).terminate("by hand")


async def a_set_code(house: House, lock: DeviceRow, lasts: timedelta) -> Life:
    life = await house.start(await house.request(lock, starts_in=None, lasts=lasts))

    async def opens() -> bool:
        return "set_on_device" in await life.events() and await house.opens(lock, await life.pin())

    await eventually(opens, within=10, what="the code opens the door")
    return life


async def is_off(house: House, lock: DeviceRow) -> bool:
    return await house.truth(lock) == []


async def exposures(house: House, lock: DeviceRow) -> list[Exposed]:
    found = await ExposureReader(house.database).list(DEFAULT_WORKSPACE_ID, datetime.now(UTC), device_id=lock.id)
    return list(found)


@pytest_asyncio.fixture(loop_scope="session")
async def sweeps(house: House) -> AsyncIterator[SweepService]:
    yield SweepService(house.client)


async def test_a_terminated_code_is_swept_up_and_removed_at_its_end(house: House, sweeps: SweepService) -> None:
    lock, other = await house.new_lock("Swept"), await house.new_lock("Running")
    life, untouched = await a_set_code(house, lock, SOON), await a_set_code(house, other, timedelta(hours=1))
    first = await run_id(untouched)
    await terminate(life)

    swept = await sweeps.sweep()
    assert swept.resumed == (life.id,)
    assert swept.looked_at >= 2
    assert await run_id(untouched) == first
    assert await house.opens(lock, await life.pin())  # it is no exposure yet: its time goes on
    assert await exposures(house, lock) == []

    await eventually(lambda: is_off(house, lock), within=15, what="the lock is rid of the code")
    assert datetime.now(UTC) >= life.receipt.ends_at  # type: ignore[operator]
    await house.client.get_workflow_handle(life.handle.id).result()
    assert await life.events() == ["created", "set_on_device", "removed_from_device"]
    assert ("resume", "workflow_gone") in await life.attempts()
    assert (await sweeps.sweep()).resumed == ()


async def test_what_nobody_removes_is_exposed_until_a_sweep_sees_to_it(house: House, sweeps: SweepService) -> None:
    lock = await house.new_lock("Silent")
    life = await a_set_code(house, lock, timedelta(hours=1))
    await house.fault(lock, "offline", seconds=3600)
    await life.update(UpdateName.DELETE, DeleteRequest())

    async def has_been_tried() -> bool:
        return any(one.last_attempt is not None for one in await exposures(house, lock))

    await eventually(has_been_tried, within=10, what="a removal was tried")
    await terminate(life)
    (exposed,) = await exposures(house, lock)
    assert (exposed.access_code_id, exposed.reason) == (life.id, ExposureReason.DELETED)
    assert abs(exposed.since - datetime.now(UTC)) < timedelta(minutes=1)
    assert exposed.last_attempt is not None
    assert "offline" in exposed.last_attempt.text
    assert await house.opens(lock, await life.pin())

    await house.heal(lock)
    assert life.id in (await sweeps.sweep()).resumed
    await eventually(lambda: is_off(house, lock), within=30, what="the lock is rid of the code")
    await house.client.get_workflow_handle(life.handle.id).result()
    assert await exposures(house, lock) == []
    assert (await life.events())[-2:] == ["removed_from_device", "deleted"]


async def test_the_schedule_sweeps_by_itself_and_follows_its_setting(house: House, sweeps: SweepService) -> None:
    lock = await house.new_lock("Scheduled")
    life = await a_set_code(house, lock, SOON)
    await terminate(life)
    await sweeps.schedule(timedelta(minutes=15))
    handle = house.client.get_schedule_handle(SWEEP_ID)
    try:
        await eventually(lambda: is_off(house, lock), within=20, what="the lock is rid of the code")
        await sweeps.schedule(timedelta(minutes=5))
        spec = (await handle.describe()).schedule.spec
        assert [one.every for one in spec.intervals] == [timedelta(minutes=5)]
    finally:
        await handle.delete()


async def test_a_change_of_a_terminated_code_starts_it_again(house: House) -> None:
    lock = await house.new_lock("Changed")
    life = await a_set_code(house, lock, timedelta(hours=1))
    before = await life.pin()
    await terminate(life)

    service = AccessCodeService(house.client, house.database, house.keyring)
    assert (await service.change(life.id, CodeChange(new_digits=True))).generation == 2

    async def is_changed() -> bool:
        return await house.opens(lock, await life.pin()) and not await house.opens(lock, before)

    await eventually(is_changed, within=15, what="the new digits open the door")
    await service.delete(life.id)
    await eventually(lambda: is_off(house, lock), within=15, what="the lock is rid of the code")
