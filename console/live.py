"""What changed, told to the pages that are open: names of rows, never what they hold.

Every change leaves an event, an attempt or a deed, whichever process made it.  One look per second serves all pages of this
process, and none is taken while nobody watches.  A page says how far it knew when it was made (`Mark`), so nothing
that happens between the page and its stream is missed; after a broken connection it says so again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from store.changes import Changes, Mark, changes_since, newest_mark
from store.database import Database
from store.errors import StoreUnavailableError

LOOK_EVERY_SECONDS = 0.7
BEAT_EVERY_SECONDS = 10.0
"""How often a stream says that it lives; the page says that the connection is lost after three beats without one."""
MOST_BACKLOG = 200
"""A page that is further behind than this looks at everything anew."""

_LOG = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class _Watcher:
    workspace_id: UUID
    mark: Mark
    waiting: asyncio.Queue[Changes | None] = field(default_factory=lambda: asyncio.Queue(maxsize=100))


class Live:
    """Follows one database for all pages that are open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: set[_Watcher] = set()
        self._following: asyncio.Task[None] | None = None
        self._closed = False

    async def mark(self) -> Mark:
        """Say how far everything is now; a page bears it."""
        async with self._database.read() as session:
            return await newest_mark(session)

    async def stream(
        self, workspace_id: UUID, after: Mark | None, still_welcome: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[bytes]:
        """Tell one page what changes, as server-sent events, until it goes away or the console closes.

        `still_welcome` is asked at every beat: a session that ended must not go on listening.
        """
        async with self._database.read() as session:
            missed = await changes_since(session, after, limit=MOST_BACKLOG) if after is not None else None
            mark = missed.mark if missed is not None else await newest_mark(session)
        watcher = _Watcher(workspace_id, mark)
        self._watch(watcher)
        try:
            yield _told(missed, workspace_id) if missed is not None else b": hello\n\n"
            while not self._closed:
                try:
                    changes = await asyncio.wait_for(watcher.waiting.get(), BEAT_EVERY_SECONDS)
                except TimeoutError:
                    if not await still_welcome():
                        return
                    yield b"event: beat\ndata: -\n\n"
                    continue
                if changes is None:
                    return
                told = _told(changes, workspace_id)
                if told:
                    yield told
        finally:
            self._watchers.discard(watcher)

    def close(self) -> None:
        """End every stream, so that the process need not wait for pages that are left open."""
        self._closed = True
        for watcher in self._watchers:
            with suppress(asyncio.QueueFull):
                watcher.waiting.put_nowait(None)
        if self._following is not None:
            self._following.cancel()

    def _watch(self, watcher: _Watcher) -> None:
        self._watchers.add(watcher)
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow(watcher.mark))

    async def _follow(self, mark: Mark) -> None:
        """Look until nobody watches any more."""
        while self._watchers:
            try:
                async with self._database.read() as session:
                    changes = await changes_since(session, mark, limit=MOST_BACKLOG)
            except StoreUnavailableError:
                _LOG.warning("the store does not answer; open pages wait")
                await asyncio.sleep(LOOK_EVERY_SECONDS)
                continue
            if changes.mark != mark:
                mark = changes.mark
                self._tell(changes)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _tell(self, changes: Changes) -> None:
        for watcher in list(self._watchers):
            try:
                watcher.waiting.put_nowait(changes)
            except asyncio.QueueFull:
                # Nobody reads any more; the page comes back by itself and looks at everything anew.
                self._watchers.discard(watcher)


def _told(changes: Changes, workspace_id: UUID) -> bytes:
    """Write changes as server-sent events; nothing for a workspace that they do not concern."""
    mine = [change for change in changes.changes if change.workspace_id == workspace_id]
    if not mine and not changes.is_cut:
        return b""
    names = {"changed"} | ({"everything", "listed"} if changes.is_cut else set())
    for change in mine:
        if change.access_code_id is not None and not change.is_hidden:
            names.add(f"code-{change.access_code_id}")
        if change.device_id is not None:
            names.add(f"lock-{change.device_id}")
        if change.is_listing:
            names.add("listed")
    return b"".join(f"id: {changes.mark}\nevent: {name}\ndata: -\n\n".encode() for name in sorted(names))
