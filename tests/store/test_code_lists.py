"""Lists of a few codes look those few up, however many codes the workspace has."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlmodel.ext.asyncio.session import AsyncSession

from store.accounts import DEFAULT_WORKSPACE_ID
from store.backup_pools import backup_codes_on
from store.code_lists import CodeFilter, page_of_codes, ready_backups
from store.database import Database
from store.pages import Page

OF_WHOLE_WORKSPACE = "ix_access_codes_listed"


_NEWEST = "CREATE INDEX ix_access_codes_device ON access_codes (device_id, closed)"
"""Of indexes that serve equally well SQLite takes the newest: here always this one, of all codes of a lock."""

Ask = Callable[[AsyncSession], Awaitable[object]]


async def _plan(folder: Path, ask: Ask) -> str:
    """Say how SQLite would answer a question; without statistics it plans alike for few codes and for many."""
    database = await Database.open(f"sqlite:///{folder / 'store.db'}")
    told: list[tuple[str, Any]] = []
    try:
        await database.migrate()
        async with database.write() as session:
            connection = await session.connection()
            for statement in ("DROP INDEX ix_access_codes_device", _NEWEST):
                await connection.exec_driver_sql(statement)
        async with database.read() as session:
            connection = await session.connection()

            def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
                told.append((statement, parameters))

            event.listen(connection.sync_connection, "before_cursor_execute", keep)
            await ask(session)
            statement, parameters = told[0]
            rows = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).mappings().all()
    finally:
        await database.close()
    return "\n".join(str(row["detail"]) for row in rows)


def _page(wanted: CodeFilter) -> Ask:
    return lambda session: page_of_codes(session, DEFAULT_WORKSPACE_ID, wanted, Page(100))


@pytest.mark.parametrize(
    ("wanted", "way"),
    [
        (CodeFilter(device_id=uuid4()), "USING INDEX ix_access_codes_device (device_id=?)"),
        (CodeFilter(ids=[uuid4() for _ in range(25)]), "USING INDEX sqlite_autoindex_access_codes_1 (id=?)"),
    ],
    ids=["of a lock", "by ids"],
)
async def test_few_codes_are_looked_up(tmp_path: Path, wanted: CodeFilter, way: str) -> None:
    assert way in await _plan(tmp_path, _page(wanted))


async def test_whole_list_is_read_in_its_order(tmp_path: Path) -> None:
    plan = await _plan(tmp_path, _page(CodeFilter()))
    assert OF_WHOLE_WORKSPACE in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    "ask",
    [
        lambda session: ready_backups(session, [uuid4() for _ in range(25)]),
        lambda session: backup_codes_on(session, uuid4()),
    ],
    ids=["which locks have one ready", "all of a lock"],
)
async def test_backup_codes_are_not_sought_among_guests_codes(tmp_path: Path, ask: Ask) -> None:
    """Whether a pull would bring one is told with every code shown; on a busy lock nearly all codes are guests'."""
    assert "INDEX ix_access_codes_backups (device_id=? AND closed=?" in await _plan(tmp_path, ask)
