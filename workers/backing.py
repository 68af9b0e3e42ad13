"""What every process of ours stands on: an open database, its tables brought up to date."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from store.database import Database
from workers.errors import CommandError
from workers.settings import Settings


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the application's database, its tables brought up to date.

    Raises:
        CommandError: the address is of no kind we know.
        StoreUnavailableError: the database does not answer.
    """
    try:
        database = await Database.open(settings.store_url.get_secret_value())
    except ValueError as error:
        raise CommandError(f"LATCHWORK_DATABASE_URL: {error}") from None
    try:
        await database.migrate()
        yield database
    finally:
        await database.close()
