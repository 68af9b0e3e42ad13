"""Whom a lock's return concerns, and in which order they hear of it."""

from datetime import timedelta
from uuid import uuid4

from store.accounts import DEFAULT_WORKSPACE_ID
from store.codes import open_codes_of
from store.database import Database
from store.tables import BackupPoolRow, BackupRow
from tests.store.rows import NOW, a_code, a_device

HOUR = timedelta(hours=1)


async def test_codes_of_a_lock_are_named_in_the_order_of_arrival(database: Database) -> None:
    async with database.write() as session:
        lock = await a_device(session)
        session.add(BackupPoolRow(id="pool", workspace_id=DEFAULT_WORKSPACE_ID, enabled=True, target=1, created_at=NOW))
        await session.flush()
        session.add(BackupRow(id=(backup_id := uuid4()), pool_id="pool", created_at=NOW))
        await session.flush()
        at_door, soon, late, spare, gone = (a_code(lock, closed=number == 4) for number in range(5))
        soon.arrives_at, soon.starts_at = NOW + HOUR, NOW - HOUR
        late.starts_at = NOW + 2 * HOUR
        spare.backup_id = backup_id
        session.add_all((late, spare, soon, gone, at_door))
        await session.flush()
        assert await open_codes_of(session, [lock]) == [at_door.id, soon.id, late.id, spare.id]
