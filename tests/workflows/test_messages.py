"""Changing, deleting and cancelling a code at every time of its life, judged by the lock's truth."""

from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import CancelledError

from domain.access_code import AccessCodeType, Status
from domain.requests import CodeChange, CodeWindow
from tests.house import House, Life, refusal_of
from workflows.contracts import AccessCodeReceipt, DeleteRequest, UpdateName

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=10)


async def settled_life(house: House, **lock: object) -> tuple[Life, str]:
    """A code that is set, on a lock of its own."""
    device = await house.new_lock(f"Lock {uuid4()}", **lock)
    life = await house.start(await house.request(device))
    await house.pass_time(until=life.starts_at + SOON)
    pin = await life.pin()
    assert await house.opens(await device_of(house, life), pin)
    return life, pin


async def device_of(house: House, life: Life):  # type: ignore[no-untyped-def]
    return await house.device(life.receipt.device_name)


async def test_an_ongoing_code_works_at_once_and_until_it_is_deleted(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock, starts_in=None, lasts=None))
    await house.pass_time(until=life.starts_at + SOON)
    assert life.receipt.type is AccessCodeType.ONGOING
    assert life.receipt.status is Status.SETTING
    assert await house.opens(lock, await life.pin())
    await house.pass_time(until=life.starts_at + timedelta(days=20))
    assert await house.opens(lock, await life.pin())

    await life.update(UpdateName.DELETE, DeleteRequest())
    await life.end()

    assert await house.truth(lock) == []
    assert await life.events() == ["created", "set_on_device", "removed_from_device", "deleted"]


async def test_a_code_without_a_start_ends_at_its_end(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock, starts_in=None, lasts=2 * HOUR))
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, await life.pin())
    await life.end()
    assert await house.truth(lock) == []


async def test_a_code_without_an_end_waits_for_its_start(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock, lasts=None))
    assert life.receipt.status is Status.UNSET
    await house.pass_time(until=life.starts_at - SOON)
    assert await house.truth(lock) == []
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, await life.pin())
    await life.update(UpdateName.DELETE, DeleteRequest())
    await life.end()
    assert await house.truth(lock) == []


async def test_deleting_before_the_start_touches_no_lock(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await life.update(UpdateName.DELETE, DeleteRequest())
    receipt = await life.handle.result()
    assert AccessCodeReceipt.model_validate(receipt).is_ended
    assert await house.calls(lock) == []
    assert await life.events() == ["created", "deleted"]
    assert all(pin.released_at is not None for pin in await house.pins(life.id))


async def test_deleting_a_set_code_removes_it_with_proof(house: House) -> None:
    life, _ = await settled_life(house)
    receipt = await life.update(UpdateName.DELETE, DeleteRequest())
    assert receipt.status is Status.REMOVING
    assert "being_deleted" in receipt.problems
    await house.pass_time(until=await house.now() + SOON)
    assert await house.truth(await device_of(house, life)) == []
    assert (await life.events())[-2:] == ["removed_from_device", "deleted"]
    assert (await life.stored()).row.deleted_at is not None


async def test_deleting_after_the_end_marks_the_deletion_and_nothing_else(house: House) -> None:
    life, _ = await settled_life(house)
    await life.end()
    calls = len(await house.calls(await device_of(house, life)))
    request = await house.request(await device_of(house, life))
    again = await house.start(request, code_id=life.id)
    assert again.receipt.is_ended
    with house.env.auto_time_skipping_disabled():
        await again.handle.result()
    assert (await life.events())[-1] == "removed_from_device"

    await house.delete_ended(life)

    assert (await life.events())[-2:] == ["removed_from_device", "deleted"]
    assert len(await house.calls(await device_of(house, life))) == calls
    assert (await life.stored()).row.deleted_at is not None


async def test_a_change_after_the_end_is_refused(house: House) -> None:
    life, _ = await settled_life(house)
    await life.end()
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await house.change_ended(life, CodeChange(name="Late"))
    assert (await refusal_of(caught.value))["type"] == "access_code_ended"


async def test_cancelling_the_workflow_removes_the_code_first(house: House) -> None:
    life, _ = await settled_life(house)
    await life.handle.cancel()
    await house.pass_time(until=await house.now() + SOON)
    with house.env.auto_time_skipping_disabled(), pytest.raises(WorkflowFailureError) as caught:
        await life.handle.result()
    assert isinstance(caught.value.cause, CancelledError)
    assert await house.truth(await device_of(house, life)) == []
    stored = await life.stored()
    assert stored.code.wish.ending == "cancelled"
    assert stored.row.deleted_at is None
    assert (await life.events())[-1] == "removed_from_device"


async def test_cancelling_before_the_start_ends_without_touching_the_lock(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await life.handle.cancel()
    with house.env.auto_time_skipping_disabled(), pytest.raises(WorkflowFailureError):
        await life.handle.result()
    assert await house.calls(lock) == []
    assert (await life.stored()).code.closed


async def test_extending_keeps_digits_and_slot_and_tells_the_lock_nothing(house: House) -> None:
    life, pin = await settled_life(house)
    lock = await device_of(house, life)
    before, calls = await house.truth(lock), len(await house.calls(lock))
    assert life.ends_at is not None
    later = life.ends_at + timedelta(days=1)
    await life.update(UpdateName.CHANGE, CodeChange(window=CodeWindow(starts_at=life.starts_at, ends_at=later)))

    await house.pass_time(until=life.ends_at + HOUR)
    assert await house.truth(lock) == before
    assert await house.opens(lock, pin)
    assert len(await house.calls(lock)) == calls
    await house.pass_time(until=later + SOON)
    assert await house.truth(lock) == []
    assert "time_frame_changed" in await life.events()


async def test_shortening_into_the_past_removes_now(house: House) -> None:
    life, _ = await settled_life(house)
    now = await house.now()
    window = CodeWindow(starts_at=life.starts_at, ends_at=now - timedelta(seconds=1))
    await life.update(UpdateName.CHANGE, CodeChange(window=window))
    await house.pass_time(until=now + SOON)
    assert await house.truth(await device_of(house, life)) == []
    assert (await life.stored()).code.closed


async def test_moving_a_set_code_into_the_future_takes_it_off_and_puts_it_on_again(house: House) -> None:
    life, pin = await settled_life(house)
    lock, now = await device_of(house, life), await house.now()
    window = CodeWindow(starts_at=now + 5 * HOUR, ends_at=now + 9 * HOUR)
    await life.update(UpdateName.CHANGE, CodeChange(window=window))
    await house.pass_time(until=now + SOON)
    assert not await house.opens(lock, pin)
    await house.pass_time(until=now + 5 * HOUR + SOON)
    assert await house.opens(lock, pin)
    await house.pass_time(until=now + 9 * HOUR + SOON)
    assert await house.truth(lock) == []


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "remove then add"])
async def test_new_digits_replace_the_old_ones(house: House, *, in_place: bool) -> None:
    device = await house.new_lock(f"Lock {uuid4()}")
    capabilities = house.cloud.locks[device.lock_id].facts.capabilities
    life, old = await settled_life(
        house, capabilities=capabilities.model_copy(update={"can_update_in_place": in_place})
    )
    lock = await device_of(house, life)
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
    await house.pass_time(until=await house.now() + SOON)
    new = await life.pin()

    assert new != old
    assert await house.opens(lock, new)
    assert not await house.opens(lock, old)
    assert len(await house.truth(lock)) == 1
    old_row, new_row = sorted(await house.pins(life.id), key=lambda pin: pin.generation)
    assert old_row.released_at is not None
    assert new_row.released_at is None
    operations = [call["operation"] for call in await house.calls(lock)]
    assert ("remove" in operations) is not in_place


