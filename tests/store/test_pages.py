"""Pages: every row once, in one order, also where many were made at one instant."""

from datetime import timedelta
from uuid import uuid4

import pytest

from store.accounts import DEFAULT_WORKSPACE_ID
from store.action_attempts import page_of_attempts
from store.api_tables import ActionAttemptRow
from store.database import Database
from store.pages import Mark, Page
from tests.store.rows import NOW, an_account


@pytest.mark.parametrize("limit", [1, 2, 5, 12, 50])
async def test_pages_hold_every_row_once_in_one_order(database: Database, limit: int) -> None:
    """Twelve rows of three instants: their ids decide among equals."""
    rows = [
        ActionAttemptRow(
            id=uuid4(),
            workspace_id=DEFAULT_WORKSPACE_ID,
            action_type="CREATE_ACCESS_CODE",
            device_id=uuid4(),
            access_code_id=uuid4(),
            generation=1,
            created_at=NOW + timedelta(microseconds=number % 3),
        )
        for number in range(12)
    ]
    expected = [row.id for row in sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)]
    async with database.write() as session:
        await an_account(session)
        session.add_all(rows)
    seen, after = [], None
    while True:
        async with database.read() as session:
            found = await page_of_attempts(session, DEFAULT_WORKSPACE_ID, Page(limit, after))
        seen += [row.id for row in found[:limit]]
        if len(found) <= limit:
            break
        after = Mark(found[limit - 1].created_at, found[limit - 1].id)
    assert seen == expected
