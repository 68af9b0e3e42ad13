"""A worker that keeps nothing in memory replays every code from its first event, at every task: the hardest test of
determinism, and what happens to a code that sleeps longer than the cache remembers.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from domain.requests import CodeChange
from tests.devserver import house_on_devserver
from tests.house import House, Life
from tests.waiting import eventually
from workflows.contracts import UpdateName

STOP_SECONDS = 10
"""A workflow that cannot be evicted would keep the worker from stopping."""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def forgetful_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Every real part in wall time, and a worker without a cache."""
    opening = house_on_devserver(tmp_path_factory.mktemp("forgetful"), max_cached_workflows=0)
    house = await opening.__aenter__()
    yield house
    async with asyncio.timeout(STOP_SECONDS):
        await opening.__aexit__(None, None, None)


async def test_a_code_that_is_replayed_at_every_task_lives_and_is_cancelled(forgetful_house: House) -> None:
    house = forgetful_house
    lock = await house.new_lock("Forgotten")
    await house.fault(lock, "slow", on="program", delay_seconds=0.3)
    life = await house.start(await house.request(lock, starts_in=None))
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
    await eventually(lambda: is_set(life), within=15, what="the code is set")
    await house.fault(lock, "slow", on="remove", delay_seconds=0.3)
    await life.handle.cancel()
    await eventually(lambda: is_closed(life), within=15, what="the code is gone")
    await eventually(lambda: is_cancelled(life), within=15, what="the workflow has ended as cancelled")

    assert await house.truth(lock) == []
    kinds = [event.event_type for event in (await life.handle.fetch_history()).events]
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in kinds
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT not in kinds


async def is_set(life: Life) -> bool:
    return "set_on_device" in await life.events()


async def is_closed(life: Life) -> bool:
    return (await life.stored()).code.closed


async def is_cancelled(life: Life) -> bool:
    return (await life.handle.describe()).status is WorkflowExecutionStatus.CANCELED
