"""One lock takes another's place: judged by what is on both, and by what the operator is told."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from api.replacement_reading import Replacement
from api.replacements import ReplacementService
from domain.events import EventType
from domain.refusals import RefusedError
from domain.replacement import Answer, MoveStatus, ReplacementStatus
from store.accounts import DEFAULT_WORKSPACE_ID
from store.tables import DeviceRow, EventRow
from tests.house import House, Life
from tests.regressions.judging import a_lock
from tests.workflows.pool_house import Pools
from workflows.contracts import QUEUE, SYNC_ACCOUNT_WORKFLOW, SyncAccountInput

MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)


@pytest.fixture
def service(house: House) -> ReplacementService:
    return ReplacementService(house.client, house.database)


async def pass_by(house: House, by: timedelta) -> None:
    await house.pass_time(until=await house.now() + by)


async def pins_on(house: House, lock: DeviceRow) -> set[str]:
    return {slot["pin"] for slot in await house.truth(lock)}


async def guests_on(house: House, lock: DeviceRow, count: int) -> list[Life]:
    lives = [await house.start(await house.request(lock, starts_in=None, lasts=9 * HOURS)) for _ in range(count)]
    lives.append(await house.start(await house.request(lock, starts_in=3 * HOURS, lasts=5 * HOURS)))
    await pass_by(house, MINUTES)
    return lives


async def start(service: ReplacementService, new: DeviceRow, old: DeviceRow) -> Replacement:
    return await service.start(DEFAULT_WORKSPACE_ID, new.id, old.id)


async def how_far(service: ReplacementService, new: DeviceRow) -> tuple[ReplacementStatus, list[MoveStatus]]:
    found = await service.get(DEFAULT_WORKSPACE_ID, new.id)
    return found.status, [one.status for one in found.codes]


async def told_of(house: House, lock: DeviceRow) -> list[str]:
    async with house.database.read() as session:
        query = select(EventRow).where(EventRow.device_id == lock.id, EventRow.access_code_id == None)  # noqa: E711
        return [row.event_type for row in (await session.exec(query)).all()]


async def test_all_codes_and_the_pool_move_to_the_new_lock(house: House, service: ReplacementService) -> None:
    """The old lock is dead, and comes back afterwards."""
    old, new, pools = await a_lock(house), await a_lock(house), Pools(house)
    for lock in (old, new):
        await pools.set_policy(lock, backup_pool_size=1)
    far = await pools.filled(old)
    lives = await guests_on(house, old, 2)
    pins = {await life.pin() for life in lives[:2]}
    assert pins < await pins_on(house, old)
    await house.fault(old, "offline")

    assert (await start(service, new, old)).status is ReplacementStatus.RUNNING
    await start(service, new, old)  # asked once more, it goes on
    await pass_by(house, 3 * MINUTES)
    live, to_come = [MoveStatus.SET] * 2, [MoveStatus.REGISTERED] * 2
    assert await how_far(service, new) == (ReplacementStatus.DONE, live + to_come)
    assert pins < await pins_on(house, new)
    assert await pools.ready(new) == 1
    assert not (await house.device(old.name)).is_managed
    assert EventType.DEVICE_REPLACED in await told_of(house, new)
    assert [(await life.stored()).device.id for life in (*lives, far)] == [new.id] * 4

    await house.heal(old)
    await pass_by(house, 20 * MINUTES)
    assert await pins_on(house, old) == set(), "it is back, and empty again"
    assert house.doubles == []


async def test_replacement_waits_for_each_code_and_can_be_rolled_back(
    house: House, service: ReplacementService
) -> None:
    """The new lock does not answer: the first code waits, nothing else is moved, and all is as it was afterwards."""
    old, new = await a_lock(house), await a_lock(house)
    lives = await guests_on(house, old, 2)
    pins = {await life.pin() for life in lives[:2]}
    await house.fault(new, "offline")
    await start(service, new, old)
    await pass_by(house, 5 * MINUTES)
    waiting = [MoveStatus.MOVING, MoveStatus.WAITING, MoveStatus.WAITING]
    assert await how_far(service, new) == (ReplacementStatus.RUNNING, waiting)
    assert await pins_on(house, old) == pins, "nobody is without a code"

    with pytest.raises(RefusedError):
        await start(service, new, await a_lock(house))
    rolled = await service.roll_back(DEFAULT_WORKSPACE_ID, new.id)
    assert rolled.status is ReplacementStatus.ROLLING_BACK
    await pass_by(house, MINUTES)
    returned = [MoveStatus.RETURNED, MoveStatus.WAITING, MoveStatus.WAITING]
    assert await how_far(service, new) == (ReplacementStatus.ROLLED_BACK, returned)
    assert [(await life.stored()).device.id for life in lives] == [old.id] * 3
    await house.heal(new)
    await pass_by(house, 20 * MINUTES)
    assert (await pins_on(house, old), await pins_on(house, new)) == (pins, set())

    await start(service, new, old)  # the second try is one of its own
    await pass_by(house, MINUTES)
    assert (await how_far(service, new))[0] is ReplacementStatus.DONE
    assert (await pins_on(house, old), await pins_on(house, new)) == (set(), pins)
    await service.roll_back(DEFAULT_WORKSPACE_ID, new.id)
    await pass_by(house, MINUTES)
    assert (await how_far(service, new))[0] is ReplacementStatus.ROLLED_BACK
    assert (await pins_on(house, old), await pins_on(house, new)) == (pins, set())
    assert (await house.device(old.name)).is_managed


async def test_code_that_the_new_lock_refuses_stays_where_it_was(house: House, service: ReplacementService) -> None:
    old, new = await a_lock(house), await a_lock(house)
    lives = await guests_on(house, old, 1)
    pin = await lives[0].pin()
    await house.fault(new, "reject", on="program", count=1)
    await start(service, new, old)
    await pass_by(house, MINUTES)
    assert await how_far(service, new) == (ReplacementStatus.DONE, [MoveStatus.REFUSED, MoveStatus.REGISTERED])
    found = await service.get(DEFAULT_WORKSPACE_ID, new.id)
    assert found.codes[0].row.detail
    assert (await pins_on(house, old), await pins_on(house, new)) == ({pin}, set())
    assert (await house.device(old.name)).is_managed, "a guest's code is on it"


async def test_new_lock_is_asked_about_with_the_likely_one_named(house: House, service: ReplacementService) -> None:
    async def sync() -> None:
        await house.client.execute_workflow(
            SYNC_ACCOUNT_WORKFLOW, SyncAccountInput(account_id=house.account_id), id=f"sync/{uuid4()}", task_queue=QUEUE
        )

    async def asked() -> dict[UUID, tuple[str | None, tuple[str, ...]]]:
        found = await service.questions(DEFAULT_WORKSPACE_ID, datetime.now(UTC))
        return {one.device.id: (one.likely.name if one.likely else None, one.because) for one in found}

    with house.env.auto_time_skipping_disabled():
        await sync()
        assert await asked() == {}
        old = await a_lock(house)
        gone = house.cloud.locks.pop(old.lock_id)
        fresh = f"lock-{uuid4()}"
        facts = gone.facts.model_copy(update={"lock_id": fresh, "name": f"New {uuid4()}"})
        house.cloud.locks[fresh] = type(gone)(facts)
        await sync()
        new = await house.device(facts.name)
        because = ("its vendor lists it no more", "it is the same model", "it has a battery, too")
        assert await asked() == {new.id: (old.name, because)}
        assert EventType.REPLACEMENT_ASKED in await told_of(house, new)
        await sync()
        assert len(await asked()) == 1, "asked once"
        await service.answer(DEFAULT_WORKSPACE_ID, new.id, Answer.NEW, datetime.now(UTC), place="Back door")
        assert await asked() == {}
        with pytest.raises(RefusedError):
            await service.answer(DEFAULT_WORKSPACE_ID, old.id, Answer.NEW, datetime.now(UTC))
