"""A guest whose code fails has a backup code at once, and nobody else has it: judged by the lock's truth."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.house import House
from tests.workflows.pool_house import Pools

BACKUP_AFTER = timedelta(minutes=2)


@pytest.fixture
def pools(house: House) -> Pools:
    """The pools of the house."""
    return Pools(house)


async def test_a_code_that_fails_has_a_backup_at_once(house: House, pools: Pools) -> None:
    lock = await house.new_lock(f"Backed {uuid4()}")
    await pools.filled(lock)
    assert await pools.ready(lock) == 5
    life = await house.start(await house.request(lock, lasts=timedelta(hours=3)))
    await house.pass_time(until=life.starts_at - timedelta(seconds=30))
    await house.fault(lock, "http_500", on="program")
    await house.pass_time(until=life.starts_at + BACKUP_AFTER - timedelta(seconds=2))
    assert await pools.stand_in(life) is None
    await house.pass_time(until=life.starts_at + BACKUP_AFTER + timedelta(seconds=2))

    stand_in = await pools.stand_in(life)
    assert stand_in is not None
    assert await house.opens(lock, await pools.digits(stand_in))
    assert not await house.opens(lock, await life.pin())
    assert "using_backup_access_code" in await life.problems()
    assert "backup_access_code_pulled" in await life.events()
