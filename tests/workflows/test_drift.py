"""What others do to codes at their locks is found by reading, shown, and put right; judged by the lock's truth."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.access_code import Status
from domain.lifecycle import status
from domain.requests import DeviceChange
from store import devices
from store.tables import DeviceRow
from tests.house import House, Life
from tests.waiting import eventually
from workflows.contracts import QUEUE, UPDATE_DEVICE_WORKFLOW, UpdateName

SOON = timedelta(seconds=10)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def fresh(house: House, **facts: object) -> DeviceRow:
    """Put up a lock that no other test uses."""
    return await house.new_lock(f"Lock {uuid4()}", **facts)


async def lodged(house: House, lock: DeviceRow, *, lasts: timedelta = timedelta(days=5), **more: object) -> Life:
    """Have a guest's code on a lock."""
    life = await house.start(await house.request(lock, starts_in=None, lasts=lasts, **more))
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, await life.pin())
    return life


async def stands(house: House, life: Life) -> Status:
    """Say how the code is shown."""
    return status((await life.stored()).code, await house.now())


async def test_at_rest_a_lock_is_read_and_nothing_else_happens(house: House) -> None:
    lock = await fresh(house)
    life = await lodged(house, lock)
    calls, events, attempts = len(await house.calls(lock)), await life.events(), await life.attempts()
    result = await house.reconcile(lock)
    assert (result.locks, result.as_expected, result.drifted, result.unmanaged) == (1, 1, 0, 0)
    assert [call["operation"] for call in (await house.calls(lock))[calls:]] == ["read"]
    assert (await life.events(), await life.attempts()) == (events, attempts)


async def test_a_code_deleted_at_the_keypad_is_set_again(house: House) -> None:
    lock = await fresh(house)
    life = await lodged(house, lock)
    calls = len(await house.calls(lock))
    await house.keypad(lock, 1, None)
    assert (await house.reconcile(lock)).drifted == 1
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, await life.pin())
    assert (await life.events())[-2:] == ["deleted_external_to_seam", "set_on_device"]
    assert await life.problems() == {"conflicting_external_modification"}
    assert await stands(house, life) is Status.SET
    # One look finds it, one makes sure, one order, one look proves it.
    operations = [call["operation"] for call in (await house.calls(lock))[calls:]]
    assert operations == ["read", "read", "program", "read"]


@pytest.mark.parametrize("in_place", [True, False])
async def test_a_code_changed_at_the_keypad_is_changed_back(house: House, in_place: bool) -> None:
    capabilities = devices.facts_of(await house.device("Front Door")).capabilities
    lock = await fresh(house, capabilities=capabilities.model_copy(update={"can_update_in_place": in_place}))
    life = await lodged(house, lock)
    await house.keypad(lock, 1, "48071593")
    await house.reconcile(lock)
    await house.pass_time(until=await house.now() + SOON)
    assert [slot["pin"] for slot in await house.truth(lock)] == [await life.pin()]
    assert "modified_external_to_seam" in await life.events()
    assert await stands(house, life) is Status.SET


async def test_a_code_changed_to_anothers_digits_holds_up_no_other(house: House) -> None:
    lock = await fresh(house)
    one, other = await lodged(house, lock), await lodged(house, lock)
    pins = [await one.pin(), await other.pin()]
    await house.keypad(lock, 2, None)
    await house.keypad(lock, 1, pins[1])
    for _ in range(3):
        await house.reconcile(lock)
        await house.pass_time(until=await house.now() + 2 * MINUTE)
    assert sorted(slot["pin"] for slot in await house.truth(lock)) == sorted(pins)
    assert (await stands(house, one), await stands(house, other)) == (Status.SET, Status.SET)


async def test_a_factory_reset_is_made_good(house: House) -> None:
    lock = await fresh(house)
    lives = [await lodged(house, lock) for _ in range(3)]
    await house.reset(lock)
    assert (await house.reconcile(lock)).drifted == 3
    await house.pass_time(until=await house.now() + SOON)
    assert {slot["pin"] for slot in await house.truth(lock)} == {await life.pin() for life in lives}


