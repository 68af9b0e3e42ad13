"""What every process of ours stands on: an open database, and the errors of the two backends as one line each."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from api.errors import TemporalUnavailableError
from store.database import Database, StoreUnavailableError, StoreVersionError
from store.keyring import KeyRingError
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


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what may fail in an expected way below into the one line that the command prints.

    Raises:
        CommandError: with the line.
    """
    try:
        yield
    except (TemporalUnavailableError, StoreUnavailableError, StoreVersionError, KeyRingError) as error:
        raise CommandError(str(error)) from None
