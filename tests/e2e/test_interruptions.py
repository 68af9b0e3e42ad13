"""A message that comes at the worst moment: while an attempt is under way, or while the next one is waited for.

Whatever it is, the lock ends as the last word wants it, nothing is called gone that was not read to be gone, and
nobody waits for a backoff that has lost its reason.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import CancelledError

from domain.access_code import Ending
from domain.devices import Capabilities
from domain.requests import CodeChange
from store import devices
from store.tables import DeviceRow
from tests.house import House, Life
from tests.waiting import eventually
from workflows.contracts import (
    DEVICE_CONNECTED_SIGNAL,
    QUEUE,
    SYNC_ACCOUNT_WORKFLOW,
    AccessCodeReceipt,
    DeleteRequest,
    SyncAccountInput,
    UpdateName,
    sync_account_workflow_id,
)

SLOW_SECONDS = 1.0
SOON = 2.0
"""Seconds within which a message must show where an attempt can be made at once."""
PATIENT = 15.0
"""Seconds for everything that must end well, but not at once, on a busy machine."""

Interrupt = Callable[[Life], Awaitable[object]]


async def cancel(life: Life) -> None:
    await life.handle.cancel()


async def delete(life: Life) -> None:
    await life.update(UpdateName.DELETE, DeleteRequest())


async def change_digits(life: Life) -> None:
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))


async def a_lock(house: House, **capabilities: bool) -> DeviceRow:
    return await house.new_lock(f"Interrupted {uuid4()}", capabilities=Capabilities(**capabilities))


async def a_code(house: House, lock: DeviceRow) -> Life:
    """Start a code that is wanted at once, for two days."""
    return await house.start(await house.request(lock, starts_in=None))


async def a_code_on_the_lock(house: House, lock: DeviceRow) -> Life:
    life = await a_code(house, lock)
    pin = await life.pin()
    await eventually(lambda: told(life, "set_on_device"), within=PATIENT, what="the code is set")
    assert await house.opens(lock, pin)
    return life


async def told(life: Life, event_type: str) -> bool:
    return event_type in await life.events()


async def under_way(house: House, lock: DeviceRow, operation: str, times: int = 1) -> None:
    """Wait until that call has reached the cloud; with the fault `slow` its answer is still to come."""

    async def has_come() -> bool:
        return [call["operation"] for call in await house.calls(lock)].count(operation) >= times

    await eventually(has_come, within=PATIENT, what=f"{operation} reaches the lock cloud")


async def put_offline(house: House, lock: DeviceRow, on: str = "any") -> None:
    """Have the lock fail at once and ask for a minute's patience, so that the next attempt is far away."""
    await house.fault(lock, "offline", on=on, retry_after=60)


async def waiting_to_retry(house: House, lock: DeviceRow, operation: str, times: int = 1) -> None:
    """Wait until so many attempts have failed."""
    await under_way(house, lock, operation, times)


async def ended(life: Life) -> bool:
    return (await life.handle.describe()).status is not WorkflowExecutionStatus.RUNNING


async def assert_gone(house: House, lock: DeviceRow, pin: str) -> None:
    """Nothing is on the lock, and the last word on it was a look, not an order."""
    assert await house.truth(lock) == []
    assert not await house.opens(lock, pin)
    assert [call["operation"] for call in await house.calls(lock)][-1] == "read"
    assert house.doubles == []


async def assert_cancelled(life: Life) -> None:
    with pytest.raises(WorkflowFailureError) as failure:
        await life.handle.result()
    assert isinstance(failure.value.cause, CancelledError)
    assert (await life.handle.describe()).status is WorkflowExecutionStatus.CANCELED
    stored = await life.stored()
    assert (stored.code.wish.ending, stored.code.closed) == (Ending.CANCELLED, True)
    assert stored.row.deleted_at is None


async def assert_deleted(life: Life) -> None:
    await life.handle.result()
    stored = await life.stored()
    assert (stored.code.wish.ending, stored.code.closed) == (Ending.DELETED, True)
    assert stored.row.deleted_at is not None


# --- While a write is under way -----------------------------------------------------------------------------------


