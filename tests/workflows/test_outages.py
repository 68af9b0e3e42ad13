"""An account or a lock that is away: what is shown meanwhile, that nothing is written, and that all resumes at once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowFailureError

from api.resources.access_code import AccessCodeResource, access_code_resource
from tests.house import House, Life

SOON, MINUTE = timedelta(seconds=10), timedelta(minutes=1)
LONG = timedelta(minutes=40)
"""By then the retries are a quarter of an hour apart: whoever is there at once was told."""


async def shown(house: House, life: Life) -> AccessCodeResource:
    """Show a code as the API does."""
    return access_code_resource(await life.stored(), None, has_backup=False, now=await house.now())


async def stays(house: House, count: int, **facts: Any) -> list[Life]:
    """Have guests come to locks of their own in an hour."""
    locks = [await house.new_lock(f"Lock {uuid4()}", **facts) for _ in range(count)]
    return [await house.start(await house.request(lock)) for lock in locks]


async def test_while_the_account_is_away_its_codes_are_unknown_and_then_all_resume(house: House) -> None:
    early, late = await stays(house, 1), await stays(house, 3)
    await house.pass_time(until=early[0].starts_at + SOON)
    lock = await house.device(early[0].receipt.device_name)
    waiting = [await house.start(await house.request(lock, starts_in=MINUTE)) for _ in range(2)]
    await house.fault(None, "account_disconnected")
    with pytest.raises(WorkflowFailureError):
        await house.reconcile(None, passes=2 * MINUTE)
    await house.pass_time(until=waiting[0].starts_at + LONG)
    told = [await shown(house, life) for life in (*early, *late, *waiting)]
    assert {one.status for one in told} == {"unknown"}
    assert all("account_disconnected" in {error["error_code"] for error in one.errors} for one in told)
    assert [slot["pin"] for slot in await house.truth(lock)] == [await early[0].pin()]
    await house.heal(None)
    await house.reconcile(None, passes=SOON)
    await house.pass_time(until=await house.now() + SOON)
    assert [(await shown(house, life)).status for life in (*early, *late, *waiting)] == ["set"] * 6
    assert {slot["pin"] for slot in await house.truth(lock)} == {await life.pin() for life in (*early, *waiting)}


async def test_what_one_attempt_finds_wakes_the_other_codes_of_the_lock(house: House) -> None:
    """No schedule has to tick for it, and none of them waits out its quarter of an hour."""
    (first,) = await stays(house, 1)
    lock = await house.device(first.receipt.device_name)
    others = [await house.start(await house.request(lock)) for _ in range(4)]
    await house.fault(lock, "offline")
    await house.pass_time(until=first.starts_at + LONG)
    assert "device_disconnected" in {error["error_code"] for error in (await shown(house, others[0])).errors}
    await house.heal(lock)
    # Somebody asks for one of them to be changed: that one is tried at once.
    await house.client.get_workflow_handle(f"access-code/{first.id}").signal("device_connected")
    await house.pass_time(until=await house.now() + MINUTE)
    assert [(await shown(house, life)).status for life in (first, *others)] == ["set"] * 5
    assert "device_disconnected" not in {error["error_code"] for error in (await shown(house, others[0])).errors}


async def test_a_lock_that_is_back_is_reconciled_at_the_next_tick(house: House) -> None:
    (life,) = await stays(house, 1)
    lock = await house.device(life.receipt.device_name)
    await house.pass_time(until=life.starts_at + SOON)
    await house.fault(lock, "offline")
    await house.keypad(lock, 1, None)
    await house.pass_time(until=await house.now() + timedelta(minutes=61))
    await house.reconcile(None, passes=SOON)
    assert (await shown(house, life)).status == "set"  # nobody knows better
    await house.heal(lock)
    await house.reconcile(None, passes=SOON)
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, await life.pin())
