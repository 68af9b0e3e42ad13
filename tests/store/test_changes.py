"""Open pages hear what changed, once, by name; of backup codes that nobody has they hear nothing."""

from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from console.live import _told
from domain.events import Event, EventType
from store import events
from store.accounts import DEFAULT_WORKSPACE_ID
from store.changes import Mark, changes_since, newest_mark
from store.database import Database
from store.guest_tables import MessageRow
from store.messages import write_message
from store.tables import AttemptRow
from tests.store.rows import NOW, a_code, a_device


async def _write(session: AsyncSession, device_id: UUID, *, hidden: bool) -> UUID:
    code = a_code(device_id)
    session.add(code)
    await session.flush()
    session.add(
        AttemptRow(
            access_code_id=code.id, device_id=device_id, generation=1, operation="read", started_at=NOW, answer="known"
        )
    )
    event = Event(event_type=EventType.CREATED, occurred_at=NOW)
    await events.append(
        session,
        [event],
        workspace_id=DEFAULT_WORKSPACE_ID,
        now=NOW,
        new_id=uuid4,
        access_code_id=code.id,
        device_id=device_id,
        hidden=hidden,
    )
    return code.id


async def test_changes_are_told_once_and_in_full(database: Database) -> None:
    async with database.write() as session:
        device_id = await a_device(session)
        before = await newest_mark(session)
        code_id = await _write(session, device_id, hidden=False)
    async with database.read() as session:
        found = await changes_since(session, before, limit=100)
        again = await changes_since(session, found.mark, limit=100)
        assert found.mark == await newest_mark(session)
    told = _told(found, DEFAULT_WORKSPACE_ID).decode()
    assert f"event: code-{code_id}\n" in told
    assert f"event: lock-{device_id}\n" in told
    assert "event: listed\n" in told
    assert (again.changes, again.mark) == ([], found.mark)
    assert _told(found, uuid4()) == b""


async def test_what_becomes_of_a_message_is_told_of_its_code_and_of_the_one_it_stands_in_for(
    database: Database,
) -> None:
    async with database.write() as session:
        code = a_code(await a_device(session))
        backup = a_code(code.device_id)
        backup.stands_in_for = code.id
        session.add_all([code, backup])
        await session.flush()
        message = MessageRow(
            id=uuid4(), workspace_id=DEFAULT_WORKSPACE_ID, access_code_id=backup.id, generation=1, kind="backup",
            status="sending", created_at=NOW, changed_at=NOW,
        )  # fmt: skip
        for status in ("sending", "sent"):
            before = await newest_mark(session)
            message.status = status
            await write_message(session, message)
            found = await changes_since(session, before, limit=100)
            again = await changes_since(session, found.mark, limit=100)
            assert {change.access_code_id for change in found.changes} == {code.id, backup.id}
            assert (again.changes, again.mark) == ([], await newest_mark(session))


async def test_hidden_events_name_no_code(database: Database) -> None:
    async with database.write() as session:
        device_id = await a_device(session)
        before = await newest_mark(session)
        event = Event(event_type=EventType.CREATED, occurred_at=NOW)
        code_id = uuid4()
        await events.append(
            session,
            [event],
            workspace_id=DEFAULT_WORKSPACE_ID,
            now=NOW,
            new_id=uuid4,
            access_code_id=code_id,
            device_id=device_id,
            hidden=True,
        )
    async with database.read() as session:
        told = _told(await changes_since(session, before, limit=100), DEFAULT_WORKSPACE_ID).decode()
    assert str(code_id) not in told
    assert "listed" not in told
    assert f"event: lock-{device_id}\n" in told


async def test_who_is_too_far_behind_is_told_to_look_at_everything(database: Database) -> None:
    async with database.write() as session:
        device_id = await a_device(session)
        before = await newest_mark(session)
        for _ in range(3):
            await _write(session, device_id, hidden=False)
    async with database.read() as session:
        found = await changes_since(session, before, limit=3)
        assert found.mark == await newest_mark(session)
    assert "event: everything\n" in _told(found, uuid4()).decode()


def test_marks_are_read_back_and_nothing_else_is() -> None:
    assert Mark.parsed(str(Mark(12, 3, 4, 5))) == Mark(12, 3, 4, 5)
    wrong = (None, "", "1-2", "1-2-3-x", "1-2-3-4-5", "٣-1-1-1", "9" * 30)
    assert [Mark.parsed(text) for text in wrong] == [None] * len(wrong)