async def test_cancel_during_a_write_ends_cancelled_with_the_code_proven_gone(house: House) -> None:
    lock = await a_lock(house)
    await house.fault(lock, "slow", on="program", delay_seconds=SLOW_SECONDS)
    life = await a_code(house, lock)
    await under_way(house, lock, "program")
    await cancel(life)
    await assert_cancelled(life)
    await assert_gone(house, lock, await life.pin())
    assert await life.events() == ["created", "removed_from_device"]


async def test_delete_during_a_write_ends_deleted_with_the_code_proven_gone(house: House) -> None:
    lock = await a_lock(house)
    await house.fault(lock, "slow", on="program", delay_seconds=SLOW_SECONDS)
    life = await a_code(house, lock)
    await under_way(house, lock, "program")
    await delete(life)
    await assert_deleted(life)
    await assert_gone(house, lock, await life.pin())
    assert await life.events() == ["created", "removed_from_device", "deleted"]


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "remove then add"])
async def test_new_digits_during_a_write_replace_the_old_ones(house: House, in_place: bool) -> None:
    lock = await a_lock(house, can_update_in_place=in_place)
    await house.fault(lock, "slow", on="program", delay_seconds=SLOW_SECONDS)
    life = await a_code(house, lock)
    old = await life.pin()
    await under_way(house, lock, "program")
    await change_digits(life)
    await house.heal(lock)
    await eventually(lambda: told(life, "set_on_device"), within=PATIENT, what="the new digits are set")
    new = await life.pin()
    assert new != old
    assert await house.opens(lock, new)
    assert not await house.opens(lock, old)
    assert len(await house.truth(lock)) == 1
    assert house.doubles == []
    await delete(life)
    await assert_deleted(life)
    await assert_gone(house, lock, new)


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "add then remove"])
async def test_new_digits_while_set_replace_the_old_ones(house: House, in_place: bool) -> None:
    lock = await a_lock(house, can_update_in_place=in_place)
    life = await a_code_on_the_lock(house, lock)
    old = await life.pin()
    await change_digits(life)
    new = await life.pin()

    async def only_the_new_ones_open() -> bool:
        return await house.opens(lock, new) and not await house.opens(lock, old)

    await eventually(only_the_new_ones_open, within=PATIENT, what="the new digits alone open")
    assert len(await house.truth(lock)) == 1
    await delete(life)
    await assert_deleted(life)


@pytest.mark.parametrize("operation", ["program", "remove"], ids=["while adding", "while removing the old ones"])
@pytest.mark.parametrize("interrupt", [cancel, delete], ids=["cancel", "delete"])
async def test_end_in_the_midst_of_adding_digits_leaves_neither(
    house: House, operation: str, interrupt: Interrupt
) -> None:
    lock = await a_lock(house, can_update_in_place=False)
    life = await a_code_on_the_lock(house, lock)
    old = await life.pin()
    before = [call["operation"] for call in await house.calls(lock)].count(operation)
    await house.fault(lock, "slow", on=operation, delay_seconds=SLOW_SECONDS, count=1)
    await change_digits(life)
    await under_way(house, lock, operation, before + 1)
    await interrupt(life)
    await eventually(lambda: _is_closed(life), within=PATIENT, what="the code has ended")
    await assert_gone(house, lock, old)
    await assert_gone(house, lock, await life.pin())
    assert (await life.events()).count("removed_from_device") == 1


async def test_digits_that_change_again_while_the_old_ones_go_are_the_only_ones_in_the_end(house: House) -> None:
    lock = await a_lock(house, can_update_in_place=False)
    life = await a_code_on_the_lock(house, lock)
    await house.fault(lock, "slow", on="remove", delay_seconds=SLOW_SECONDS, count=1)
    await change_digits(life)
    await under_way(house, lock, "remove")
    await change_digits(life)
    third = await life.pin()

    async def only_the_third_open() -> bool:
        return [slot["pin"] for slot in await house.truth(lock)] == [third]

    await eventually(only_the_third_open, within=PATIENT, what="the third digits are alone on the lock")
    await delete(life)
    await assert_deleted(life)


async def _is_closed(life: Life) -> bool:
    return (await life.stored()).code.closed


