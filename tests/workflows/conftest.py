"""One time-skipping server, and one house on it, for each module: its clock is global and runs far ahead.

Every test runs twice, with its rows in SQLite and in PostgreSQL.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from store.keyring import KeyRing
from tests.conftest import binary
from tests.databases import postgres_database
from tests.house import House, new_ring, open_house
from tests.timeskipping import UnderWay, add_search_attributes
from workers.codec import data_converter


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test a house on either database."""
    if "house" in metafunc.fixturenames:
        metafunc.parametrize("house", ["sqlite", "postgresql"], indirect=True, scope="module")


@asynccontextmanager
async def time_skipping_server(keyring: KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    """Start the server on virtual time, with our search attributes."""
    under_way = UnderWay()
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter(keyring),
        interceptors=[under_way],
        test_server_existing_path=binary("temporal-test-server"),
        test_server_startup_timeout=timedelta(seconds=30),
    ) as env:
        under_way.env = env
        await add_search_attributes(env.client)
        yield env


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Every real part on virtual time, with its rows in SQLite unless the parameter names PostgreSQL."""
    folder, keyring = tmp_path_factory.mktemp("house"), new_ring()
    is_postgresql = getattr(request, "param", "sqlite") == "postgresql"
    with postgres_database(request.getfixturevalue("postgres")) if is_postgresql else nullcontext() as url:
        async with (
            time_skipping_server(keyring) as env,
            open_house(env, env.client, keyring, folder, database_url=url) as opened,
        ):
            yield opened
