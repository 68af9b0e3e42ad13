"""The relay: it follows the events and starts what they call for: webhooks' deliveries, and messages to guests.

An event is committed with what it reports, and only then is anything started for it; whatever dies in between, the
position of whoever follows still lies before the event, and the next relay starts from there.  What is started has a
workflow id made of what it is about, so that starting it twice, from here or from another worker's relay, is starting
it once.

It looks soon after this process committed events, and every few seconds for those that other processes wrote.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client

from api.deliveries import start_delivery
from api.message_starts import start_message
from store import messages, webhooks
from store.database import Database
from store.messages import PendingMessage
from store.webhooks import Pending
from workers.lifetime import background

LOOK_EVERY = timedelta(seconds=5)
"""How late at most an event of another process is noticed, at the cost of a small query for each that follows."""

GATHER = timedelta(milliseconds=200)
"""How long events are gathered after the first: those who wait for an answer to what wrote them come first, and one
look serves many events."""

AFTER_A_FAILURE = timedelta(seconds=2)
"""How long to leave a store or a Temporal alone that does not answer."""

BATCH = 100
"""What is started at once: enough to keep Temporal busy, few enough to leave it room for codes."""

P = TypeVar("P", Pending, PendingMessage)
Start = Callable[[P], Awaitable[object]]

_LOG = structlog.get_logger(__name__)


class Followed(Protocol):
    """One kind of followers of the events."""

    what: str
    """What cannot be started when this fails, for the log."""

    async def step(self, database: Database) -> bool:
        """Start what is due next and note how far that is.  False: nothing was.

        Raises:
            Exception: something could not be started; the position stays, and the others are no harm twice.
        """


class _Positions(Generic[P]):
    """What all kinds have in common: find, start, note."""

    what: str

    def __init__(self, start: Start[P]) -> None:
        self._start: Callable[[P], Awaitable[object]] = start

    async def step(self, database: Database) -> bool:
        """Start what is due next and note how far that is.  False: nothing was."""
        async with database.read() as session:
            found = await self._pending(session)
        if not found:
            return False
        await asyncio.gather(*(self._start(one) for one in found if self._is_wanted(one)))
        async with database.write() as session:
            await self._advance(session, found)
        return True

    async def _pending(self, session: AsyncSession) -> Sequence[P]:
        raise NotImplementedError

    def _is_wanted(self, one: P) -> bool:
        raise NotImplementedError

    async def _advance(self, session: AsyncSession, found: Sequence[P]) -> None:
        raise NotImplementedError


class Deliveries(_Positions[Pending]):
    """Endpoints follow the events.  `start` starts a delivery; it may have been started before."""

    what = "webhook deliveries"

    async def _pending(self, session: AsyncSession) -> Sequence[Pending]:
        return await webhooks.pending(session, limit=BATCH)

    def _is_wanted(self, one: Pending) -> bool:
        return one.is_wanted

    async def _advance(self, session: AsyncSession, found: Sequence[Pending]) -> None:
        await webhooks.advance(session, {one.webhook_id: one.sequence for one in found})


class Messages(_Positions[PendingMessage]):
    """Workspaces follow the events for their guests.  `start` starts a message, or tells one that runs to look."""

    what = "messages to guests"

    async def _pending(self, session: AsyncSession) -> Sequence[PendingMessage]:
        return await messages.pending(session, limit=BATCH)

    def _is_wanted(self, one: PendingMessage) -> bool:
        return one.generation is not None

    async def _advance(self, session: AsyncSession, found: Sequence[PendingMessage]) -> None:
        await messages.advance(session, {one.workspace_id: one.sequence for one in found})


class Relay:
    """Follows one database for all kinds of followers; one that fails holds up no other."""

    def __init__(self, database: Database, *followed: Followed) -> None:
        self._database = database
        self._followed = followed

    async def run(self) -> None:
        """Follow until cancelled; whatever fails is tried again."""
        while True:
            self._database.events_written.clear()
            have_succeeded = [await self._has_caught_up(one) for one in self._followed]
            if not all(have_succeeded):
                await asyncio.sleep(AFTER_A_FAILURE.total_seconds())
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._database.events_written.wait(), LOOK_EVERY.total_seconds())
                await asyncio.sleep(GATHER.total_seconds())

    async def _has_caught_up(self, followed: Followed) -> bool:
        try:
            while await followed.step(self._database):
                pass
        except Exception:
            # A relay that gave up would be missed by nobody until customers complain.
            _LOG.warning(f"{followed.what} cannot be started now; trying again", exc_info=True)
            return False
        return True


@asynccontextmanager
async def relaying(client: Client, database: Database) -> AsyncIterator[None]:
    """Run a relay until the block ends."""

    async def deliver(one: Pending) -> None:
        await start_delivery(client, one.event_id, one.webhook_id, summary=one.event_type)

    async def tell(one: PendingMessage) -> None:
        assert one.access_code_id is not None and one.generation is not None  # noqa: S101, PT018  # it is wanted
        await start_message(client, one.workspace_id, one.access_code_id, one.generation)

    async with background(Relay(database, Deliveries(deliver), Messages(tell)).run()):
        yield
