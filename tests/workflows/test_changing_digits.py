"""New digits on a lock that cannot change a code in place: added first, so that there is always a code that opens."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowFailureError

from domain.access_code import Status
from domain.devices import Capabilities
from domain.requests import CodeChange, CodeWindow
from store.tables import DeviceRow
from tests.house import House, Life
from tests.workflows.test_faults import reported
from workflows.contracts import DeleteRequest, UpdateName

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SOON = timedelta(seconds=10)
WRITE_ONCE = Capabilities(can_update_in_place=False)


async def settled(house: House, **lock: Any) -> tuple[DeviceRow, Life, str]:
    """A code that is set on a lock of its own."""
    device = await house.new_lock(f"Lock {uuid4()}", **({"capabilities": WRITE_ONCE} | lock))
    life = await house.start(await house.request(device, starts_in=MINUTE, lasts=HOUR))
    await house.pass_time(until=life.starts_at + SOON)
    pin = await life.pin()
    assert await house.opens(device, pin)
    return device, life, pin


async def change(house: House, life: Life, pin: str | None = None) -> None:
    """Ask for other digits: these, or some."""
    sealed = None if pin is None else house.seal(pin, life.id)
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=pin is None, code=sealed))


async def operations(house: House, lock: DeviceRow) -> list[str]:
    return [call["operation"] for call in await house.calls(lock)]


async def pins_on(house: House, lock: DeviceRow) -> set[str]:
    return {slot["pin"] for slot in await house.truth(lock)}


async def loaded_pins(house: House, life: Life) -> list[int]:
    """Name the generations whose digits may be on the lock by the books."""
    return [row.generation for row in await house.pins(life.id) if row.loaded and row.released_at is None]


async def test_new_digits_are_proven_before_the_old_ones_go(house: House) -> None:
    lock, life, old = await settled(house)
    await change(house, life)
    await house.pass_time(until=await house.now() + SOON)
    new = await life.pin()
    assert await pins_on(house, lock) == {new} != {old}
    assert await operations(house, lock) == ["program", "read", "program", "read", "remove", "read"]
    assert await loaded_pins(house, life) == [2]
    assert await reported(house, life) is Status.SET
    assert (await life.events())[-3:] == ["changed", "code_changed", "set_on_device"]
    await life.update(UpdateName.DELETE, DeleteRequest())
    await house.pass_time(until=await house.now() + SOON)
    assert await house.truth(lock) == []
    assert (await life.events())[-2:] == ["removed_from_device", "deleted"]


@pytest.mark.parametrize("kind", ["lying_success", "reset_before", "lost_reply", "http_503", "offline"])
async def test_old_digits_open_until_the_new_ones_are_proven(house: House, kind: str) -> None:
    lock, life, old = await settled(house)
    await house.fault(lock, kind, **({} if kind == "offline" else {"on": "program"}))
    changed_at = await house.now()
    await change(house, life)
    new = await life.pin()
    for seconds in (1, 5, 20, 61, 130):
        await house.pass_time(until=changed_at + timedelta(seconds=seconds))
        assert await house.opens(lock, old) or await house.opens(lock, new)
    assert "backup_access_code_pulled" not in await life.events()
    await house.heal(lock)
    await house.pass_time(until=changed_at + 5 * MINUTE)
    assert await pins_on(house, lock) == {new}
    assert await life.problems() == set()
    assert house.doubles == []
    await life.update(UpdateName.DELETE, DeleteRequest())


async def test_full_lock_has_the_old_digits_removed_first(house: House) -> None:
    lock, life, old = await settled(house, max_active_codes_supported=1)
    await change(house, life)
    await house.pass_time(until=await house.now() + SOON)
    assert await pins_on(house, lock) == {await life.pin()} != {old}
    assert await operations(house, lock) == ["program", "read", "remove", "read", "program", "read"]
    await life.update(UpdateName.DELETE, DeleteRequest())


async def test_lock_that_is_full_of_others_codes_has_the_old_digits_removed_first(house: House) -> None:
    lock, life, old = await settled(house, max_active_codes_supported=2)
    (await house.http.post(f"/_truth/{lock.lock_id}/keypad", json={"slot": 2, "pin": "4807"})).raise_for_status()
    await change(house, life)
    await house.pass_time(until=await house.now() + SOON)
    new = await life.pin()
    assert await pins_on(house, lock) == {new, "4807"}
    assert old not in await pins_on(house, lock)
    assert await life.problems() == set()
    await life.update(UpdateName.DELETE, DeleteRequest())


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "beside"])
async def test_digits_that_the_lock_refuses_leave_the_old_ones_in_force(house: House, *, in_place: bool) -> None:
    lock, life, old = await settled(house, capabilities=Capabilities(can_update_in_place=in_place))
    await house.fault(lock, "reject", on="program")
    await change(house, life)
    await house.pass_time(until=await house.now() + 3 * MINUTE)
    assert await house.opens(lock, old)
    assert await life.pin() == old, "the code is the one that works"
    assert await reported(house, life) is Status.SET
    assert await life.problems() == {"code_constraints_violated", "failed_to_set_on_device"}
    assert (await life.events())[-2:] == ["failed_to_set_on_device", "code_changed"]
    assert await loaded_pins(house, life) == [1]

    await house.heal(lock)
    await change(house, life)
    await house.pass_time(until=await house.now() + SOON)
    assert await pins_on(house, lock) == {await life.pin()} != {old}
    assert await life.problems() == set()
    await life.end()
    assert await house.truth(lock) == []


async def test_digits_that_made_room_on_a_full_lock_come_back_when_the_new_ones_are_refused(house: House) -> None:
    lock, life, old = await settled(house, max_active_codes_supported=1)
    await house.fault(lock, "reject", on="program", count=1)
    await change(house, life)
    await house.pass_time(until=await house.now() + SOON)
    assert await pins_on(house, lock) == {old} == {await life.pin()}
    assert await reported(house, life) is Status.SET
    assert await life.problems() == {"code_constraints_violated", "failed_to_set_on_device"}
    assert (await life.events())[-3:] == ["failed_to_set_on_device", "code_changed", "set_on_device"]
    assert await loaded_pins(house, life) == [1]
    await life.update(UpdateName.DELETE, DeleteRequest())
    await house.pass_time(until=await house.now() + SOON)
    assert await house.truth(lock) == []


@pytest.mark.parametrize("how", ["delete", "cancel", "end in the past"])
async def test_end_in_the_midst_of_a_change_leaves_neither(house: House, how: str) -> None:
    lock, life, _ = await settled(house)
    await house.fault(lock, "lost_reply", on="program", count=1)
    await change(house, life)
    await house.pass_time(until=await house.now() + timedelta(seconds=1))
    now = await house.now()
    match how:
        case "delete":
            await life.update(UpdateName.DELETE, DeleteRequest())
        case "cancel":
            await life.handle.cancel()
        case _:
            window = CodeWindow(starts_at=life.starts_at, ends_at=now - SOON)
            await life.update(UpdateName.CHANGE, CodeChange(window=window))
    await house.pass_time(until=now + 2 * MINUTE)
    assert await house.truth(lock) == []
    assert (await life.stored()).code.closed
    assert (await life.events()).count("removed_from_device") == 1
    assert all(row.released_at is not None for row in await house.pins(life.id))
    if how == "cancel":
        with house.env.auto_time_skipping_disabled(), pytest.raises(WorkflowFailureError):
            await life.handle.result()


async def test_digits_that_are_taken_back_while_the_new_ones_fail_are_simply_kept(house: House) -> None:
    lock, life, old = await settled(house)
    await house.fault(lock, "lying_success", on="program")
    await change(house, life)
    await house.pass_time(until=await house.now() + 2 * MINUTE)
    await change(house, life, old)
    await house.pass_time(until=await house.now() + 2 * MINUTE)
    assert await reported(house, life) is Status.SET
    assert await pins_on(house, lock) == {old}
    assert await loaded_pins(house, life) == [1]
    await house.heal(lock)
    await life.update(UpdateName.DELETE, DeleteRequest())
    await house.pass_time(until=await house.now() + 2 * MINUTE)
    assert await house.truth(lock) == []


async def test_third_digits_overtake_the_second_while_the_first_are_in_force(house: House) -> None:
    lock, life, old = await settled(house)
    await house.fault(lock, "lost_reply", on="program", count=1)
    await change(house, life)
    await house.pass_time(until=await house.now() + timedelta(seconds=1))
    await change(house, life)
    third = await life.pin()
    changed_at = await house.now()
    for seconds in (1, 5, 20, 40, 80, 120):
        await house.pass_time(until=changed_at + timedelta(seconds=seconds))
        assert await house.opens(lock, old) or await house.opens(lock, third)
    assert await pins_on(house, lock) == {third}
    await life.update(UpdateName.DELETE, DeleteRequest())


async def test_same_digits_again_are_no_change(house: House) -> None:
    lock, life, old = await settled(house)
    calls = len(await house.calls(lock))
    await change(house, life, old)
    await house.pass_time(until=await house.now() + SOON)
    assert "code_changed" not in await life.events()
    assert len(await house.calls(lock)) == calls
    await life.update(UpdateName.DELETE, DeleteRequest())


async def test_masked_lock_has_its_new_digits_proven_by_their_own_mark(house: House) -> None:
    hidden = Capabilities(can_update_in_place=False, masks_codes=True)
    lock, life, old = await settled(house, capabilities=hidden)
    await house.fault(lock, "lost_reply", on="program", count=1)
    await change(house, life)
    await house.pass_time(until=await house.now() + MINUTE)
    assert await pins_on(house, lock) == {await life.pin()} != {old}
    assert (await operations(house, lock)).count("program") == 2
    await life.update(UpdateName.DELETE, DeleteRequest())
