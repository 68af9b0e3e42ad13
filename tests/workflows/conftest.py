"""One time-skipping server, and one house on it, for each module: its clock is global and runs far ahead."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from store.keyring import KeyRing
from tests.conftest import binary
from tests.house import House, new_ring, open_house
from tests.timeskipping import add_search_attributes
from workers.codec import data_converter


@asynccontextmanager
async def time_skipping_server(keyring: KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    """Start the server on virtual time, with our search attributes."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter(keyring),
        test_server_existing_path=binary("temporal-test-server"),
        test_server_startup_timeout=timedelta(seconds=30),
    ) as env:
        await add_search_attributes(env.client)
        yield env


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house(tmp_path_factory) -> AsyncIterator[House]:  # type: ignore[no-untyped-def]
    """Every real part on virtual time."""
    folder: Path = tmp_path_factory.mktemp("house")
    keyring = new_ring()
    async with time_skipping_server(keyring) as env, open_house(env, env.client, keyring, folder) as opened:
        yield opened
