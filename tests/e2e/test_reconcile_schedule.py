"""The schedule of an account, which the server on virtual time does not have: made, followed, changed, removed."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.client import ScheduleDescription
from temporalio.service import RPCError, RPCStatusCode

from api.accounts import AccountService
from store import devices
from tests.house import House
from tests.waiting import eventually
from workflows.contracts import QUEUE, RECONCILE_WORKFLOW, ReconcileInput, ReconcileResult, reconcile_workflow_id


def service_of(house: House) -> AccountService:
    """Make the application service of accounts."""
    return AccountService(house.client, house.database, house.keyring)


async def described(house: House, account_id: UUID) -> ScheduleDescription:
    """Read an account's schedule."""
    return await house.client.get_schedule_handle(reconcile_workflow_id(account_id)).describe()


async def test_schedule_that_an_operator_paused_stays_paused_when_it_is_put_again(house: House) -> None:
    service = service_of(house)
    await service.schedule(house.account_id)
    handle = house.client.get_schedule_handle(reconcile_workflow_id(house.account_id))
    await handle.pause(note="the vendor asked us to")
    await service.schedule(house.account_id)
    assert (await handle.describe()).schedule.state.paused
    await handle.unpause()


async def test_a_look_waits_for_the_attempt_that_is_on(house: House) -> None:
    """It is not sent away to come back as another attempt."""
    lock = await house.new_lock(f"Slow {uuid4()}")
    await house.fault(lock, "slow", on="program", delay_seconds=1)
    life = await house.start(await house.request(lock, starts_in=None))

    async def is_writing() -> bool:
        return "program" in [call["operation"] for call in await house.calls(lock)]

    await eventually(is_writing, within=20, what="the lock is being written to")
    looked = await house.client.execute_workflow(
        RECONCILE_WORKFLOW,
        ReconcileInput(account_id=house.account_id, device_ids=(lock.id,)),
        id=reconcile_workflow_id(house.account_id, lock.id),
        task_queue=QUEUE,
        result_type=ReconcileResult,
    )
    assert (looked.as_expected, await life.attempts()) == (1, [("program", "accepted"), ("read", "known")])
    history = await house.client.get_workflow_handle(reconcile_workflow_id(house.account_id, lock.id)).fetch_history()
    started = [event.activity_task_started_event_attributes for event in history.events]
    assert [one.attempt for one in started if one.attempt] == [1, 1]


async def test_a_tick_finds_what_somebody_did_and_has_it_put_right(house: House) -> None:
    await service_of(house).schedule(house.account_id)
    lock = await house.device("Boat House")
    life = await house.start(await house.request(lock, starts_in=None, lasts=timedelta(hours=1)))
    pin = await life.pin()

    async def opens() -> bool:
        return await house.opens(lock, pin)

    await eventually(opens, within=30, what="the code is on the lock")
    (slot,) = [slot for slot in await house.truth(lock) if slot["pin"] == pin]
    await house.keypad(lock, slot["slot"], None)
    handle = house.client.get_schedule_handle(reconcile_workflow_id(house.account_id))
    await handle.trigger()
    await eventually(opens, within=30, what="the code is back on the lock")
    assert "deleted_external_to_seam" in await life.events()
    assert (await handle.describe()).info.num_actions == 1


async def test_an_account_has_one_schedule_at_the_pace_of_its_most_impatient_lock(house: House) -> None:
    service, lock = service_of(house), await house.device("Loft")
    await service.schedule(house.account_id)
    assert await every(house) == timedelta(minutes=15)
    async with house.database.write() as session:
        await devices.set_policy(session, lock.id, {"reconcile_battery_every": 120})
    await service.schedule(house.account_id)
    assert await every(house) == timedelta(minutes=2)
    async with house.database.write() as session:
        await devices.set_policy(session, lock.id, {})
    await service.schedule(house.account_id)
    assert await every(house) == timedelta(minutes=15)


async def every(house: House) -> timedelta:
    """Say how often the house's account is looked at."""
    (interval,) = (await described(house, house.account_id)).schedule.spec.intervals
    return interval.every


async def test_an_account_that_is_removed_takes_its_schedule_along(house: House) -> None:
    service = service_of(house)
    credentials = {"base_url": "http://127.0.0.1:9", "token": "nobody"}
    account = await service.put("lock_cloud", f"Account {uuid4()}", credentials)
    assert (await described(house, account.id)).id == f"reconcile/{account.id}"
    await service.remove(account.id)
    with pytest.raises(RPCError) as caught:
        await described(house, account.id)
    assert caught.value.status is RPCStatusCode.NOT_FOUND
