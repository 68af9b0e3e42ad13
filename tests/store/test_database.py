"""One door to two databases: transactions, many writers, and outages told in one line."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.at_once import at_once
from store.database import Database, StoreUnavailableError
from store.tables import DeviceRow, WorkspaceRow

_NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
_ID = UUID(int=1)


def _row(name: str) -> WorkspaceRow:
    return WorkspaceRow(id=_ID, name=name, created_at=_NOW)


async def _names(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.exec(select(WorkspaceRow.name))).all())


async def _write(database: Database, row: WorkspaceRow, *, first: str = "SELECT 1") -> None:
    async with database.write() as session:
        await (await session.connection()).execute(text(first))
        session.add(row)


async def _write_and_fail(database: Database) -> None:
    async with database.write() as session:
        session.add(_row("one"))
        await session.flush()
        raise ZeroDivisionError


async def _write_through_a_read(database: Database) -> None:
    async with database.read() as session:
        session.add(_row("one"))
        await session.flush()


async def test_write_commits_at_the_end(database: Database) -> None:
    """What was written is there, instants included."""
    async with database.write() as session:
        session.add(_row("one"))
    async with database.read() as session:
        row = (await session.exec(select(WorkspaceRow))).one()
    assert (row.id, row.name, row.created_at) == (_ID, "one", _NOW)


async def test_failed_write_leaves_nothing(database: Database) -> None:
    """An error in the block takes the rows back, and the next write works."""
    with pytest.raises(ZeroDivisionError):
        await _write_and_fail(database)
    async with database.write() as session:
        session.add(_row("two"))
    assert await _names(database) == ["two"]


async def test_cancelled_write_leaves_nothing(database: Database) -> None:
    """A cancelled task neither keeps the transaction nor the turn."""
    reached = asyncio.Event()

    async def write_and_wait() -> None:
        async with database.write() as session:
            session.add(_row("one"))
            await session.flush()
            reached.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_and_wait())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.write() as session:
        session.add(_row("two"))
    assert await _names(database) == ["two"]


async def test_writes_cancelled_anywhere_lose_nothing(database: Database) -> None:
    """Cancelled at any moment, even amid a statement, a write never blocks those after it."""

    async def write(number: int) -> None:
        async with database.write() as session:
            session.add(WorkspaceRow(id=UUID(int=number), name=str(number), created_at=_NOW))

    for number in range(12):
        task = asyncio.create_task(write(number))
        await asyncio.sleep(number * 0.0003)
        task.cancel()
        await asyncio.wait([task])
    await asyncio.wait_for(write(100), timeout=10)
    assert "100" in await _names(database)


async def test_reading_session_cannot_write(database: Database) -> None:
    """A query that writes by mistake is found by its first test."""
    with pytest.raises((DBAPIError, StoreUnavailableError), match=r"read-?only"):
        await _write_through_a_read(database)


async def test_nested_write_is_refused(database: Database) -> None:
    """A transaction inside another says so instead of waiting for itself for ever."""
    with pytest.raises(RuntimeError, match="inside another"):
        async with database.write(), database.write():
            pass


async def test_broken_rule_stays_an_integrity_error(database: Database) -> None:
    """Callers tell a duplicate from an outage, and foreign keys are held."""
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(
                DeviceRow(id=_ID, workspace_id=_ID, account_id=_ID, lock_id="1", name="n", facts={}, created_at=_NOW)
            )


async def test_errors_hold_no_values(database: Database) -> None:
    """What was to be stored does not reach logs by way of an error's text."""
    await _write(database, _row("hush-hush"))
    with pytest.raises(IntegrityError) as caught:
        await _write(database, _row("hush-hush"))
    assert "hush-hush" not in str(caught.value)


async def _increment(session: AsyncSession) -> None:
    row = (await session.exec(select(WorkspaceRow).with_for_update())).one()
    await asyncio.sleep(0)
    row.name = str(int(row.name) + 1)


