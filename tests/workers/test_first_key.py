"""The key that `up` prints: once per installation, or as long as a demo lives."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio

from api.keys import KeyService
from store.database import Database
from tests.store.keys import new_ring
from workers.first_key import demo_key, first_key


@pytest_asyncio.fixture
async def keys(tmp_path: Path) -> AsyncIterator[KeyService]:
    database = await Database.open(f"sqlite:///{tmp_path}/keys.sqlite")
    await database.migrate()
    yield KeyService(database, new_ring())
    await database.close()


async def test_first_key_is_shown_at_the_first_start_only(keys: KeyService) -> None:
    shown = await first_key(keys)
    assert shown is not None
    assert await keys.recognise(shown) is not None
    assert await first_key(keys) is None
    (row,) = await keys.list()
    await keys.revoke(row.prefix)
    assert await first_key(keys) is None


async def test_demo_key_dies_with_its_demo(keys: KeyService) -> None:
    async with AsyncExitStack() as stack:
        shown = await demo_key(stack, keys)
        assert await keys.recognise(shown) is not None
    assert await keys.recognise(shown) is None


async def test_demo_revokes_what_a_killed_demo_left_and_is_no_first_start(keys: KeyService) -> None:
    left = await demo_key(AsyncExitStack(), keys)
    again = await demo_key(AsyncExitStack(), keys)
    assert await keys.recognise(left) is None
    assert await keys.recognise(again) is not None
    assert await first_key(keys) is not None
