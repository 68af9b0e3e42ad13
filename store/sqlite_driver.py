"""SQLite's driver with one way through its thread per statement instead of four.

aiosqlite runs SQLite in a thread of its own; SQLAlchemy's dialect sends it there for the cursor, for the statement, for
the rows and for closing.  Here a statement goes there once and comes back with its rows: most of what a small query
costs is these ways.  Nothing else differs: errors, cancellation and transactions are the dialect's.
"""

import collections
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import aiosqlite
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util.concurrency import await_


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Holds what one statement gave; SQLite's own cursor is closed by then."""

    __slots__ = ("_description", "_lastrowid", "_rowcount")

    def __init__(self, adapt_connection: AsyncAdapt_dbapi_connection) -> None:
        # Not the parent's: it would fetch a cursor from the thread.
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = collections.deque()
        self._description: Any = None
        self._rowcount, self._lastrowid = -1, 0

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
        self._run(lambda cursor: cursor.execute(operation, () if parameters is None else parameters))

    def executemany(self, operation: Any, seq_of_parameters: Iterable[Any]) -> None:
        self._run(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """SQLite's cursor is closed already."""

    def _run(self, statement: Callable[[sqlite3.Cursor], object]) -> None:
        driver: Any = self._connection

        def in_thread() -> tuple[list[Any], Any, int, int | None]:
            cursor = driver._conn.cursor()
            try:
                statement(cursor)
                rows = cursor.fetchall() if cursor.description else []
                return rows, cursor.description, cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        try:
            rows, self._description, self._rowcount, lastrowid = await_(driver._execute(in_thread))
        except Exception as error:
            self._adapt_connection._handle_exception(error)
        self._rows = collections.deque(rows)
        self._lastrowid = lastrowid or 0


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = _Cursor


class _Module(AsyncAdapt_aiosqlite_dbapi):
    """What SQLAlchemy takes for the driver's module."""

    def connect(self, *args: Any, **kwargs: Any) -> _Connection:
        return _Connection(self, super().connect(*args, **kwargs)._connection)


MODULE = _Module(aiosqlite, sqlite3)
"""For `create_async_engine(…, module=MODULE)`."""
