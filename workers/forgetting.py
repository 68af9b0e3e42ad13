"""The loop in each worker that forgets guests when their time is over.

A guest is forgotten in a transaction of its own, so that codes go on living meanwhile; repeating one, or two workers at
once, is harmless.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import structlog

from store import guests
from store.database import Database
from workers.lifetime import background

LOOK_EVERY = timedelta(hours=1)
"""How late a guest is forgotten at most: days are what the promise is given in."""

_LOG = structlog.get_logger(__name__)


async def forget_guests(database: Database, now: datetime) -> int:
    """Forget everybody whose time is over at `now`; give how many that were.

    Raises:
        StoreUnavailableError: the database does not answer; those before are forgotten.
    """
    async with database.read() as session:
        due = await guests.due_to_be_forgotten(session, now)
    for guest_id in due:
        async with database.write() as session:
            await guests.forget(session, guest_id, now)
    return len(due)


@asynccontextmanager
async def forgetting(
    database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[None]:
    """Forget guests until the block ends, at once and then every hour."""

    async def follow() -> None:
        while True:
            try:
                if count := await forget_guests(database, now()):
                    _LOG.info("guests were forgotten", guests=count)
            except Exception:
                # A loop that gave up would keep what it promised to forget.
                _LOG.warning("guests cannot be forgotten now; trying again", exc_info=True)
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async with background(follow()):
        yield
