"""Locks that are honest about being slow, hide what they hold, or are wanted by everybody at once."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from domain.access_code import Status
from domain.devices import Capabilities
from domain.requests import CodeChange
from store import devices
from store.tables import DeviceRow
from tests.house import House
from tests.workflows.test_faults import assert_no_false_report, reported
from workflows.contracts import DeleteRequest, UpdateName

SOON = timedelta(seconds=10)


async def with_policy(house: House, lock: DeviceRow, **policy: str) -> None:
    async with house.database.write() as session:
        row = await devices.get_device(session, lock.id)
        assert row is not None
        row.policy = policy
        session.add(row)


async def test_a_write_that_arrives_after_the_end_is_still_removed(house: House) -> None:
    """Writes reach this lock five minutes after they were accepted; the code has ended by then."""
    settles = Capabilities(writes_settle=timedelta(minutes=5))
    lock = await house.new_lock(f"Lock {uuid4()}", capabilities=settles)
    life = await house.start(await house.request(lock, lasts=timedelta(minutes=2)))
    assert life.ends_at is not None
    for seconds in (1, 60, 119, 125, 200, 299, 310, 360, 400):
        await house.pass_time(until=life.starts_at + timedelta(seconds=seconds))
        await assert_no_false_report(house, lock, life, await life.pin())
    await house.pass_time(until=life.ends_at + timedelta(minutes=20))
    assert await house.truth(lock) == []
    assert (await life.stored()).code.closed


async def test_absence_is_read_twice_where_reads_lag(house: House) -> None:
    lags = Capabilities(reads_lag=timedelta(seconds=40))
    lock = await house.new_lock(f"Lock {uuid4()}", capabilities=lags)
    life = await house.start(await house.request(lock, lasts=timedelta(hours=1)))
    assert life.ends_at is not None
    await house.pass_time(until=life.starts_at + timedelta(minutes=3))
    assert await reported(house, life) is Status.SET
    await house.pass_time(until=life.ends_at + timedelta(seconds=30))
    assert await house.truth(lock) == []
    assert not (await life.stored()).code.closed
    await house.pass_time(until=life.ends_at + timedelta(minutes=4))
    assert (await life.stored()).code.closed
    empty = [answer for operation, answer in await life.attempts() if (operation, answer) == ("read", "empty")]
    assert len(empty) >= 2


async def test_a_masked_lock_is_proven_by_the_mark_and_written_once(house: House) -> None:
    lock = await house.device("Attic")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "lost_reply", on="program", count=1)
    await house.pass_time(until=life.starts_at + timedelta(minutes=2))
    assert await reported(house, life) is Status.SET
    assert [call["operation"] for call in await house.calls(lock)].count("program") == 1
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, await life.pin())
    await life.end()
    assert await house.truth(lock) == []


async def test_many_codes_of_one_lock_take_turns(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    lives = [await house.start(await house.request(lock)) for _ in range(12)]
    await house.pass_time(until=lives[0].starts_at + timedelta(minutes=1))
    pins = {await life.pin() for life in lives}
    assert {slot["pin"] for slot in await house.truth(lock)} == pins
    assert len(pins) == 12
    assert house.doubles == []
    await lives[-1].end()
    assert await house.truth(lock) == []


async def test_a_foreign_code_in_the_planned_slot_is_left_alone(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    (await house.http.post(f"/_truth/{lock.lock_id}/keypad", json={"slot": 1, "pin": "4807"})).raise_for_status()
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at + SOON)
    assert {slot["slot"]: slot["pin"] for slot in await house.truth(lock)} == {1: "4807", 2: await life.pin()}
    await life.end()
    assert [slot["pin"] for slot in await house.truth(lock)] == ["4807"]


async def test_a_foreign_code_with_the_same_digits_is_a_duplicate(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    code_id = uuid4()
    life = await house.start(await house.request(lock, code=house.seal("4807", code_id)), code_id=code_id)
    (await house.http.post(f"/_truth/{lock.lock_id}/keypad", json={"slot": 7, "pin": "4807"})).raise_for_status()
    await house.pass_time(until=life.starts_at + SOON)
    assert await life.problems() == {"duplicate_code_on_device"}
    (await house.http.post(f"/_truth/{lock.lock_id}/keypad", json={"slot": 7, "pin": None})).raise_for_status()
    await house.pass_time(until=await house.now() + timedelta(seconds=65))
    assert await life.problems() == set()
    assert await house.opens(lock, "4807")


async def test_policy_of_a_device_moves_the_timeline(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    await with_policy(house, lock, program_lead="PT15M", delay_after="PT5S", backup_after="PT20S", fail_after="PT20S")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "offline")
    await house.pass_time(until=life.starts_at - timedelta(minutes=14))
    assert round(await life.seconds_of("delay_in_setting_on_device")) == -15 * 60 + 5
    assert round(await life.seconds_of("failed_to_set_on_device")) == -15 * 60 + 20
    await life.update(UpdateName.DELETE, DeleteRequest())
    await house.heal(lock)


async def test_registrations_that_race_for_one_pin_leave_one_winner(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    ids = [uuid4() for _ in range(6)]
    requests = [await house.request(lock, code=house.seal("480733", code_id)) for code_id in ids]
    starts = (house.start(request, code_id=code_id) for request, code_id in zip(requests, ids, strict=True))
    outcomes = await asyncio.gather(*starts, return_exceptions=True)
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1


async def test_a_cancelled_code_on_a_flapping_lock_leaves_nothing(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "flapping", period_seconds=14.0)
    await house.pass_time(until=life.starts_at + timedelta(seconds=9))
    await life.handle.cancel()
    await house.pass_time(until=life.starts_at + timedelta(minutes=3))
    assert await house.truth(lock) == []
    assert (await life.stored()).code.closed


async def test_new_digits_that_the_lock_ignores_are_not_believed(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at + SOON)
    old = await life.pin()
    await house.fault(lock, "lying_success", on="program")
    changed_at = await house.now()
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
    await house.pass_time(until=changed_at + timedelta(seconds=30))
    assert await reported(house, life) is Status.SETTING
    assert [slot["pin"] for slot in await house.truth(lock)] == [old]
    await house.heal(lock)
    await house.pass_time(until=changed_at + timedelta(seconds=95))
    assert await reported(house, life) is Status.SET
    assert [slot["pin"] for slot in await house.truth(lock)] == [await life.pin()]
