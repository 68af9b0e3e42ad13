"""One trip to SQLite's thread per statement instead of four.

The driver runs every call on a thread of the connection, and SQLAlchemy makes four for each statement: open a cursor,
execute, fetch, close.  Going there and back costs more than most statements, so all four are made in one go.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import aiosqlite

_ITERATION_CHUNK = 64


class _Cursor:
    """What SQLAlchemy asks of an asynchronous cursor; rows are fetched with the statement, as it would anyway."""

    def __init__(self, connection: "SwiftConnection") -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Any = ()) -> Self:
        """Run one statement and fetch what it gives."""
        await self._connection.on_thread(partial(self._run, statement, parameters, many=False))
        return self

    async def executemany(self, statement: str, parameters: Any) -> Self:
        """Run one statement for each set of parameters."""
        await self._connection.on_thread(partial(self._run, statement, parameters, many=True))
        return self

    async def fetchall(self) -> Sequence[Any]:
        """Give the rows and forget them."""
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        """Do nothing: the real cursor was closed with its statement."""

    def _run(self, statement: str, parameters: Any, *, many: bool) -> None:
        cursor: sqlite3.Cursor = self._connection.plain.cursor()
        try:
            (cursor.executemany if many else cursor.execute)(statement, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else ()
            self.rowcount = cursor.rowcount
            self.lastrowid = cursor.lastrowid
        finally:
            cursor.close()


class SwiftConnection(aiosqlite.Connection):
    """A connection whose cursors make one trip per statement."""

    def cursor(self) -> Any:
        """Give a cursor that SQLAlchemy can use."""
        return _Cursor(self)

    async def on_thread(self, function: Any) -> None:
        """Run a function on the connection's thread."""
        await self._execute(function)  # type: ignore[no-untyped-call]  # aiosqlite annotates it in part

    @property
    def plain(self) -> sqlite3.Connection:
        """Give the standard library's connection; only for its thread."""
        return self._conn


def connect(path: str, **arguments: Any) -> SwiftConnection:
    """Make a connection to a file, opened when awaited; arguments are those of `sqlite3.connect`."""
    connection = SwiftConnection(partial(sqlite3.connect, path, **arguments), _ITERATION_CHUNK)
    connection._thread.daemon = True  # As SQLAlchemy does it: a forgotten connection does not keep a process alive.
    return connection
