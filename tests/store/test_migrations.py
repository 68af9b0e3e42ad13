"""The migrations make exactly the tables of `store.tables`, once, whoever comes first."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import store.api_tables
import store.guest_tables
import store.migrations
import store.replacement_tables
import store.tables  # fills the metadata
import store.unmanaged_tables
import store.user_tables
import store.webhook_tables
from store.database import Database, StoreVersionError

_MIGRATE = """
import asyncio, sys
from store.database import Database

async def main():
    database = await Database.open(sys.argv[1])
    await database.migrate()
    await database.close()

asyncio.run(main())
"""


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, SQLModel.metadata))


async def test_migrated_tables_equal_the_models(database: Database) -> None:
    """Nobody can change a table without a migration."""
    async with database.read() as session:
        connection = await session.connection()
        assert await connection.run_sync(_differences) == []


def test_head_is_the_newest_file() -> None:
    """The constant that saves importing alembic is right."""
    config = Config()
    config.set_main_option("script_location", str(Path(store.migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == store.migrations.HEAD


async def test_second_migration_is_quick(database: Database) -> None:
    """A start with nothing to do costs a query, not alembic."""
    await database.migrate()
    took = list[float]()
    for _ in range(5):  # the best of some: the machine may be busy
        started = time.perf_counter()
        await database.migrate()
        took.append(time.perf_counter() - started)
    assert min(took) < 0.05


async def test_newer_database_is_refused(database: Database) -> None:
    """Old code leaves tables alone that it does not understand."""
    async with database.write() as session:
        await (await session.connection()).execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreVersionError, match=r"\A[^\n]*'9999'[^\n]*\Z"):
        await database.migrate()


async def test_processes_may_migrate_at_once(url: str) -> None:
    """Two processes that start together both find the tables made."""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", _MIGRATE, url, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        for _ in range(2)
    ]
    errors = [(await process.communicate())[1].decode() for process in processes]
    assert [(process.returncode, error) for process, error in zip(processes, errors, strict=True)] == [(0, "")] * 2


async def test_openers_may_migrate_at_once(url: str) -> None:
    """The same within one process, many times."""

    async def start() -> None:
        database = await Database.open(url)
        await database.migrate()
        await database.close()

    await asyncio.gather(*(start() for _ in range(6)))


async def test_two_databases_may_migrate_at_once(tmp_path: Path) -> None:
    """One process may bring several databases to the present form, and none gets another's tables."""

    async def tables(name: str) -> int:
        database = await Database.open(f"sqlite:///{tmp_path / name}")
        try:
            await database.migrate()
            async with database.read() as session:
                found = await session.scalar(text("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"))
        finally:
            await database.close()
        return int(found or 0)

    assert len(set(await asyncio.gather(*(tables(name) for name in "abcd")))) == 1
