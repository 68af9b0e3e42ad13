"""Lists of a few codes look those few up, however many codes the workspace has."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from store.accounts import DEFAULT_WORKSPACE_ID
from store.code_lists import CodeFilter, page_of_codes
from store.database import Database
from store.pages import Page

OF_WHOLE_WORKSPACE = "ix_access_codes_listed"


async def _plan(folder: Path, wanted: CodeFilter) -> str:
    """Say how SQLite would read a page; without statistics it plans alike for few codes and for many."""
    database = await Database.open(f"sqlite:///{folder / 'store.db'}")
    told: list[tuple[str, Any]] = []
    try:
        await database.migrate()
        async with database.read() as session:
            connection = await session.connection()

            def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
                told.append((statement, parameters))

            event.listen(connection.sync_connection, "before_cursor_execute", keep)
            await page_of_codes(session, DEFAULT_WORKSPACE_ID, wanted, Page(100))
            statement, parameters = told[0]
            rows = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).mappings().all()
    finally:
        await database.close()
    return "\n".join(str(row["detail"]) for row in rows)


@pytest.mark.parametrize(
    ("wanted", "way"),
    [
        (CodeFilter(device_id=uuid4()), "USING INDEX ix_access_codes_device (device_id=?)"),
        (CodeFilter(ids=[uuid4() for _ in range(25)]), "USING INDEX sqlite_autoindex_access_codes_1 (id=?)"),
    ],
    ids=["of a lock", "by ids"],
)
async def test_few_codes_are_looked_up(tmp_path: Path, wanted: CodeFilter, way: str) -> None:
    assert way in await _plan(tmp_path, wanted)


async def test_whole_list_is_read_in_its_order(tmp_path: Path) -> None:
    plan = await _plan(tmp_path, CodeFilter())
    assert OF_WHOLE_WORKSPACE in plan
    assert "TEMP B-TREE" not in plan
