"""A vendor's list becomes rows and events, each change told once."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import ValidationError

from domain.devices import DeviceFacts
from store.accounts import DEFAULT_WORKSPACE_ID
from store.database import Database
from store.devices import (
    AmbiguousDeviceError,
    Discovered,
    effective_policy,
    facts_of,
    find_device,
    get_device,
    list_devices,
    mark_online,
    upsert_devices,
)
from store.events import list_events
from store.tables import ConnectedAccountRow, DeviceRow, WorkspaceRow
from tests.store.rows import ACCOUNT_ID, NOW, an_account

_FRONT = DeviceFacts(lock_id="1", name="Front", battery_level=0.5)
_BACK = DeviceFacts(lock_id="2", name="Back", online=False)


@pytest.fixture
async def account(database: Database) -> ConnectedAccountRow:
    """Give an account without locks."""
    async with database.write() as session:
        return await an_account(session)


async def _upsert(database: Database, account: ConnectedAccountRow, *facts: DeviceFacts) -> Discovered:
    async with database.write() as session:
        return await upsert_devices(session, account, facts, NOW, uuid4)


async def _listed(database: Database) -> list[DeviceRow]:
    async with database.read() as session:
        return await list_devices(session, DEFAULT_WORKSPACE_ID)


async def _events(database: Database) -> list[tuple[str, str]]:
    async with database.read() as session:
        names = {row.id: row.name for row in [*(await list_devices(session, DEFAULT_WORKSPACE_ID))]}
        rows = await list_events(session, DEFAULT_WORKSPACE_ID)
    return [(names.get(row.device_id, "gone") if row.device_id else "", row.event_type) for row in rows]


async def test_new_locks_are_added_and_connected(database: Database, account: ConnectedAccountRow) -> None:
    """An offline lock is added too, and not called connected."""
    found = await _upsert(database, account, _FRONT, _BACK)
    back, front = await _listed(database)
    assert found == Discovered(added=(front.id, back.id), connected=(front.id,))
    assert (facts_of(front), facts_of(back)) == (_FRONT, _BACK)
    assert await _events(database) == [
        ("Front", "device.added"),
        ("Front", "device.connected"),
        ("Back", "device.added"),
    ]


async def test_same_list_again_is_no_news(database: Database, account: ConnectedAccountRow) -> None:
    """Discovery runs all day; only changes are told."""
    await _upsert(database, account, _FRONT, _BACK)
    assert await _upsert(database, account, _FRONT, _BACK) == Discovered()


async def test_concurrent_discoveries_add_a_lock_once(
    database: Database, account: ConnectedAccountRow, url: str
) -> None:
    """Two workers with the same list do not trip over each other."""
    other = await Database.open(url)
    try:
        found = await asyncio.gather(*(_upsert(one, account, _FRONT, _BACK) for one in (database, other) * 3))
    finally:
        await other.close()
    assert sum(len(one.added) for one in found) == 2


async def test_changes_are_taken_over(database: Database, account: ConnectedAccountRow) -> None:
    """A new name, another battery level, a lock gone offline and one come back."""
    await _upsert(database, account, _FRONT, _BACK)
    gone = _FRONT.model_copy(update={"name": "Hall", "online": False, "battery_level": 0.2})
    found = await _upsert(database, account, gone, _BACK.model_copy(update={"online": True}))
    back, hall = await _listed(database)
    assert found == Discovered(connected=(back.id,), disconnected=(hall.id,))
    assert facts_of(hall) == gone


async def test_unlisted_lock_is_removed_once(database: Database, account: ConnectedAccountRow) -> None:
    """It leaves the lists, and comes back as connected."""
    await _upsert(database, account, _FRONT, _BACK)
    back, front = await _listed(database)
    assert await _upsert(database, account, _BACK) == Discovered(removed=(front.id,))
    assert await _upsert(database, account, _BACK) == Discovered()
    assert [row.id for row in await _listed(database)] == [back.id]
    assert await _upsert(database, account, _FRONT, _BACK) == Discovered(connected=(front.id,))
    assert [row.id for row in await _listed(database)] == [back.id, front.id]


async def test_empty_list_removes_nothing(database: Database, account: ConnectedAccountRow) -> None:
    """A failing vendor looks the same as an emptied account."""
    await _upsert(database, account, _FRONT)
    assert await _upsert(database, account) == Discovered()
    assert len(await _listed(database)) == 1


async def test_online_is_told_on_change_only(database: Database, account: ConnectedAccountRow) -> None:
    """A driver that finds a lock offline says so; the facts follow."""
    found = await _upsert(database, account, _FRONT)
    for online, is_news in [(True, False), (False, True), (False, False), (True, True), (False, True)]:
        async with database.write() as session:
            row = await get_device(session, found.added[0])
            assert row is not None
            assert await mark_online(session, row, online=online, now=NOW, new_id=uuid4) is is_news
    assert not facts_of((await _listed(database))[0]).online
    told = [event_type for _, event_type in await _events(database)][2:]
    assert told == ["device.disconnected", "device.connected", "device.disconnected"]


async def test_device_is_found_by_id_or_name(database: Database, account: ConnectedAccountRow) -> None:
    """A name that two locks share asks for an id."""
    found = await _upsert(database, account, _FRONT, _BACK, DeviceFacts(lock_id="3", name="Back"))
    async with database.read() as session:
        for wanted in ("Front", str(found.added[0])):
            row = await find_device(session, DEFAULT_WORKSPACE_ID, wanted)
            assert row is not None
            assert (row.id, row.account_id) == (found.added[0], ACCOUNT_ID)
        assert await find_device(session, DEFAULT_WORKSPACE_ID, "Cellar") is None
        with pytest.raises(AmbiguousDeviceError, match="2 locks are called 'Back'"):
            await find_device(session, DEFAULT_WORKSPACE_ID, "Back")


async def test_events_hold_no_credentials(database: Database, account: ConnectedAccountRow) -> None:
    """Whoever listens learns nothing that opens anything."""
    await _upsert(database, account, _FRONT)
    async with database.read() as session:
        payloads = [row.payload for row in await list_events(session, DEFAULT_WORKSPACE_ID)]
    assert payloads == [{"lock_id": "1", "name": "Front"}, {"online": True}]


def _device(**policy: str) -> DeviceRow:
    return DeviceRow(
        id=uuid4(),
        workspace_id=DEFAULT_WORKSPACE_ID,
        account_id=ACCOUNT_ID,
        lock_id="1",
        name="",
        facts={},
        policy=policy,
    )


def test_policy_of_the_device_wins() -> None:
    """Default, workspace, device: the later layer wins, and nonsense is refused."""
    workspace = WorkspaceRow(
        id=DEFAULT_WORKSPACE_ID, name="", policy={"delay_after": "PT30S", "fail_after": "PT5M"}, created_at=NOW
    )
    policy = effective_policy(workspace, _device(fail_after="PT4M"))
    assert (policy.delay_after, policy.fail_after) == (timedelta(seconds=30), timedelta(minutes=4))
    with pytest.raises(ValidationError):
        effective_policy(workspace, _device(fail_after="PT1S"))
