"""The API over real HTTP on the real stack, once on SQLite and once on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from store.keyring import KeyRing
from tests.api.door import Door, open_door
from tests.databases import postgres_database, postgres_server
from tests.devserver import environment, temporal
from tests.house import new_ring, open_house


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give an empty database."""
    folder: Path = tmp_path_factory.mktemp("database")
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite:///{folder}/api.sqlite"
        else:
            yield stack.enter_context(postgres_database(stack.enter_context(postgres_server())))


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def door(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """Serve the API of a house with locks, on a Temporal server of its own."""
    keyring: KeyRing = new_ring()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(temporal(tmp_path_factory.mktemp("temporal")))
        env = await environment(server, keyring)
        folder = tmp_path_factory.mktemp("house")
        house = await stack.enter_async_context(open_house(env, env.client, keyring, folder, database_url=database_url))
        yield await stack.enter_async_context(open_door(house))
