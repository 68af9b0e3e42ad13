"""Accounts come, fall out with their vendor, and go when no code needs them."""

import asyncio
from uuid import UUID, uuid4

import pytest

from store.accounts import (
    DEFAULT_WORKSPACE_ID,
    AccountInUseError,
    default_workspace,
    get_account,
    list_accounts,
    mark_connected,
    mark_disconnected,
    remove_account,
)
from store.backup_pools import enable
from store.database import Database
from store.devices import list_devices
from store.events import list_events
from store.tables import AccessCodeRow, BackupPoolRow
from tests.store.rows import ACCOUNT_ID, NOW, a_code, a_device, an_account


async def _event_types(database: Database) -> list[str]:
    async with database.read() as session:
        return [row.event_type for row in await list_events(session, DEFAULT_WORKSPACE_ID)]


async def test_default_workspace_is_made_once(database: Database) -> None:
    """Many first callers find one workspace with the fixed id."""

    async def first() -> UUID:
        async with database.write() as session:
            return (await default_workspace(session, now=NOW)).id

    assert set(await asyncio.gather(*(first() for _ in range(6)))) == {DEFAULT_WORKSPACE_ID}


async def test_account_is_found_and_listed(database: Database) -> None:
    """What was added is there; what was not is None."""
    async with database.write() as session:
        await an_account(session)
    async with database.read() as session:
        found = await get_account(session, ACCOUNT_ID)
        assert found is not None
        assert found.credentials == b"sealed"
        assert [row.id for row in await list_accounts(session, DEFAULT_WORKSPACE_ID)] == [ACCOUNT_ID]
        assert await get_account(session, UUID(int=99)) is None


async def test_disconnection_is_told_once(database: Database) -> None:
    """Every worker may report it; the world hears each change once."""
    async with database.write() as session:
        await an_account(session)

    async def report() -> bool:
        async with database.write() as session:
            return await mark_disconnected(session, ACCOUNT_ID, now=NOW, new_id=uuid4)

    assert sorted(await asyncio.gather(*(report() for _ in range(4)))) == [False, False, False, True]
    async with database.write() as session:
        assert await mark_connected(session, ACCOUNT_ID, now=NOW, new_id=uuid4)
        assert not await mark_connected(session, ACCOUNT_ID, now=NOW, new_id=uuid4)
        assert not await mark_connected(session, UUID(int=99), now=NOW, new_id=uuid4)
    assert await _event_types(database) == ["connected_account.disconnected", "connected_account.connected"]


async def test_account_is_forced_away_from_its_codes_and_that_is_written_down(database: Database) -> None:
    """Who insists may go; what is left is known, and what had ended before is not."""
    async with database.write() as session:
        live = a_code(await a_device(session))
        ended = a_code(live.device_id, closed=True)
        session.add_all([live, ended])
        await enable(session, DEFAULT_WORKSPACE_ID, [live.device_id], NOW)
    async with database.write() as session:
        assert await remove_account(session, ACCOUNT_ID, now=NOW, new_id=uuid4, force=True) == [str(live.device_id)]
    async with database.read() as session:
        assert await list_accounts(session, DEFAULT_WORKSPACE_ID) == []
        kept, gone = await session.get_one(AccessCodeRow, live.id), await session.get_one(AccessCodeRow, ended.id)
        assert (kept.left_at, kept.left_because, kept.closed) == (NOW, "connected_account_deleted", False)
        assert gone.left_at is None
        assert not (await session.get_one(BackupPoolRow, str(live.device_id))).enabled


async def test_account_with_open_codes_stays(database: Database) -> None:
    """Nobody removes the way to a lock that still holds a code; afterwards it goes with its locks."""
    async with database.write() as session:
        code = a_code(await a_device(session))
        session.add_all([code, a_code(code.device_id, closed=True)])
        await session.flush()
        with pytest.raises(AccountInUseError, match="1 access code"):
            await remove_account(session, ACCOUNT_ID, now=NOW, new_id=uuid4)
        code.closed = True
    async with database.write() as session:
        await remove_account(session, ACCOUNT_ID, now=NOW, new_id=uuid4)
        await remove_account(session, ACCOUNT_ID, now=NOW, new_id=uuid4)
        assert await list_accounts(session, DEFAULT_WORKSPACE_ID) == []
        assert await list_devices(session, DEFAULT_WORKSPACE_ID) == []
    assert await _event_types(database) == ["device.added", "device.connected", "device.removed"]
