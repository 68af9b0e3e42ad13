"""Codes that share their digits: one PIN on every lock of a home, all registered or none, and one backup PIN, too."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.client import WorkflowUpdateFailedError

from api.access_codes import AccessCodeService
from api.common_codes import CommonCodeService, WhenNotShared
from domain.backup_pool import pool_id
from domain.constraints import CodeConstraint, ConstraintType
from domain.refusals import RefusedError
from domain.requests import CodeChange, CodeRequest
from store.tables import AccessCodeRow, DeviceRow
from tests.house import House, Life, refusal_of
from tests.waiting import eventually
from tests.workflows.pool_house import Pools
from workflows.contracts import STATE_QUERY, AccessCodeReceipt, UpdateName, access_code_workflow_id

HOURS = timedelta(hours=1)


@pytest_asyncio.fixture(loop_scope="session")
async def pools(house: House) -> AsyncIterator[Pools]:
    """The pools of the house; its locks are well again afterwards."""
    made = Pools(house)
    yield made
    await made.heal()


@pytest.fixture
def service(house: House) -> CommonCodeService:
    """The application service over the house's parts."""
    return CommonCodeService(AccessCodeService(house.client, house.database, house.keyring), house.database)


async def home(house: House, **facts: Any) -> list[DeviceRow]:
    """Put up three locks, the second of them with the given facts."""
    name = uuid4()
    first, third = await house.new_lock(f"Gate {name}"), await house.new_lock(f"Door {name}")
    return [first, await house.new_lock(f"Hall {name}", **facts), third]


async def request(house: House, locks: list[DeviceRow], **more: Any) -> CodeRequest:
    """Ask for codes for five hours, from in an hour unless it is said otherwise."""
    made = await house.request(locks[0], lasts=5 * HOURS, **more)
    return CodeRequest(**made.model_dump(exclude={"carried", "backup_id"}))


async def life_of(house: House, code_id: UUID) -> Life:
    """Take up a code that was created by the service."""
    async with house.database.read() as session:
        row = await session.get_one(AccessCodeRow, code_id)
    handle = house.client.get_workflow_handle(access_code_workflow_id(code_id))
    receipt = await handle.query(STATE_QUERY, result_type=AccessCodeReceipt)
    life = Life(house, row.id, handle, receipt, row.created_at, None)
    wish = (await life.stored()).code.wish
    life.starts_at, life.ends_at = wish.starts_at or row.created_at, wish.ends_at
    return life


async def test_one_pin_opens_every_lock(house: House, service: CommonCodeService) -> None:
    locks = await home(house, supported_code_lengths=(5, 7, 8))
    batch = uuid4()
    wanted = await request(house, locks)
    ids = await service.create(wanted, [lock.id for lock in locks], batch_id=batch, pin=None)
    assert await service.create(wanted, [lock.id for lock in locks], batch_id=batch, pin=None) == ids
    lives = [await life_of(house, code_id) for code_id in ids]
    pins = {await life.pin() for life in lives}
    assert len(pins) == 1
    assert len(next(iter(pins))) in (5, 7, 8)
    await house.pass_time(until=lives[0].starts_at + timedelta(seconds=10))
    for lock, life in zip(locks, lives, strict=True):
        assert await house.opens(lock, await life.pin())
        assert (await life.stored()).row.common_code_key == f"auto_set_by_create_multiple_{batch}"
    await service.update(
        lives[0].receipt.workspace_id, str((await lives[0].stored()).row.common_code_key), CodeChange(name="Ada")
    )
    assert {(await life.stored()).row.name for life in lives} == {"Ada"}
    await house.pass_time(until=lives[0].starts_at + 5 * HOURS + timedelta(seconds=10))
    assert [await house.truth(lock) for lock in locks] == [[], [], []]


async def test_codes_that_cannot_share_are_refused_together(house: House, service: CommonCodeService) -> None:
    locks = await home(house, supported_code_lengths=(4,))
    locks.append(await house.new_lock(f"Odd {uuid4()}", supported_code_lengths=(6,)))
    wanted = await request(house, locks)
    ids = [lock.id for lock in locks]
    with pytest.raises(RefusedError) as caught:
        await service.create(wanted, ids, batch_id=uuid4(), pin=None)
    assert (caught.value.refusal.type, caught.value.refusal.rule) == ("code_cannot_be_shared", "supported_code_lengths")
    apart = await service.create(
        wanted, ids, batch_id=uuid4(), pin=None, when_not_shared=WhenNotShared.CREATE_RANDOM_CODE
    )
    lives = [await life_of(house, code_id) for code_id in apart]
    assert [len(await life.pin()) for life in lives] == [6, 4, 6, 6]
    assert {(await life.stored()).row.common_code_key for life in lives} == {None}


