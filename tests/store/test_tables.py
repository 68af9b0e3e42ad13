"""What the unique indexes refuse, whoever is first."""

import asyncio
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select, update

from store.database import Database
from store.pins import load_pin
from store.tables import AccessCodeRow, PinRow, SlotRow, WorkspaceRow
from tests.store.rows import NOW, a_code, a_device, a_pin


async def _codes(database: Database, count: int) -> list[AccessCodeRow]:
    async with database.write() as session:
        device_id = await a_device(session)
        codes = [a_code(device_id) for _ in range(count)]
        session.add_all(codes)
    return codes


async def _load(database: Database, code: AccessCodeRow, pin_index: str = "same") -> bool:
    try:
        async with database.write() as session:
            session.add(a_pin(code, pin_index, loaded=True))
    except IntegrityError:
        return False
    return True


async def test_one_of_many_loads_equal_digits(database: Database, url: str) -> None:
    """Of concurrent writers in two processes, one alone may put these digits on the lock."""
    codes = await _codes(database, 8)
    other = await Database.open(url)
    try:
        outcomes = await asyncio.gather(*(_load((database, other)[n % 2], code) for n, code in enumerate(codes)))
    finally:
        await other.close()
    assert sorted(outcomes) == [False] * 7 + [True]
    async with database.read() as session:
        assert (await session.exec(select(func.count()).select_from(PinRow))).one() == 1


async def test_equal_digits_come_back_after_release(database: Database) -> None:
    """Digits proven gone may be loaded for somebody else; digits merely known never collide."""
    first, second, third = await _codes(database, 3)
    assert await _load(database, first)
    async with database.write() as session:
        session.add(a_pin(third, "same", loaded=False))
    assert not await _load(database, second)
    async with database.write() as session:
        await session.exec(update(PinRow).where(col(PinRow.access_code_id) == first.id).values(released_at=NOW))
    assert await _load(database, second)


async def test_digits_that_were_given_up_are_held_again_once_they_are_loaded(database: Database) -> None:
    first, second = await _codes(database, 2)
    assert await _load(database, first)
    async with database.write() as session:
        await session.exec(update(PinRow).values(released_at=NOW, loaded=False))
        await load_pin(session, (await session.exec(select(PinRow))).one(), NOW)
    assert not await _load(database, second)


async def test_slot_has_one_code(database: Database) -> None:
    """A place on a lock is never given out twice."""
    first, second = await _codes(database, 2)

    async def hold(code: AccessCodeRow) -> None:
        async with database.write() as session:
            session.add(SlotRow(device_id=code.device_id, number=1, access_code_id=code.id, held_since=NOW))

    outcomes = await asyncio.gather(hold(first), hold(second), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IntegrityError", "NoneType"]


async def test_naive_instant_is_refused(database: Database) -> None:
    """An instant whose meaning is anybody's guess is never stored."""
    row = WorkspaceRow(id=UUID(int=1), name="one", created_at=datetime(2026, 7, 1))  # noqa: DTZ001
    with pytest.raises(Exception, match="without an offset"):
        await _add(database, row)


async def _add(database: Database, row: WorkspaceRow) -> None:
    async with database.write() as session:
        session.add(row)