async def test_fifty_writers_of_two_processes_all_succeed(database: Database, url: str) -> None:
    """Reading before writing neither fails as locked nor loses an update."""
    other = await Database.open(url)
    async with database.write() as session:
        session.add(_row("0"))

    async def write(through: Database) -> None:
        async with through.write() as session:
            await _increment(session)

    try:
        await asyncio.gather(*(write(one) for _ in range(25) for one in (database, other)))
    finally:
        await other.close()
    assert await _names(database) == ["50"]


async def test_readers_are_not_held_up_by_a_writer(database: Database) -> None:
    """A read sees the state before an open write."""
    async with database.write() as session:
        session.add(_row("one"))
        await session.flush()
        assert await _names(database) == []


async def test_new_file_is_waited_for(tmp_path: Path) -> None:
    """Whoever opens a file while another opener has it to itself comes next, and one that never gives it is told of."""
    path = tmp_path / "store.db"
    async with aiosqlite.connect(path, isolation_level=None) as other:
        await other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailableError, match=r"\A[^\n]*database is locked[^\n]*\Z"):
            await Database.open(f"sqlite:///{path}", busy_timeout_seconds=0.05)
        opening = asyncio.create_task(Database.open(f"sqlite:///{path}"))
        assert await asyncio.wait({opening}, timeout=0.2) == (set(), {opening})
        await other.execute("COMMIT")
    await (await opening).close()


async def test_locked_file_is_one_line(tmp_path: Path) -> None:
    """Another process that never lets go is told as an outage, after the busy timeout."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    first = await Database.open(url)
    await first.migrate()
    second = await Database.open(url, busy_timeout_seconds=0.05)
    try:
        async with first.write() as session:
            await session.connection()
            with pytest.raises(StoreUnavailableError, match=r"\A[^\n]*database is locked[^\n]*\Z"):
                async with second.write() as other:
                    await other.connection()
        async with second.write() as other:
            other.add(WorkspaceRow(id=uuid4(), name="later", created_at=_NOW))
    finally:
        await first.close()
        await second.close()


async def test_full_disk_is_one_line(tmp_path: Path) -> None:
    """A write that finds no room says so; once there is room the same database goes on."""
    database = await Database.open(f"sqlite:///{tmp_path / 'store.db'}")
    await database.migrate()
    try:
        with pytest.raises(StoreUnavailableError, match=r"\A[^\n]*full[^\n]*\Z"):
            await _write(database, _row("x" * 100_000), first="PRAGMA max_page_count=1")
        await _write(database, _row("small"), first="PRAGMA max_page_count=9999")
    finally:
        await database.close()


async def test_missing_folder_is_one_line(tmp_path: Path) -> None:
    """A wrong path names itself."""
    with pytest.raises(StoreUnavailableError, match=r"\A[^\n]*nowhere/store.db[^\n]*unable to open[^\n]*\Z"):
        await Database.open(f"sqlite:///{tmp_path}/nowhere/store.db")


async def test_foreign_file_is_one_line(tmp_path: Path) -> None:
    """A file that is no database is left alone."""
    file = tmp_path / "store.db"
    file.write_text("minutes of the residents' meeting" * 99)
    with pytest.raises(StoreUnavailableError, match=r"\A[^\n]*not a database[^\n]*\Z"):
        await Database.open(f"sqlite:///{file}")


async def test_refused_port_is_one_line_without_password() -> None:
    """An unreachable server is told without what it takes to sign in."""
    with pytest.raises(StoreUnavailableError, match=r"\A[^\n]*refused[^\n]*\Z") as caught:
        await Database.open("postgresql://someone:hush-hush@127.0.0.1:1/latchwork")
    assert "hush-hush" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["mysql://a:hush-hush@b/c", "sqlite://", "sqlite:///:memory:", "hush-hush", "postgresql://a:hush-hush@b:x/c"]
)
async def test_unknown_address_is_refused(url: str) -> None:
    """A setting that cannot work is refused without repeating it."""
    with pytest.raises(ValueError, match="database") as caught:
        await Database.open(url)
    assert "hush-hush" not in str(caught.value)


async def test_reads_of_one_snapshot_share_a_session(database: Database) -> None:
    """One question sees one moment, and a task beside it sees its own."""
    await _write(database, _row("one"))
    async with database.snapshot():
        async with database.read() as first, database.read() as second:
            assert first is second
        assert await _names(database) == ["one"]
    async with database.read() as first, database.read() as second:
        assert first is not second


async def test_snapshot_in_another_is_the_same_moment(database: Database) -> None:
    """Who shows codes asks for one moment, whether or not who calls it has one already."""
    async with database.snapshot():
        async with database.read() as outer:
            pass
        async with database.snapshot(), database.read() as inner:
            assert inner is outer
        async with database.read() as after:
            assert after is outer


async def test_a_failed_query_ends_its_snapshot(database: Database) -> None:
    """What went wrong in one snapshot does not reach the next."""
    with pytest.raises(DBAPIError):
        async with database.snapshot(), database.read() as session:
            await (await session.connection()).execute(text("SELECT nothing FROM nowhere"))
    async with database.snapshot():
        assert await _names(database) == []


@pytest.fixture
async def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Database, list[object]]]:
    """A SQLite database with one row, and what is sent to SQLite's thread from then on."""
    sent = list[object]()
    execute: Any = aiosqlite.Connection._execute

    async def noted(connection: aiosqlite.Connection, *args: object) -> object:
        sent.append(args)
        return await execute(connection, *args)

    database = await Database.open(f"sqlite:///{tmp_path}/app.db")
    await database.migrate()
    await _write(database, _row("one"))
    await _names(database)
    monkeypatch.setattr(aiosqlite.Connection, "_execute", noted)
    yield database, sent
    await database.close()