async def test_where_reads_lag_one_look_undoes_nothing(house: House) -> None:
    capabilities = devices.facts_of(await house.device("Front Door")).capabilities
    lock = await fresh(house, capabilities=capabilities.model_copy(update={"reads_lag": 2 * MINUTE}))
    life = await house.start(await house.request(lock, starts_in=None, lasts=timedelta(days=5)))
    await house.pass_time(until=await house.now() + 10 * MINUTE)
    assert await stands(house, life) is Status.SET
    # A picture from before the code was there; the lock itself is as it should be.
    await house.fault(lock, "stale_read", seconds_ago=900, count=1)
    calls = len(await house.calls(lock))
    result = await house.reconcile(lock, passes=3 * MINUTE)
    assert (result.drifted, result.as_expected) == (0, 1)
    assert [call["operation"] for call in (await house.calls(lock))[calls:]] == ["read", "read"]
    assert "deleted_external_to_seam" not in await life.events()


@pytest.mark.parametrize("kind", ["offline", "http_500", "http_401", "malformed", "wrong_lock"])
async def test_a_lock_that_cannot_be_read_teaches_nothing_of_its_codes(house: House, kind: str) -> None:
    lock = await fresh(house)
    life = await lodged(house, lock)
    before = (await life.stored()).code
    await house.keypad(lock, 1, None)
    await house.fault(lock, kind, on="read")
    result = await house.reconcile(lock)
    assert (result.unread, result.drifted) == (1, 0)
    assert (await life.stored()).code == before
    problems = {problem.code for problem in devices.problems_of(await house.device(lock.name))}
    assert problems == ({"provider_issue"} if kind in ("malformed", "wrong_lock") else set())
    await house.heal(lock)
    await house.reconcile(lock)
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, await life.pin())
    assert devices.problems_of(await house.device(lock.name)) == ()


async def test_what_makes_no_sense_is_kept_without_digits(house: House) -> None:
    lock, other = await fresh(house), await house.device("Garden Gate")
    await house.keypad(other, 9, "48071593")
    await lodged(house, lock)
    await house.fault(lock, "wrong_lock", on="read", count=1)
    await house.reconcile(lock)
    (problem,) = devices.problems_of(await house.device(lock.name))
    assert "another lock" in problem.message
    assert not any(character.isdigit() for character in problem.message)
    await house.keypad(other, 9, None)


async def test_nonsense_while_a_code_is_set_is_shown_on_its_lock_too(house: House) -> None:
    lock = await fresh(house)
    await house.fault(lock, "malformed", on="read")
    life = await house.start(await house.request(lock, starts_in=None))
    await house.pass_time(until=await house.now() + SOON)
    assert {problem.code for problem in devices.problems_of(await house.device(lock.name))} == {"provider_issue"}
    assert {problem.code for problem in (await life.stored()).problems} == set()  # a warning, and its lock's alone
    await house.heal(lock)
    await house.pass_time(until=await house.now() + 2 * MINUTE)
    assert devices.problems_of(await house.device(lock.name)) == ()
    assert await stands(house, life) is Status.SET


async def test_a_masked_lock_shows_what_is_missing_too(house: House) -> None:
    lock = await house.device("Attic")
    life = await lodged(house, lock)
    assert (await house.reconcile(lock)).as_expected == 1
    (slot,) = await house.truth(lock)
    await house.keypad(lock, slot["slot"], None)
    assert (await house.reconcile(lock)).drifted == 1
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, await life.pin())


async def test_what_others_may_change_is_honoured(house: House) -> None:
    lock = await fresh(house)
    life = await lodged(house, lock, is_external_modification_allowed=True)
    await house.keypad(lock, 1, "48071593")
    await house.reconcile(lock)
    await house.pass_time(until=await house.now() + SOON)
    assert (await life.pin(), await house.opens(lock, "48071593")) == ("48071593", True)
    assert await life.problems() == {"external_modification_in_effect"}
    await house.keypad(lock, 1, None)
    await house.reconcile(lock, passes=2 * MINUTE)
    await house.pass_time(until=await house.now() + HOUR)
    assert await house.truth(lock) == []
    assert await stands(house, life) is Status.UNSET
    assert (await life.events())[-2:] == ["modified_external_to_seam", "deleted_external_to_seam"]
    receipt = await life.end()
    assert receipt.is_ended


