"""One dev server, and one house on it, for all tests that share them; those that kill processes have their own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.devserver import house_on_devserver
from tests.house import House


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Every real part in wall time."""
    async with house_on_devserver(tmp_path_factory.mktemp("devserver")) as opened:
        yield opened
