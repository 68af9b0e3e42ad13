"""A lock with two slots: more guests than that are told at once, and are served in the order of their arrival."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import col, select
from temporalio.client import WorkflowUpdateFailedError

from api.slots import SlotReader
from domain.requests import CodeChange, CodeWindow
from store import devices
from store.tables import DeviceRow, EventRow
from tests.house import House, Life, refusal_of
from workflows.contracts import DeleteRequest, UpdateName

HOURS = timedelta(hours=1)


async def a_small_lock(house: House) -> DeviceRow:
    return await house.new_lock(f"Small {uuid4()}", max_active_codes_supported=2)


async def warnings(house: House, lock: DeviceRow) -> list[str]:
    async with house.database.read() as session:
        row = await session.get_one(DeviceRow, lock.id)
    return [problem.code for problem in devices.problems_of(row)]


async def told(house: House, lock: DeviceRow) -> list[str]:
    async with house.database.read() as session:
        query = select(EventRow.event_type).where(EventRow.device_id == lock.id, col(EventRow.access_code_id).is_(None))
        found = (await session.exec(query)).all()
    return [name for name in found if name == "device.max_access_codes_reached"]


async def book(house: House, lock: DeviceRow, begins: float, ends: float) -> Life:
    """Book a stay by its hours from now."""
    return await house.start(await house.request(lock, starts_in=begins * HOURS, lasts=(ends - begins) * HOURS))


async def test_guest_without_a_slot_is_told_days_ahead_and_when_there_is_one(house: House) -> None:
    lock = await a_small_lock(house)
    first, second = await book(house, lock, 100, 120), await book(house, lock, 90, 110)
    assert await warnings(house, lock) == []
    third = await book(house, lock, 105, 130)
    assert "no_space_for_access_code_on_device" in third.receipt.problems
    assert await first.problems() == await second.problems() == set()
    assert (await warnings(house, lock), await told(house, lock)) == (
        ["max_access_codes_reached"],
        ["device.max_access_codes_reached"],
    )
    calendar = await SlotReader(house.database).calendar(lock.id, await house.now())
    assert calendar is not None
    assert (calendar.capacity, calendar.without_slot) == (2, [third.id])
    assert max(day.used for day in calendar.days) == 3
    assert min(day.free for day in calendar.days if day.free is not None) == -1

    now = await house.now()
    later = CodeChange(window=CodeWindow(starts_at=now + 111 * HOURS, ends_at=now + 130 * HOURS))
    await third.update(UpdateName.CHANGE, later)
    assert await third.problems() == set()
    await third.update(
        UpdateName.CHANGE, CodeChange(window=CodeWindow(starts_at=now + 95 * HOURS, ends_at=now + 130 * HOURS))
    )
    assert await third.problems() == set(), "it begins before the first"
    assert await first.problems() == {"no_space_for_access_code_on_device"}
    fourth = await book(house, lock, 80, 140)
    assert await fourth.problems() == set()
    assert await third.problems() == {"no_space_for_access_code_on_device"}, "it was overtaken"

    for life in (first, second, fourth):
        await life.update(UpdateName.DELETE, DeleteRequest())
        with house.env.auto_time_skipping_disabled():
            await life.handle.result()
    assert await third.problems() == set()
    assert await warnings(house, lock) == []
    assert len(await told(house, lock)) == 2, "once for each time that it was raised"


async def test_free_slot_goes_to_who_came_first_and_nobody_holds_two(house: House) -> None:
    lock = await a_small_lock(house)
    now = await house.now()
    stays = [await book(house, lock, begins, 60) for begins in (1, 1.5)]
    late = await book(house, lock, 4, 50)
    early = await book(house, lock, 3, 50)
    await house.pass_time(until=now + 6 * HOURS)
    assert {slot["pin"] for slot in await house.truth(lock)} == {await one.pin() for one in stays}
    assert "no_space_for_access_code_on_device" in await early.problems()

    await stays[0].update(UpdateName.DELETE, DeleteRequest())
    await house.pass_time(until=now + 6.5 * HOURS)
    assert {slot["pin"] for slot in await house.truth(lock)} == {await stays[1].pin(), await early.pin()}
    assert "no_space_for_access_code_on_device" not in await early.problems()
    await stays[1].update(UpdateName.DELETE, DeleteRequest())
    await house.pass_time(until=now + 7 * HOURS)
    assert {slot["pin"] for slot in await house.truth(lock)} == {await late.pin(), await early.pin()}


async def test_policy_may_refuse_who_would_have_no_slot(house: House) -> None:
    lock = await a_small_lock(house)
    async with house.database.write() as session:
        await devices.set_policy(session, lock.id, {"when_full": "refuse"})
    for _ in range(2):
        await book(house, lock, 10, 20)
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await book(house, lock, 15, 25)
    assert (await refusal_of(caught.value))["type"] == "no_space_for_access_code_on_device"
    assert await warnings(house, lock) == []
    beside = await book(house, lock, 20, 25)
    moved = CodeChange(window=CodeWindow(starts_at=beside.starts_at - 2 * HOURS, ends_at=beside.ends_at))
    with pytest.raises(WorkflowUpdateFailedError):
        await beside.update(UpdateName.CHANGE, moved)