_NAMES = select(WorkspaceRow.name)


async def test_what_reads_goes_to_the_thread_of_sqlite(counted: tuple[Database, list[object]]) -> None:
    """Once for each statement, since lists may take their time, and not for what says where the moment begins and ends."""
    database, sent = counted
    async with database.read() as session:
        for _ in range(3):
            assert list((await session.exec(_NAMES)).all()) == ["one"]
    assert len(sent) == 3


async def test_what_is_found_by_a_key_is_read_where_it_is_asked_for(counted: tuple[Database, list[object]]) -> None:
    """The way to the thread and back takes longer than such a statement."""
    database, sent = counted
    async with database.read() as session:
        for _ in range(3):
            assert list((await session.exec(at_once(_NAMES))).all()) == ["one"]
    assert not sent


async def test_a_writers_statements_wait_for_nobody(counted: tuple[Database, list[object]]) -> None:
    """Only beginning and committing go to the thread: the one waits for other processes, the other for the disk."""
    database, sent = counted
    async with database.write() as session:
        for _ in range(3):
            assert list((await session.exec(_NAMES)).all()) == ["one"]
    assert len(sent) == len(["begin", "commit"])


_SLOW = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n")


async def test_a_reader_who_is_cancelled_amid_a_statement_holds_up_nobody(tmp_path: Path) -> None:
    """SQLite goes on in its thread for somebody who has gone, and only then is the connection closed."""
    database = await Database.open(f"sqlite:///{tmp_path}/app.db")
    await database.migrate()
    began = asyncio.Event()

    async def asks() -> None:
        async with database.read() as session:
            connection = await session.connection()
            began.set()
            await connection.execute(_SLOW)

    task = asyncio.create_task(asks())
    await began.wait()
    task.cancel()
    first = last = time.monotonic()
    longest = 0.0
    while not task.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert task.cancelled()
    assert longest < (last - first) / 2, "the loop stood still while SQLite was at work"
    async with asyncio.timeout(5):
        assert await _names(database) == []
    await database.close()