# --- While a removal is under way ---------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [cancel, delete], ids=["cancel", "delete"])
async def test_a_second_word_during_a_deletion_leaves_it_a_deletion(house: House, second: Interrupt) -> None:
    lock = await a_lock(house)
    life = await a_code_on_the_lock(house, lock)
    await house.fault(lock, "slow", on="remove", delay_seconds=SLOW_SECONDS)
    await delete(life)
    await under_way(house, lock, "remove")
    await second(life)
    await assert_deleted(life)
    await assert_gone(house, lock, await life.pin())
    assert await life.events() == ["created", "set_on_device", "removed_from_device", "deleted"]


async def test_delete_during_the_removal_of_a_cancelled_code_deletes_it(house: House) -> None:
    lock = await a_lock(house)
    life = await a_code_on_the_lock(house, lock)
    await house.fault(lock, "slow", on="remove", delay_seconds=SLOW_SECONDS)
    await cancel(life)
    await under_way(house, lock, "remove")
    await delete(life)
    await assert_deleted(life)
    await assert_gone(house, lock, await life.pin())
    assert await life.events() == ["created", "set_on_device", "removed_from_device", "deleted"]


async def test_delete_during_the_removal_of_old_digits_keeps_the_new_ones_off(house: House) -> None:
    """The lock has no second place, so the old ones go first."""
    write_once = Capabilities(can_update_in_place=False)
    lock = await house.new_lock(f"Interrupted {uuid4()}", capabilities=write_once, max_active_codes_supported=1)
    life = await a_code_on_the_lock(house, lock)
    await house.fault(lock, "slow", on="remove", delay_seconds=SLOW_SECONDS)
    await change_digits(life)
    await under_way(house, lock, "remove")
    await delete(life)
    await assert_deleted(life)
    await assert_gone(house, lock, await life.pin())
    assert [call["operation"] for call in await house.calls(lock)].count("program") == 1


# --- While a retry is waited for ----------------------------------------------------------------------------------


async def test_delete_interrupts_the_wait_for_a_retry(house: House) -> None:
    lock = await a_lock(house)
    await put_offline(house, lock)
    life = await a_code(house, lock)
    await waiting_to_retry(house, lock, "program")
    await delete(life)
    await eventually(lambda: ended(life), within=SOON, what="a code that never was on the lock is deleted at once")
    await assert_deleted(life)
    assert await house.truth(lock) == []
    assert await life.events() == ["created", "deleted"]


async def test_delete_is_not_kept_waiting_by_what_the_failing_attempt_was_told(house: House) -> None:
    lock = await a_lock(house)
    await house.fault(lock, "slow", on="program", delay_seconds=SLOW_SECONDS)
    await put_offline(house, lock, on="program")
    life = await a_code(house, lock)
    await under_way(house, lock, "program")
    await delete(life)
    await eventually(lambda: ended(life), within=SLOW_SECONDS + SOON, what="the attempt fails and the code ends")
    await assert_deleted(life)


async def test_news_that_comes_while_an_attempt_fails_is_not_forgotten(house: House) -> None:
    lock = await a_lock(house)
    await house.fault(lock, "slow", on="program", delay_seconds=SLOW_SECONDS)
    await put_offline(house, lock, on="program")
    life = await a_code(house, lock)
    await under_way(house, lock, "program")
    await house.heal(lock)
    await life.handle.signal(DEVICE_CONNECTED_SIGNAL)
    await eventually(lambda: told(life, "set_on_device"), within=SLOW_SECONDS + SOON, what="the code is set")
    await delete(life)
    await assert_deleted(life)


async def test_delete_interrupts_a_grown_backoff(house: House) -> None:
    lock = await a_lock(house)
    await house.fault(lock, "offline")
    life = await a_code(house, lock)
    await waiting_to_retry(house, lock, "program", times=3)
    await delete(life)
    await eventually(lambda: ended(life), within=SOON, what="the code ends long before its next attempt")
    await assert_deleted(life)


async def test_cancel_interrupts_the_wait_for_a_retry(house: House) -> None:
    lock = await a_lock(house)
    await put_offline(house, lock)
    life = await a_code(house, lock)
    await waiting_to_retry(house, lock, "program")
    await cancel(life)
    await eventually(lambda: ended(life), within=SOON, what="a code that never was on the lock ends at once")
    await assert_cancelled(life)
    assert await house.truth(lock) == []
    assert await life.events() == ["created"]