async def test_a_code_that_is_constantly_removed_is_given_a_backup_and_left_alone_for_an_hour(house: House) -> None:
    lock = await fresh(house)
    life = await lodged(house, lock, use_backup_access_code_pool=True)
    await house.pass_time(until=await house.now() + 2 * MINUTE)
    own = await life.pin()
    for _ in range(4):
        (slot,) = [slot for slot in await house.truth(lock) if slot["pin"] == own]
        await house.keypad(lock, slot["slot"], None)
        await house.reconcile(lock)
        await house.pass_time(until=await house.now() + MINUTE)
    events = await life.events()
    assert events.count("deleted_external_to_seam") == 4
    assert events.count("delay_in_setting_on_device") == 3
    assert [kind for kind in events if kind in ("constantly_undone", "failed_to_set_on_device")] == [
        "constantly_undone",
        "failed_to_set_on_device",
    ]
    assert (await life.stored()).code.backup.access_code_id is not None
    assert own not in {slot["pin"] for slot in await house.truth(lock)}
    await house.pass_time(until=await house.now() + HOUR)
    assert await house.opens(lock, own)


async def test_a_code_that_comes_back_after_its_end_is_removed_again(house: House) -> None:
    lock = await fresh(house)
    life = await lodged(house, lock)
    (slot,) = await house.truth(lock)
    await life.handle.execute_update(UpdateName.DELETE)
    with house.env.auto_time_skipping_disabled():
        await life.handle.result()
    assert await house.truth(lock) == []
    await house.pass_time(until=await house.now() + 15 * MINUTE)
    # The vendor brings an old state of the lock back.
    name, pin = slot["name"], slot["pin"]
    order = {"name": name, "code": pin, "slot": 3}
    token = {"Authorization": f"Bearer {house.cloud.token}"}
    (await house.http.post(f"/locks/{lock.lock_id}/access_codes", json=order, headers=token)).raise_for_status()
    assert await house.opens(lock, pin)
    assert (await house.reconcile(lock)).drifted == 1
    await house.pass_time(until=await house.now() + MINUTE)
    assert await house.truth(lock) == []
    events = await life.events()
    assert events[events.index("deleted") :] == [
        "deleted",
        "failed_to_remove_from_device",
        "removed_from_device",
        "deleted",
    ]


async def test_a_code_that_came_back_is_removed_though_the_word_of_it_was_lost(house: House) -> None:
    """The row was written, and the worker died before the code's workflow was started again."""
    lock = await fresh(house)
    life = await lodged(house, lock)
    own = await life.pin()
    await house.fault(lock, "offline", on="remove", retry_after=300)
    await life.handle.execute_update(UpdateName.DELETE)

    async def was_tried() -> bool:
        return "remove" in dict(await life.attempts())

    await eventually(was_tried, within=30, what="the lock is asked in vain")
    await life.handle.terminate("by hand")
    await house.at_rest()  # an attempt in flight would still take it off
    await house.heal(lock)
    assert await house.opens(lock, own)
    await house.reconcile(lock)
    await house.pass_time(until=await house.now() + MINUTE)
    assert await house.truth(lock) == []
    assert (await life.events())[-1] == "deleted"


async def test_a_code_that_was_released_is_its_owners(house: House) -> None:
    lock = await fresh(house)
    life = await lodged(house, lock)
    change = DeviceChange(device_id=lock.id, is_managed=False, releases_codes=True)
    with house.env.auto_time_skipping_disabled():
        await house.client.execute_workflow(UPDATE_DEVICE_WORKFLOW, change, id=f"release/{uuid4()}", task_queue=QUEUE)
        await house.pass_time(until=await house.now() + MINUTE)
        await life.handle.result()
    for _ in range(2):
        result = await house.reconcile(lock)
        assert (result.drifted, result.unmanaged) == (0, 1)
    assert await house.opens(lock, await life.pin())


async def test_each_lock_is_due_by_its_own_interval(house: House) -> None:
    lock = await fresh(house)
    first = await house.reconcile(None)
    assert first.locks >= 1
    assert (await house.reconcile(None)).locks == 0
    await house.pass_time(until=await house.now() + timedelta(minutes=61))
    calls = len(await house.calls(lock))
    await house.reconcile(None)
    assert len(await house.calls(lock)) == calls + 1
