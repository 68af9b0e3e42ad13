"""Events keep their order and are missed by nobody."""

import asyncio
from uuid import UUID, uuid4

from domain.events import Event, EventType
from store.accounts import DEFAULT_WORKSPACE_ID, default_workspace
from store.database import Database
from store.events import append, list_events
from tests.store.rows import NOW

_CODE = UUID(int=3)


def _event(number: int) -> Event:
    return Event(event_type=EventType.CHANGED, occurred_at=NOW, payload={"number": number, "at": NOW})


async def _append(database: Database, *numbers: int, access_code_id: UUID | None = None) -> list[UUID]:
    async with database.write() as session:
        return await append(
            session,
            [_event(number) for number in numbers],
            workspace_id=DEFAULT_WORKSPACE_ID,
            now=NOW,
            new_id=uuid4,
            access_code_id=access_code_id,
        )


async def _workspace(database: Database) -> None:
    async with database.write() as session:
        await default_workspace(session, now=NOW)


async def test_events_are_listed_in_order(database: Database) -> None:
    """In the order of writing, page by page, with their ids and payloads."""
    await _workspace(database)
    ids = await _append(database, 1, 2, 3) + await _append(database, 4)
    async with database.read() as session:
        first = await list_events(session, DEFAULT_WORKSPACE_ID, limit=3)
        rest = await list_events(session, DEFAULT_WORKSPACE_ID, after_sequence=first[-1].sequence or 0)
    assert [row.id for row in first + rest] == ids
    assert [row.payload["number"] for row in first + rest] == [1, 2, 3, 4]
    assert first[0].payload["at"] == "2026-07-01T12:00:00Z"


async def test_events_of_one_code_are_listed_alone(database: Database) -> None:
    """Neither those of other codes nor those of other workspaces."""
    await _workspace(database)
    await _append(database, 1)
    ids = await _append(database, 2, access_code_id=_CODE)
    async with database.read() as session:
        listed = await list_events(session, DEFAULT_WORKSPACE_ID, access_code_id=_CODE)
        foreign = await list_events(session, UUID(int=9))
    assert [row.id for row in listed] == ids
    assert foreign == []


async def test_nothing_to_append_writes_nothing(database: Database) -> None:
    """No events, no ids."""
    assert await _append(database) == []


async def test_reader_who_goes_on_misses_nothing(database: Database) -> None:
    """No event appears behind one that was read already, though many write at once."""
    await _workspace(database)
    seen: list[int] = []

    async def follow() -> None:
        after = 0
        while len(seen) < 20:
            async with database.read() as session:
                rows = await list_events(session, DEFAULT_WORKSPACE_ID, after_sequence=after)
            seen.extend(int(row.payload["number"]) for row in rows)
            after = max([after, *(row.sequence or 0 for row in rows)])
            await asyncio.sleep(0)

    async def write(number: int) -> None:
        async with database.write() as session:
            await append(session, [_event(number)], workspace_id=DEFAULT_WORKSPACE_ID, now=NOW, new_id=uuid4)
            await asyncio.sleep(0.002 * (number % 3))

    await asyncio.wait_for(asyncio.gather(follow(), *(write(number) for number in range(20))), timeout=20)
    assert sorted(seen) == list(range(20))
