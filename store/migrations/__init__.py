"""The tables are brought to their present form at every start, by whichever process comes first.

The whole step is one transaction under a lock that other starters wait for, so that a database is never half migrated.
Reading one row decides whether there is anything to do; alembic is imported only then.
"""

import asyncio
import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from store.errors import StoreVersionError

HEAD = "0017"
"""The newest revision; a test holds it to the files in `versions/`."""

_LOCK_KEY = 0x4C61746368
"""The advisory lock on PostgreSQL that migrating processes take: an arbitrary number of ours."""

_ALEMBIC = threading.Lock()
"""Held while alembic runs: what it runs for is kept once per process, so that two databases would mix."""


async def migrate(engine: AsyncEngine, *, busy_timeout_seconds: float) -> None:
    """Migrate the database of `engine` to `HEAD` unless it is there.

    Raises:
        StoreVersionError: the database is at a revision that this code does not know.
    """
    async with engine.connect() as connection:
        try:
            found = await connection.run_sync(_revision)
        except (OperationalError, ProgrammingError):
            found = None  # A new database; if it is broken instead, migrating will say so.
    if found != HEAD:
        # Alembic is not asynchronous; its work is seconds at most, and nothing else runs before it is done.
        await asyncio.to_thread(_upgrade, engine.url, busy_timeout_seconds)


def _revision(connection: Connection) -> str | None:
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def _upgrade(url: URL, busy_timeout_seconds: float) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    engine = _locking_engine(url, busy_timeout_seconds)
    try:
        with _ALEMBIC, engine.begin() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            if found is not None and found not in known:
                raise StoreVersionError(
                    f"the database is at revision {found!r}, newer than this Latchwork knows: run the newer one"
                )
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
    finally:
        engine.dispose()


def _locking_engine(url: URL, busy_timeout_seconds: float) -> Engine:
    """Make an engine whose every transaction begins by waiting for the other migrating processes.

    Foreign keys are not enforced on it, as rebuilding a table on SQLite requires.
    """
    if url.get_backend_name() == "sqlite":
        plain = url.set(drivername="sqlite")
        wait = "BEGIN IMMEDIATE"
        arguments: dict[str, object] = {"timeout": busy_timeout_seconds, "isolation_level": None}
    else:
        plain, arguments = url, {}
        wait = f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"
    engine = create_engine(plain, poolclass=NullPool, connect_args=arguments, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def take_the_lock(connection: Connection) -> None:
        connection.exec_driver_sql(wait)

    return engine
