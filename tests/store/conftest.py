"""Every test here runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import pytest_asyncio

from store.database import Database
from tests.databases import postgres_database


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give an empty database."""
    if request.param == "sqlite":
        address = nullcontext(f"sqlite:///{tmp_path / 'store.db'}")
    else:
        address = postgres_database(request.getfixturevalue("postgres"))  # type: ignore[assignment]
    with address as given:
        yield given


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """Give an open database with its tables."""
    opened = await Database.open(url)
    try:
        await opened.migrate()
        yield opened
    finally:
        await opened.close()
