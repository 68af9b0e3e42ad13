"""The same lives with PostgreSQL in place of SQLite."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio

from domain.requests import CodeChange
from tests.databases import postgres_database, postgres_server
from tests.house import House, new_ring, open_house
from tests.workflows.conftest import time_skipping_server
from workflows.contracts import DeleteRequest, UpdateName

SOON = timedelta(seconds=10)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house(tmp_path_factory) -> AsyncIterator[House]:  # type: ignore[no-untyped-def]
    """A house whose rows are in PostgreSQL."""
    keyring = new_ring()
    folder = tmp_path_factory.mktemp("house")
    with postgres_server() as server, postgres_database(server) as url:
        async with (
            time_skipping_server(keyring) as env,
            open_house(env, env.client, keyring, folder, database_url=url) as h,
        ):
            yield h


async def test_a_code_lives_on_postgresql(house: House) -> None:
    lock = await house.device("Front Door")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "lost_reply", on="program", count=1)
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, await life.pin())
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True, name="Ada"))
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, await life.pin())
    await life.end()
    assert await house.truth(lock) == []
    assert (await life.events())[-1] == "removed_from_device"


async def test_many_codes_of_one_lock_take_turns_on_postgresql(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    lives = await asyncio.gather(*[house.start(await house.request(lock)) for _ in range(8)])
    await house.pass_time(until=lives[-1].starts_at + timedelta(minutes=1))
    assert {slot["pin"] for slot in await house.truth(lock)} == {await life.pin() for life in lives}
    await lives[0].update(UpdateName.DELETE, DeleteRequest())
    await house.pass_time(until=await house.now() + SOON)
    assert len(await house.truth(lock)) == 7
    assert house.doubles == []


async def test_registrations_that_race_for_one_pin_leave_one_winner_on_postgresql(house: House) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    ids = [uuid4() for _ in range(6)]
    requests = [await house.request(lock, code=house.seal("480733", code_id)) for code_id in ids]
    starts = (house.start(request, code_id=code_id) for request, code_id in zip(requests, ids, strict=True))
    outcomes = await asyncio.gather(*starts, return_exceptions=True)
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
