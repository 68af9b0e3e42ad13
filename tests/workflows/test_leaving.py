"""Leaving a lock on which a guest's code is live: refused, or by force and then known until the code is gone."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError

from api.exposures import Exposed, ExposureReader
from domain.exposure import ExposureReason
from domain.refusals import RefusedError
from domain.requests import DeviceChange
from store.accounts import DEFAULT_WORKSPACE_ID, remove_account
from store.tables import DeviceRow
from tests.house import House
from workflows.contracts import QUEUE, UPDATE_DEVICE_WORKFLOW, update_device_workflow_id

HOURS = timedelta(hours=1)


async def change_use(house: House, lock: DeviceRow, **change: bool) -> None:
    with house.env.auto_time_skipping_disabled():
        await house.client.execute_workflow(
            UPDATE_DEVICE_WORKFLOW,
            DeviceChange(device_id=lock.id, **change),
            id=update_device_workflow_id(lock.id, uuid4()),
            task_queue=QUEUE,
        )


async def exposures(house: House, lock: DeviceRow) -> list[Exposed]:
    reader = ExposureReader(house.database)
    return list(await reader.list(DEFAULT_WORKSPACE_ID, await house.now(), device_id=lock.id))


def seen(found: list[Exposed]) -> list[tuple[UUID | None, ExposureReason]]:
    return [(one.access_code_id, one.reason) for one in found]


async def test_lock_with_a_live_code_is_left_by_force_alone(house: House) -> None:
    lock = await house.new_lock("Left")
    life = await house.start(await house.request(lock, starts_in=None, lasts=5 * HOURS))
    with pytest.raises(WorkflowFailureError) as caught:
        await change_use(house, lock, is_managed=False)
    assert isinstance(caught.value.cause, ActivityError)
    assert isinstance(caught.value.cause.cause, ApplicationError)
    assert caught.value.cause.cause.type == "device_in_use"
    assert (await house.device("Left")).is_managed is True
    assert await exposures(house, lock) == []

    await change_use(house, lock, is_managed=False, force=True)
    assert seen(await exposures(house, lock)) == [(life.id, ExposureReason.DEVICE_UNMANAGED)]
    assert await house.opens(lock, await life.pin()), "guests keep theirs"
    await change_use(house, lock, is_managed=True)
    assert await exposures(house, lock) == [], "it is looked after again"
    await change_use(house, lock, is_managed=False, force=True)

    await life.end()
    assert await house.truth(lock) == []
    assert await exposures(house, lock) == []
    await change_use(house, lock, is_managed=True)
    await change_use(house, lock, is_managed=False)  # nothing is live


async def test_released_code_is_reported_until_somebody_has_seen_to_it(house: House) -> None:
    lock = await house.new_lock("Released")
    life = await house.start(await house.request(lock, starts_in=None, lasts=5 * HOURS))
    await house.pass_time(until=await house.now() + timedelta(minutes=1))
    reader, now = ExposureReader(house.database), await house.now()
    with pytest.raises(RefusedError):
        await reader.settle(DEFAULT_WORKSPACE_ID, life.id, now)  # it is ours to read that it is gone

    await change_use(house, lock, is_managed=False, releases_codes=True)
    await house.pass_time(until=await house.now() + 6 * HOURS)
    assert len(await house.truth(lock)) == 1
    assert seen(await exposures(house, lock)) == [(life.id, ExposureReason.RELEASED)]

    await reader.settle(DEFAULT_WORKSPACE_ID, life.id, await house.now())
    assert await exposures(house, lock) == []
    assert [pin.loaded and pin.released_at is None for pin in await house.pins(life.id)] == [False]
    with pytest.raises(RefusedError):
        await reader.settle(DEFAULT_WORKSPACE_ID, life.id, await house.now())


async def test_code_of_a_deleted_account_is_removed_at_its_end_all_the_same(house: House) -> None:
    """The last test of the house: its account is gone afterwards."""
    lock = await house.new_lock("Orphaned")
    life = await house.start(await house.request(lock, starts_in=None, lasts=5 * HOURS))
    await house.pass_time(until=await house.now() + timedelta(minutes=1))
    async with house.database.write() as session:
        await remove_account(session, house.account_id, now=await house.now(), new_id=uuid4, force=True)
    assert seen(await exposures(house, lock)) == [(life.id, ExposureReason.ACCOUNT_DELETED)]
    assert await house.opens(lock, await life.pin())
    await life.end()
    assert await house.truth(lock) == []
    assert await exposures(house, lock) == []