async def test_a_new_name_reaches_a_lock_that_can_change_it_in_place(house: House) -> None:
    life, pin = await settled_life(house)
    lock = await device_of(house, life)
    await life.update(UpdateName.CHANGE, CodeChange(name="Ada"))
    await house.pass_time(until=await house.now() + SOON)
    (slot,) = await house.truth(lock)
    assert slot["name"].endswith(" Ada")
    assert slot["pin"] == pin
    assert (await life.events())[-2:] == ["changed", "name_changed"]


async def test_a_new_name_never_takes_a_code_off_a_lock_that_cannot_change_it(house: House) -> None:
    device = await house.new_lock(f"Lock {uuid4()}")
    capabilities = house.cloud.locks[device.lock_id].facts.capabilities
    life, pin = await settled_life(house, capabilities=capabilities.model_copy(update={"can_update_in_place": False}))
    lock = await device_of(house, life)
    calls = len(await house.calls(lock))
    await life.update(UpdateName.CHANGE, CodeChange(name="Ada"))
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, pin)
    assert len(await house.calls(lock)) == calls
    assert (await life.stored()).row.name == "Ada"


async def test_a_deletion_interrupts_a_waiting_retry(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "offline")
    await house.pass_time(until=life.starts_at + timedelta(minutes=40))
    await house.heal(lock)
    deleted_at = await house.now()
    await life.update(UpdateName.DELETE, DeleteRequest())
    await house.pass_time(until=deleted_at + SOON)
    assert (await life.stored()).code.closed
    assert (await life.events())[-1] == "deleted"
    assert "removed_from_device" not in await life.events()


async def test_news_that_the_lock_is_back_is_acted_on_at_once(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "offline")
    await house.pass_time(until=life.starts_at + timedelta(minutes=40))
    await house.heal(lock)
    told_at = await house.now()
    await life.handle.signal("device_connected")
    await house.pass_time(until=told_at + SOON)
    assert await house.opens(lock, await life.pin())


async def test_repeating_an_update_by_its_id_does_it_once(house: House) -> None:
    life, _ = await settled_life(house)
    for _ in range(2):
        await life.handle.execute_update(
            UpdateName.CHANGE, CodeChange(new_digits=True), id="same", result_type=AccessCodeReceipt
        )
    assert (await life.events()).count("code_changed") == 1


async def test_the_state_query_tells_everything_but_the_digits(house: House) -> None:
    life, pin = await settled_life(house)
    state = await life.handle.query("state", result_type=AccessCodeReceipt)
    assert state.status is Status.SET
    assert pin not in state.model_dump_json()


async def test_a_chosen_pin_is_the_one_on_the_lock(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    code_id = uuid4()
    life = await house.start(await house.request(lock, code=house.seal("80351", code_id)), code_id=code_id)
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, "80351")
