"""A guest whose code fails has a backup code at once, and nobody else has it: judged by the lock's truth."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.client import WorkflowUpdateFailedError

from api.access_codes import AccessCodeService
from domain.access_code import Status
from domain.devices import Capabilities
from domain.lifecycle import status
from domain.refusals import RefusedError
from domain.requests import CodeChange, CodeWindow
from store import accounts, codes, events
from tests.house import House, Life, refusal_of
from tests.workflows.pool_house import Pools
from workflows.contracts import DeleteRequest, UpdateName, access_code_workflow_id, backup_pool_workflow_id

BACKUP_AFTER = timedelta(minutes=2)
SOON = timedelta(seconds=3)
HOURS = timedelta(hours=1)


@pytest_asyncio.fixture(loop_scope="session")
async def pools(house: House) -> AsyncIterator[Pools]:
    """The pools of the house; its locks are well again afterwards."""
    made = Pools(house)
    yield made
    await made.heal()


async def test_a_code_that_fails_has_a_backup_until_its_end(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Backed {uuid4()}")
    await pools.filled(lock)
    assert await pools.ready(lock) == 5
    life = await house.start(await house.request(lock, lasts=3 * HOURS))
    assert life.ends_at is not None
    await house.pass_time(until=life.starts_at - SOON)
    await house.fault(lock, "http_500", on="program")
    await house.pass_time(until=life.starts_at + BACKUP_AFTER - SOON)
    assert await pools.stand_in(life) is None
    await house.pass_time(until=life.starts_at + BACKUP_AFTER + SOON)

    stand_in = await pools.stand_in(life)
    assert stand_in is not None
    assert await house.opens(lock, await pools.digits(stand_in))
    assert not await house.opens(lock, await life.pin())
    assert await life.problems() == {"delay_in_setting_on_device", "using_backup_access_code"}
    assert await life.seconds_of("backup_access_code_pulled") == pytest.approx(120, abs=1)

    await house.heal(lock)
    await pools.settle(timedelta(minutes=2))
    assert await house.opens(lock, await life.pin()), "the original goes on trying"
    assert await house.opens(lock, await pools.digits(stand_in)), "the guest may hold either"
    assert await life.problems() == {"using_backup_access_code"}
    assert await pools.ready(lock) == 5, "the pool is full again"

    await house.pass_time(until=life.ends_at + timedelta(seconds=10))
    assert not await house.opens(lock, await pools.digits(stand_in))
    assert not await house.opens(lock, await life.pin())
    assert await life.problems() == set()
    assert len(await house.truth(lock)) == 5


async def test_a_refusal_for_good_pulls_at_once(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Refusing {uuid4()}")
    await pools.filled(lock)
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at - SOON)
    await house.fault(lock, "reject", count=1)
    await house.pass_time(until=life.starts_at + SOON)
    assert "code_constraints_violated" in await life.problems()
    stand_in = await pools.stand_in(life)
    assert stand_in is not None
    assert await house.opens(lock, await pools.digits(stand_in))


async def test_an_empty_pool_serves_as_soon_as_it_refills(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Emptied {uuid4()}")
    await house.fault(lock, "offline")
    await pools.filled(lock)
    assert await pools.ready(lock) == 0
    assert "empty_backup_access_code_pool" in await pools.problems(lock)
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at + BACKUP_AFTER + SOON)
    assert await pools.stand_in(life) is None
    assert "empty_backup_access_code_pool" in {problem.code for problem in (await life.stored()).problems}

    await house.heal(lock)
    await pools.settle(timedelta(minutes=16))
    assert await pools.ready(lock) == 5
    assert await pools.problems(lock) == set()


async def test_a_pull_gives_everybody_another_code_and_everybody_the_same_again(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Busy {uuid4()}")
    await pools.filled(lock)
    lives = [await house.start(await house.request(lock, starts_in=2 * HOURS, lasts=HOURS)) for _ in range(4)]
    await house.fault(lock, "offline")
    before = len(await house.calls(lock))
    with house.env.auto_time_skipping_disabled():
        pulled = await asyncio.gather(*(pools.pull(life) for life in lives * 3))
    since = {call["operation"] for call in (await house.calls(lock))[before:]}
    assert since <= {"program"}, "no pull asks the lock: only the pool begins to refill"
    assert len(set(pulled)) == len(lives)
    for index, life in enumerate(lives):
        assert set(pulled[index :: len(lives)]) == {await pools.stand_in(life)}
        assert await pools.stood_in(life) == [pulled[index]]
        assert await house.opens(lock, await pools.digits(pulled[index]))
    assert "many_active_backup_codes" in await pools.problems(lock)

    for life in lives[:2]:
        await life.update(UpdateName.DELETE, DeleteRequest())
    await house.heal(lock)
    await pools.settle(timedelta(minutes=16))
    assert "many_active_backup_codes" in await pools.problems(lock), "two are still in use"
    await lives[2].update(UpdateName.DELETE, DeleteRequest())
    await pools.settle()
    assert await pools.problems(lock) == set()
    assert [await house.opens(lock, await pools.digits(one)) for one in pulled[:4]] == [False, False, False, True]


async def test_a_backup_follows_the_end_of_its_original(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Extended {uuid4()}")
    await pools.filled(lock)
    life = await house.start(await house.request(lock, lasts=HOURS))
    assert life.ends_at is not None
    stand_in = await pools.pull(life)
    longer = CodeWindow(starts_at=life.starts_at, ends_at=life.ends_at + HOURS)
    await life.update(UpdateName.CHANGE, CodeChange(window=longer))
    await house.pass_time(until=life.ends_at + timedelta(minutes=5))
    assert await house.opens(lock, await pools.digits(stand_in))
    assert await pools.pull(life) == stand_in
    await house.pass_time(until=life.ends_at + HOURS + timedelta(seconds=10))
    assert not await house.opens(lock, await pools.digits(stand_in))
    assert await life.problems() == set()


@pytest.mark.parametrize("how", ["delete", "cancel"])
async def test_a_backup_ends_with_its_original(house: House, pools: Pools, how: str) -> None:
    lock = await house.new_lock(f"Ended {how} {uuid4()}")
    await pools.filled(lock)
    life = await house.start(await house.request(lock, starts_in=None, lasts=None))
    stand_in = await pools.pull(life)
    assert await house.opens(lock, await pools.digits(stand_in))
    await house.pass_time(until=await house.now() + timedelta(days=3))
    assert await house.opens(lock, await pools.digits(stand_in)), "an ongoing code's backup goes on"
    if how == "delete":
        await life.update(UpdateName.DELETE, DeleteRequest())
    else:
        await life.handle.cancel()
    await pools.settle()
    assert not await house.opens(lock, await pools.digits(stand_in))
    assert len(await house.truth(lock)) == await pools.ready(lock) == 5


async def test_a_workspace_may_keep_to_time_bound_codes(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Strict {uuid4()}")
    await pools.set_policy(lock, pulls_for_ongoing=False)
    await pools.filled(lock)
    life = await house.start(await house.request(lock, starts_in=None, lasts=None))
    assert await pools.refusal(life) == "access_code_not_time_bound"
    assert await pools.ready(lock) == 5


async def test_a_pull_that_can_help_nobody_is_refused(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Plain {uuid4()}")
    life = await house.start(await house.request(lock))
    assert await pools.refusal(life) == "backup_access_code_pool_not_enabled"
    unfit = await house.new_lock(f"Unfit {uuid4()}", capabilities=Capabilities(supports_backup_access_code_pool=False))
    assert await pools.refusal(await house.start(await house.request(unfit))) == "backup_access_code_pool_not_supported"

    await house.fault(lock, "offline")
    await pools.filled(lock)
    assert await pools.refusal(life) == "backup_access_code_not_found"
    await house.heal(lock)
    await pools.settle(timedelta(minutes=16))
    stand_in = await pools.pull(life)
    async with house.database.read() as session:
        backup = await codes.get(session, stand_in)
    assert status(backup.code, await house.now()) is Status.SET
    handle = house.client.get_workflow_handle(f"access-code/{stand_in}")
    assert await pools.refusal(Life(house, stand_in, handle, life.receipt, life.starts_at, None)) == (
        "access_code_is_backup"
    )
    await pools.settle()
    assert await pools.ready(lock) == 5


async def test_a_small_lock_keeps_its_places_for_guests(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Small {uuid4()}", max_active_codes_supported=4)
    await pools.filled(lock)
    assert await pools.ready(lock) == 3, "one place is for the reservation that asked"
    assert await pools.problems(lock) == {"partial_backup_access_code_pool"}
    guests = [await house.start(await house.request(lock, starts_in=None, lasts=5 * HOURS)) for _ in range(3)]
    await pools.settle(timedelta(minutes=2))
    for guest in guests:
        assert await house.opens(lock, await guest.pin())
    assert await pools.ready(lock) == 1
    for guest in guests:
        await guest.update(UpdateName.DELETE, DeleteRequest())
    await pools.settle()
    assert await pools.ready(lock) == 3


async def test_an_unmanaged_lock_loses_its_backups_and_keeps_its_guests(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Given up {uuid4()}")
    await pools.filled(lock)
    guest = await house.start(await house.request(lock, starts_in=None, lasts=5 * HOURS))
    holder = await house.start(await house.request(lock, starts_in=None, lasts=5 * HOURS))
    stand_in = await pools.pull(holder)
    await pools.settle()
    await pools.change_use(lock, is_managed=False, force=True)
    assert await pools.ready(lock) == 0
    assert await pools.problems(lock) == set()
    held = {await guest.pin(), await holder.pin(), await pools.digits(stand_in)}
    assert {slot["pin"] for slot in await house.truth(lock)} == held
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await house.start(await house.request(lock))
    assert (await refusal_of(caught.value))["type"] == "device_unmanaged"
    await pools.change_use(lock, is_managed=True)
    assert await pools.ready(lock) == 5, "enabling is lasting"
    await pools.change_use(lock, backup_access_code_pool_enabled=False)
    assert {slot["pin"] for slot in await house.truth(lock)} == held
    await pools.change_use(lock, is_managed=False, releases_codes=True)
    assert {slot["pin"] for slot in await house.truth(lock)} == held, "what was released stays"
    assert (await guest.stored()).row.deleted_at is not None
    await house.pass_time(until=await house.now() + 6 * HOURS)
    assert {slot["pin"] for slot in await house.truth(lock)} == held


async def test_a_backup_that_nobody_has_exists_at_no_door(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Silent {uuid4()}")
    life = await pools.filled(lock)
    service = AccessCodeService(house.client, house.database, house.keyring)
    hidden = [code.row.id for code in await pools.on(lock)]
    assert len(hidden) == 5
    for code_id in hidden:
        for ask in (
            service.get(code_id),
            service.reveal(code_id, house.keyring),
            service.change(code_id, CodeChange(name="mine")),
            service.delete(code_id),
            service.pull_backup(code_id),
        ):
            with pytest.raises(RefusedError) as caught:
                await ask
            assert caught.value.refusal.type == "access_code_not_found"
    assert {stored.row.id for stored in await service.list(life.receipt.workspace_id, lock.id)} == {life.id}
    assert await told_about(house, hidden) == []
    assert await pools.ready(lock) == 5

    taken = await house.start(await house.request(lock, starts_in=timedelta(days=30)))
    digits = await pools.digits(hidden[0])
    guessed = uuid4()
    guess = await house.request(lock, code=house.seal(digits, guessed))
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await house.start(guess, code_id=guessed)
    assert str(hidden[0]) not in str(await refusal_of(refused.value))

    stand_in = await pools.pull(life)
    assert {stored.row.id for stored in await service.list(life.receipt.workspace_id, lock.id)} == {
        *(life.id, taken.id, stand_in)
    }
    assert (await service.get(stand_in)).row.stands_in_for == life.id
    assert await told_about(house, hidden) == []
    await life.update(UpdateName.DELETE, DeleteRequest())
    await pools.settle()
    assert await told_about(house, [stand_in]) == ["access_code.removed_from_device", "access_code.deleted"]


async def told_about(house: House, code_ids: list[UUID]) -> list[str]:
    """List what whoever listens hears of these codes."""
    async with house.database.read() as session:
        heard = await events.list_events(session, accounts.DEFAULT_WORKSPACE_ID, limit=100_000)
    return [event.event_type for event in heard if event.access_code_id in code_ids]


async def test_asking_for_a_backup_is_answered_as_often_as_asked(house: House, pools: Pools) -> None:
    """What is available stays so for a code that pulled by itself, and is used up for one that somebody pulled for."""
    lock = await house.new_lock(f"Asked {uuid4()}")
    await pools.filled(lock)
    service = AccessCodeService(house.client, house.database, house.keyring)
    somebody = await house.start(await house.request(lock))
    assert await service.has_backup(await somebody.stored())
    first = await service.pull_backup(somebody.id)
    assert await service.pull_backup(somebody.id) == first
    assert not await service.has_backup(await somebody.stored())
    alone = await house.start(await house.request(lock))
    await house.fault(lock, "offline")
    await house.pass_time(until=alone.starts_at + BACKUP_AFTER + SOON)
    assert await service.has_backup(await alone.stored())
    assert (await service.pull_backup(alone.id)).pulled_backup_access_code_id == await pools.stand_in(alone)


async def test_who_asks_for_a_code_that_is_no_more_is_told_so(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Past {uuid4()}")
    await pools.filled(lock)
    service = AccessCodeService(house.client, house.database, house.keyring)
    expired = await house.start(await house.request(lock, starts_in=None, lasts=HOURS))
    deleted = await house.start(await house.request(lock))
    await service.delete(deleted.id)
    await expired.end()
    for code_id, told in (
        (uuid4(), "access_code_not_found"),
        (deleted.id, "access_code_not_found"),
        (expired.id, "access_code_ended"),
    ):
        with pytest.raises(RefusedError) as caught:
            await service.pull_backup(code_id)
        assert caught.value.refusal.type == told
    assert await pools.ready(lock) == 5


async def test_a_policy_gives_every_lock_its_pool(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Always {uuid4()}")
    await pools.set_policy(lock, backup_pool="always", backup_pool_size=2)
    await house.start(await house.request(lock))
    await pools.settle()
    assert await pools.ready(lock) == 2


async def test_a_code_may_be_told_not_to_pull_by_itself(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"By hand {uuid4()}")
    await pools.set_policy(lock, pulls_backup=False)
    await pools.filled(lock)
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at - SOON)
    await house.fault(lock, "offline")
    await house.pass_time(until=life.starts_at + timedelta(minutes=12))
    assert await pools.stand_in(life) is None
    stand_in = await pools.pull(life)
    assert await house.opens(lock, await pools.digits(stand_in))


async def test_a_pool_at_rest_does_nothing(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Resting {uuid4()}")
    await pools.filled(lock)
    resting = [backup_pool_workflow_id(str(lock.id))]
    resting += [access_code_workflow_id(code.row.id) for code in await pools.on(lock)]
    before = [await events_in(house, workflow_id) for workflow_id in resting]
    await house.pass_time(until=await house.now() + timedelta(days=3))
    assert [await events_in(house, workflow_id) for workflow_id in resting] == before


async def events_in(house: House, workflow_id: str) -> int:
    """Count the events in a workflow's history."""
    return len((await house.client.get_workflow_handle(workflow_id).fetch_history()).events)


async def test_a_code_that_loses_its_backup_asks_for_another(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Unlucky {uuid4()}")
    await pools.filled(lock)
    life = await house.start(await house.request(lock))
    await house.pass_time(until=life.starts_at - SOON)
    await house.fault(lock, "http_500", on="program")
    await house.pass_time(until=life.starts_at + BACKUP_AFTER + SOON)
    first = await pools.stand_in(life)
    assert first is not None
    await AccessCodeService(house.client, house.database, house.keyring).delete(first)
    await pools.settle()
    second = await pools.stand_in(life)
    assert second not in (None, first)
    assert second is not None
    assert not await house.opens(lock, await pools.digits(first))
    assert await house.opens(lock, await pools.digits(second))