async def test_delete_interrupts_the_wait_and_removes_what_was_written_unseen(house: House) -> None:
    lock = await a_lock(house)
    await put_offline(house, lock, on="read")
    life = await a_code(house, lock)
    await waiting_to_retry(house, lock, "read")
    assert len(await house.truth(lock)) == 1
    await house.heal(lock)
    await delete(life)
    await eventually(lambda: ended(life), within=SOON, what="the code is read, removed and read again")
    await assert_deleted(life)
    await assert_gone(house, lock, await life.pin())


async def test_new_digits_interrupt_the_wait_for_a_retry(house: House) -> None:
    lock = await a_lock(house)
    await put_offline(house, lock)
    life = await a_code(house, lock)
    old = await life.pin()
    await waiting_to_retry(house, lock, "program")
    await house.heal(lock)
    await change_digits(life)
    await eventually(lambda: told(life, "set_on_device"), within=SOON, what="the new digits are set")
    assert await house.opens(lock, await life.pin())
    assert not await house.opens(lock, old)
    await delete(life)
    await assert_deleted(life)


async def test_news_that_the_lock_is_back_ends_the_wait_of_a_write(house: House) -> None:
    lock = await a_lock(house)
    await put_offline(house, lock)
    life = await a_code(house, lock)
    await waiting_to_retry(house, lock, "program")
    await house.heal(lock)
    await life.handle.signal(DEVICE_CONNECTED_SIGNAL)
    await eventually(lambda: told(life, "set_on_device"), within=SOON, what="the code is set")
    assert await house.opens(lock, await life.pin())
    await delete(life)
    await assert_deleted(life)


async def test_news_that_the_lock_is_back_ends_the_wait_of_a_removal(house: House) -> None:
    lock = await a_lock(house)
    life = await a_code_on_the_lock(house, lock)
    await put_offline(house, lock)
    await delete(life)
    await waiting_to_retry(house, lock, "remove")
    await house.heal(lock)
    await life.handle.signal(DEVICE_CONNECTED_SIGNAL)
    await eventually(lambda: ended(life), within=SOON, what="the code is removed")
    await assert_gone(house, lock, await life.pin())


async def test_a_look_at_the_account_that_finds_the_lock_back_wakes_its_codes(house: House) -> None:
    lock = await a_lock(house)
    await put_offline(house, lock)
    life = await a_code(house, lock)
    await waiting_to_retry(house, lock, "program")
    await house.heal(lock)
    await house.client.execute_workflow(
        SYNC_ACCOUNT_WORKFLOW,
        SyncAccountInput(account_id=house.account_id),
        id=sync_account_workflow_id(house.account_id),
        task_queue=QUEUE,
        run_timeout=timedelta(minutes=1),
    )
    await eventually(lambda: told(life, "set_on_device"), within=SOON, what="the code is set")
    assert await house.opens(lock, await life.pin())
    await delete(life)
    await assert_deleted(life)


async def test_a_code_whose_vendor_nobody_served_is_ended_once_somebody_does(house: House) -> None:
    """Its write waits in the queue past its end, and past the time for its removal: the books know of no write."""
    lock = await house.new_lock(f"Lock {uuid4()}")
    async with house.database.write() as session:
        await devices.set_policy(session, lock.id, {"remove_fail_after": 0.2})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.worker.DRIVERS", {})
        await house.restart_workers()
        life = await house.start(await house.request(lock, starts_in=None, lasts=timedelta(seconds=0.5)))

        async def is_to_be_removed() -> bool:
            waiting = (await life.handle.describe()).raw_description.pending_activities
            return [one.activity_type.name for one in waiting] == ["remove_access_code"]

        await eventually(is_to_be_removed, within=30, what="the code is over")
        await house.pass_time(until=await house.now() + timedelta(seconds=1))
    await house.restart_workers()
    receipt = AccessCodeReceipt.model_validate(await asyncio.wait_for(life.handle.result(), 30))
    assert receipt.status == "unset"
    assert await house.truth(lock) == []
    assert await life.events() == ["created"]
