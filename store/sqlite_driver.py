"""SQLite's driver with fewer ways between its thread and ours.

aiosqlite runs SQLite in a thread of its own, and SQLAlchemy's dialect goes there four times for a statement: for the
cursor, the statement, its rows and the end.  A small query takes less than one of these ways.  So here

* a statement that reads goes there once and comes back with its rows, because lists may take their time;
* a statement that is marked (`store/at_once.py`) runs where it is asked for, and so does what only says where a reader's
  transaction begins and ends;
* a statement of the connection that writes runs where it is asked for, once its transaction has begun: it touches a few
  rows by their keys, everybody else waits for it anyhow, and from `BEGIN IMMEDIATE` on it waits for nobody.

What may wait for other processes or for the disk goes to the thread all the same: a writer's beginning and committing.
Errors, cancellation and transactions are the dialect's.
"""

import collections
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util.concurrency import await_

T = TypeVar("T")

_MAY_WAIT = ("BEGIN", "PRAGMA")


class _ReaderCursor(AsyncAdapt_aiosqlite_cursor):
    """Holds what one statement gave; SQLite's own cursor is closed by then."""

    __slots__ = ("_description", "_lastrowid", "_rowcount", "at_once")

    def __init__(self, adapt_connection: AsyncAdapt_dbapi_connection) -> None:
        # Not the parent's: it would fetch a cursor from the thread.
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = collections.deque()
        self._description: Any = None
        self._rowcount, self._lastrowid = -1, 0
        self.at_once = False

    @property
    def description(self) -> Any:
        return self._description

    @property
    def rowcount(self) -> int:
        return self._rowcount

    @property
    def lastrowid(self) -> int:
        return self._lastrowid

    def execute(self, operation: Any, parameters: Any = None) -> None:
        self._run(operation, lambda cursor: cursor.execute(operation, () if parameters is None else parameters))

    def executemany(self, operation: Any, seq_of_parameters: Iterable[Any]) -> None:
        self._run(operation, lambda cursor: cursor.executemany(operation, seq_of_parameters))

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """SQLite's cursor is closed already."""

    def _run(self, operation: str, statement: Callable[[sqlite3.Cursor], object]) -> None:
        driver: Any = self._connection

        def run() -> tuple[list[Any], Any, int, int | None]:
            cursor = driver._conn.cursor()
            try:
                statement(cursor)
                rows = cursor.fetchall() if cursor.description else []
                return rows, cursor.description, cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        try:
            ran = driver._execute(run) if self._goes_to_thread(operation) else _at_once(run)
            rows, self._description, self._rowcount, lastrowid = await_(ran)
        except Exception as error:
            self._adapt_connection._handle_exception(error)
        self._rows = collections.deque(rows)
        self._lastrowid = lastrowid or 0

    def _goes_to_thread(self, operation: str) -> bool:
        return not (self.at_once or operation == "BEGIN")


class _WriterCursor(_ReaderCursor):
    __slots__ = ()

    def _goes_to_thread(self, operation: str) -> bool:
        return operation.startswith(_MAY_WAIT)


async def _at_once(run: Callable[[], T]) -> T:
    """Run what need not wait; SQLAlchemy insists on something to await."""
    return run()


class _ReaderConnection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = _ReaderCursor

    def rollback(self) -> None:
        # The thread is idle: the dialect closes the connection of somebody who was cancelled amid a statement.
        if self._connection._connection:
            self._connection._connection.rollback()


class _WriterConnection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = _WriterCursor


class _Module(AsyncAdapt_aiosqlite_dbapi):
    """What SQLAlchemy takes for the driver's module."""

    def __init__(self, connection: type[AsyncAdapt_aiosqlite_connection]) -> None:
        super().__init__(aiosqlite, sqlite3)
        self._adapted = connection

    def connect(self, *args: Any, **kwargs: Any) -> AsyncAdapt_aiosqlite_connection:
        # The dialect allows several threads; they never use it at once, because whoever has sent something there waits.
        return self._adapted(self, super().connect(*args, **kwargs)._connection)


READER = _Module(_ReaderConnection)
WRITER = _Module(_WriterConnection)
"""For `create_async_engine(…, module=…)`."""
