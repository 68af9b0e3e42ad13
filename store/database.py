"""The door to the database: one transaction per `write`, a snapshot that cannot write per `read`.

On SQLite all writes of a process go through one connection, and they wait for it in asyncio, first come first served:
SQLite's own waiting is sleeping and trying again.  Other processes are waited for by SQLite, up to the busy timeout.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from contextvars import ContextVar
from typing import Self

from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engines import Engines, parsed, postgres_engines, sqlite_engines
from store.errors import StoreUnavailableError, StoreVersionError, translated
from store.events import WROTE_EVENTS
from store.migrations import migrate

__all__ = ["Database", "StoreUnavailableError", "StoreVersionError"]

_JOURNAL_RETRY_SECONDS = 0.02


class Database:
    """An open database.  Make one per process with `open`, on the loop that will use it, and `close` it there."""

    def __init__(self, url: URL, engines: Engines, *, busy_timeout_seconds: float) -> None:
        self._url = url
        self._engines = engines
        self._busy_timeout_seconds = busy_timeout_seconds
        self._turn: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if url.get_backend_name() == "sqlite" else nullcontext()
        )
        self._writing: asyncio.Task[object] | None = None
        self._snapshot: ContextVar[AsyncSession | None] = ContextVar("snapshot", default=None)
        self.events_written = asyncio.Event()
        """Set when this process committed events; whoever follows them clears it before looking."""

    @classmethod
    async def open(cls, url: str, *, busy_timeout_seconds: float = 10.0) -> Self:
        """Connect to `sqlite:///path` or `postgresql://…`; a SQLite file is made when it is not there.

        `busy_timeout_seconds` is how long a write to SQLite waits for other processes.  The tables are made by
        `migrate`.

        Raises:
            ValueError: the address is of no kind we know.
            StoreUnavailableError: there is no database that answers.
        """
        address = parsed(url)
        if address.get_backend_name() == "sqlite":
            engines = sqlite_engines(address, busy_timeout_seconds=busy_timeout_seconds)
        else:
            engines = postgres_engines(address)
        database = cls(address, engines, busy_timeout_seconds=busy_timeout_seconds)
        try:
            with translated(address):
                await database._connect()
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Close every connection.  No transaction may be under way."""
        await self._engines.reader.dispose()
        await self._engines.writer.dispose()

    async def migrate(self) -> None:
        """Bring the tables to the present form; safe in several processes at once, and quick when nothing is to do.

        Raises:
            StoreVersionError: a newer Latchwork made this database.
            StoreUnavailableError: the database cannot be used.
        """
        with translated(self._url):
            await migrate(self._engines.reader, busy_timeout_seconds=self._busy_timeout_seconds)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Give one transaction: committed at the end of the block, rolled back when the block raises.

        Keep outside calls out of it: on SQLite everybody else waits.  It must not be nested.

        Raises:
            StoreUnavailableError: the database cannot be used.
            IntegrityError: the rows broke a rule of the tables.
        """
        task = asyncio.current_task()
        if self._writing is not None and self._writing is task:
            raise RuntimeError("a write transaction inside another would wait for itself")
        with translated(self._url):
            async with self._turn, _session(self._engines.writer) as session:
                self._writing = task
                try:
                    yield session
                    await session.commit()
                    if session.info.get(WROTE_EVENTS):
                        self.events_written.set()
                finally:
                    self._writing = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Give a session that cannot write.  On SQLite all its queries see one moment.

        Raises:
            StoreUnavailableError: the database cannot be used.
        """
        shared = self._snapshot.get()
        with translated(self._url):
            if shared is not None:
                yield shared
                return
            async with _session(self._engines.reader) as session:
                yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Have every `read` of this task until the block ends share one session, and on SQLite one moment.

        Each session costs several ways through a thread and back, more than its queries.  Nothing is opened before
        the first query.  Tasks that run beside each other must not share one: begin no tasks that read in the block.
        Within another one it is that one's moment.
        """
        if self._snapshot.get() is not None:
            yield
            return
        with translated(self._url):
            async with _session(self._engines.reader) as session:
                token = self._snapshot.set(session)
                try:
                    yield
                finally:
                    self._snapshot.reset(token)

    async def _connect(self) -> None:
        if self._url.get_backend_name() == "sqlite":
            await self._journal_ahead()
        else:
            async with self._engines.reader.connect():
                pass

    async def _journal_ahead(self) -> None:
        """Turn the write-ahead log on, once per file; SQLite does not wait by itself when two processes do this."""
        deadline = time.monotonic() + self._busy_timeout_seconds
        while True:
            try:
                async with self._engines.writer.connect() as connection:
                    driver = (await connection.get_raw_connection()).driver_connection
                    assert driver is not None  # noqa: S101  (for the type checker: the connection is open)
                    # Read to its end: a statement left half read would keep the file locked.
                    await driver.execute_fetchall("PRAGMA journal_mode=WAL")
                return
            except (OperationalError, sqlite3.OperationalError) as error:
                # The driver's own error too: SQLAlchemy does not wrap what it does not execute.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_JOURNAL_RETRY_SECONDS)


def _session(engine: AsyncEngine) -> AsyncSession:
    return AsyncSession(engine, expire_on_commit=False)
