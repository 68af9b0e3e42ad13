"""The relay: it follows the events and starts a delivery for each endpoint that is to hear of one.

An event is committed with what it reports, and only then is its delivery started; whatever dies in between, the
endpoint's position still lies before the event, and the next relay starts from there.  A delivery's workflow id is
made of event and endpoint, so that starting it twice, from here or from another worker's relay, is starting it once.

It looks when this process committed events, and every few seconds for those that other processes wrote.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog
from temporalio.client import Client

from api.deliveries import start_delivery
from store import webhooks
from store.database import Database
from store.webhooks import Pending
from workers.lifetime import background

LOOK_EVERY = timedelta(seconds=5)
"""How late at most an event of another process is noticed, at the cost of one small query."""

AFTER_A_FAILURE = timedelta(seconds=2)
"""How long to leave a store or a Temporal alone that does not answer."""

BATCH = 100
"""Deliveries that are started at once: enough to keep Temporal busy, few enough to leave it room for codes."""

Start = Callable[[Pending], Awaitable[object]]

_LOG = structlog.get_logger(__name__)


class Relay:
    """Follows one database.  `start` starts a delivery; it may have been started before."""

    def __init__(self, database: Database, start: Start) -> None:
        self._database = database
        self._start = start

    async def run(self) -> None:
        """Follow until cancelled; whatever fails is tried again."""
        while True:
            self._database.events_written.clear()
            try:
                while await self.step():
                    pass
            except Exception:
                # A relay that gave up would be missed by nobody until customers complain.
                _LOG.warning("webhook deliveries cannot be started now; trying again", exc_info=True)
                await asyncio.sleep(AFTER_A_FAILURE.total_seconds())
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._database.events_written.wait(), LOOK_EVERY.total_seconds())

    async def step(self) -> bool:
        """Start what is due next and note how far that is.  False: nothing was.

        Raises:
            Exception: some delivery could not be started; the position stays, and the others are no harm twice.
        """
        async with self._database.read() as session:
            found = await webhooks.pending(session, limit=BATCH)
        if not found:
            return False
        await asyncio.gather(*(self._start(one) for one in found if one.is_wanted))
        async with self._database.write() as session:
            await webhooks.advance(session, {one.webhook_id: one.sequence for one in found})
        return True


@asynccontextmanager
async def relaying(client: Client, database: Database) -> AsyncIterator[None]:
    """Run a relay until the block ends."""

    async def start(one: Pending) -> None:
        await start_delivery(client, one.event_id, one.webhook_id, summary=one.event_type)

    async with background(Relay(database, start).run()):
        yield
