"""One house, one console and one browser for all tests of the console that want them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.console.browsers import running_browser
from tests.console.desk import Desk, open_desk
from tests.devserver import house_on_devserver


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """Every real part in wall time, and the console on it."""
    async with house_on_devserver(tmp_path_factory.mktemp("console")) as house, open_desk(house) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser without a screen."""
    async with running_browser() as running:
        yield running