async def test_a_later_member_takes_the_pin_or_is_refused(house: House) -> None:
    strict = CodeConstraint(constraint_type=ConstraintType.NO_ZEROS)
    locks = await home(house, code_constraints=(strict,))
    key, first_id = f"key-{uuid4()}", uuid4()
    await house.start(
        await house.request(locks[0], common_code_key=key, code=house.seal("407193", first_id)), code_id=first_id
    )
    third = await house.start(await house.request(locks[2], common_code_key=key))
    assert await third.pin() == "407193"
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await house.start(await house.request(locks[1], common_code_key=key))
    told = await refusal_of(caught.value)
    assert (told["type"], told["rule"]) == ("code_cannot_be_shared", "no_zeros")
    assert "407193" not in str(told)
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await third.update(UpdateName.CHANGE, CodeChange(new_digits=True))
    assert (await refusal_of(caught.value))["type"] == "code_cannot_be_shared"


async def test_one_backup_pin_opens_every_lock_of_the_group(
    house: House, pools: Pools, service: CommonCodeService
) -> None:
    locks = await home(house)
    wanted = await request(house, locks, use_backup_access_code_pool=True)
    ids = await service.create(wanted, [lock.id for lock in locks], batch_id=uuid4(), pin=None)
    lives = [await life_of(house, code_id) for code_id in ids]
    await pools.settle(timedelta(minutes=3))
    for lock in locks:
        assert await pools.ready(lock) == 10, "five of its own and five of the group"
    await house.pass_time(until=lives[0].starts_at - timedelta(seconds=3))
    await house.fault(locks[1], "http_500", on="program")
    await house.pass_time(until=lives[0].starts_at + timedelta(minutes=2, seconds=5))

    stand_ins = [await pools.stand_in(life) for life in lives]
    assert None not in stand_ins
    pins = {await pools.digits(stand_in) for stand_in in stand_ins if stand_in is not None}
    assert len(pins) == 1
    (pin,) = pins
    assert [await house.opens(lock, pin) for lock in locks] == [True, True, True]
    assert [await house.opens(lock, await lives[0].pin()) for lock in locks] == [True, False, True]
    await house.heal(locks[1])
    await house.pass_time(until=lives[0].starts_at + 5 * HOURS + timedelta(minutes=2))

    async def every_door_is_shut() -> bool:
        # Six codes end at once, and turns on a lock are taken in wall time: virtual time may run past one in hand.
        return not any([await house.opens(lock, pin) for lock in locks])

    await eventually(every_door_is_shut, within=30, what="the backup's digits are gone from every lock of the group")
    await pools.settle()
    for lock in locks:
        assert await pools.ready(lock) == 10
    assert pool_id([lock.id for lock in locks]) == pool_id([lock.id for lock in reversed(locks)])


async def test_a_dead_lock_costs_its_siblings_nothing(house: House, pools: Pools, service: CommonCodeService) -> None:
    locks = await home(house)
    await house.fault(locks[1], "offline")
    # Soon: the backups for the lock that is away are tried each minute until then.
    wanted = await request(house, locks, starts_in=timedelta(minutes=6), use_backup_access_code_pool=True)
    ids = await service.create(wanted, [lock.id for lock in locks], batch_id=uuid4(), pin=None)
    lives = [await life_of(house, code_id) for code_id in ids]
    await pools.settle(timedelta(minutes=3))
    await house.pass_time(until=lives[0].starts_at - timedelta(seconds=3))
    await house.fault(locks[2], "http_500", on="program")
    await house.pass_time(until=lives[0].starts_at + timedelta(minutes=2, seconds=5))
    assert await house.opens(locks[0], await lives[0].pin())
    stand_in = await pools.stand_in(lives[2])
    assert stand_in is not None
    assert await house.opens(locks[2], await pools.digits(stand_in))
    assert await pools.stand_in(lives[1]) is None, "only what is proven on its lock is handed out"
    await house.heal(locks[1])
    await pools.settle(timedelta(minutes=16))
    late = await pools.stand_in(lives[1])
    assert late is not None
    assert await pools.digits(late) == await pools.digits(stand_in)
    assert await house.opens(locks[1], await pools.digits(late))
