"""How each kind of database is opened: one writer at a time on SQLite, many on PostgreSQL.

SQLite's driver would begin transactions late and as readers, and a reader that turns writer may fail at once however
long it is allowed to wait.  So `BEGIN` is ours: IMMEDIATE on the single connection that writes, deferred (a snapshot)
on those that read.
"""

from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from store.at_once import is_at_once
from store.sqlite_driver import READER, WRITER

READERS = 4
"""Reading connections to one SQLite file: more only take turns on the interpreter lock."""
POSTGRES_CONNECTIONS = 10
CONNECT_TIMEOUT_SECONDS = 10
RECYCLE_SECONDS = 1800
"""Connections are renewed this often, before firewalls forget them."""


@dataclass(frozen=True)
class Engines:
    """Where to write and where to read; on PostgreSQL both share one pool."""

    writer: AsyncEngine
    reader: AsyncEngine


def parsed(url: str) -> URL:
    """Read a database's address, with or without the driver's name.

    Raises:
        ValueError: it is neither a SQLite file nor a PostgreSQL database.  The message holds nothing of the address.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("the database's address cannot be read") from None
    match address.drivername:
        case "sqlite" | "sqlite+aiosqlite":
            if address.database in (None, "", ":memory:"):
                raise ValueError("a SQLite database must be a file: sqlite:///path")
            return address.set(drivername="sqlite+aiosqlite")
        case "postgres" | "postgresql" | "postgresql+psycopg":
            return address.set(drivername="postgresql+psycopg")
    raise ValueError("the database must be sqlite:///path or postgresql://host/name")


def sqlite_engines(url: URL, *, busy_timeout_seconds: float) -> Engines:
    """Make the engines of a SQLite file; nothing is opened yet.

    `busy_timeout_seconds` is how long a write waits for another process.
    """
    return Engines(
        writer=_sqlite_engine(url, busy_timeout_seconds, begin="BEGIN IMMEDIATE", connections=1),
        reader=_sqlite_engine(url, busy_timeout_seconds, begin="BEGIN", connections=READERS, query_only=True),
    )


def postgres_engines(url: URL) -> Engines:
    """Make the engine of a PostgreSQL database; nothing is opened yet.

    Rows that must be taken in turn are locked with FOR UPDATE by the queries, so READ COMMITTED is enough.
    """
    engine = create_async_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=POSTGRES_CONNECTIONS,
        pool_pre_ping=True,
        pool_recycle=RECYCLE_SECONDS,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS},
        hide_parameters=True,
        json_deserializer=from_json,
    )
    return Engines(writer=engine, reader=engine.execution_options(postgresql_readonly=True))


def _sqlite_engine(
    url: URL, busy_timeout_seconds: float, *, begin: str, connections: int, query_only: bool = False
) -> AsyncEngine:
    settings = ["synchronous=FULL", "foreign_keys=ON", *(["query_only=ON"] if query_only else [])]
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        # Every session ends in a commit or a rollback, so that a second rollback would find nothing to do.
        pool_reset_on_return=None,
        connect_args={"timeout": busy_timeout_seconds, "isolation_level": None},
        module=READER if query_only else WRITER,
        hide_parameters=True,
        json_deserializer=from_json,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        try:
            cursor = connection.cursor()
            for setting in settings:
                cursor.execute(f"PRAGMA {setting}")
            cursor.close()
        except BaseException:
            connection.close()  # The pool never learns of a connection whose preparation failed.
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begin_ourselves(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def tell_cursor(connection: Connection, cursor: Any, _sql: str, _values: Any, context: Any, _many: bool) -> None:
        cursor.at_once = is_at_once(context.execution_options)

    return engine
