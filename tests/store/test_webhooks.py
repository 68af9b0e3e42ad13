"""What is due to which endpoint, and what becomes of endpoints that fail."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, select

from domain.events import Event, EventType, digits_of
from domain.sealed import pin_aad
from domain.webhooks import DisabledReason
from store import webhooks
from store.accounts import DEFAULT_WORKSPACE_ID, default_workspace
from store.database import Database
from store.events import append, list_events
from store.positions import last_sequence
from store.published_events import publish
from store.tables import EventRow, PinRow, WorkspaceRow
from store.webhook_tables import WebhookRow
from tests.store.keys import new_ring
from tests.store.rows import NOW, a_code, a_device

OTHER_WORKSPACE = UUID(int=77)


async def an_endpoint(database: Database, *event_types: str, workspace_id: UUID = DEFAULT_WORKSPACE_ID) -> UUID:
    """Add an endpoint as the service does: with a position behind all there is."""
    webhook_id = uuid4()
    async with database.write() as session:
        await default_workspace(session, now=NOW)
        if await session.get(WorkspaceRow, workspace_id) is None:
            session.add(WorkspaceRow(id=workspace_id, name="other", created_at=NOW))
            await session.flush()
        session.add(
            WebhookRow(
                id=webhook_id,
                workspace_id=workspace_id,
                url="https://hooks.example/",
                event_types=list(event_types) or ["*"],
                secret=b"sealed",
                relayed_through=await last_sequence(session, workspace_id),
                created_at=NOW,
            )
        )
    return webhook_id


async def tell(
    database: Database, *kinds: EventType, workspace_id: UUID = DEFAULT_WORKSPACE_ID, payload: Any = None
) -> list[UUID]:
    async with database.write() as session:
        written = [Event(event_type=kind, occurred_at=NOW, payload=payload or {}) for kind in kinds]
        return await append(session, written, workspace_id=workspace_id, now=NOW, new_id=uuid4)


async def due(database: Database, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """List what is wanted: event and endpoint."""
    async with database.read() as session:
        return [(one.event_id, one.webhook_id) for one in await webhooks.pending(session, limit=limit) if one.is_wanted]


async def move_on(database: Database, limit: int = 100) -> None:
    async with database.write() as session:
        found = await webhooks.pending(session, limit=limit)
        await webhooks.advance(session, {one.webhook_id: one.sequence for one in found})


async def row_of(database: Database, webhook_id: UUID) -> WebhookRow:
    async with database.read() as session:
        row = await webhooks.get_webhook(session, webhook_id)
    assert row is not None
    return row


async def test_each_event_is_due_to_each_endpoint_of_its_workspace(database: Database) -> None:
    ours, also_ours = await an_endpoint(database), await an_endpoint(database)
    theirs = await an_endpoint(database, workspace_id=OTHER_WORKSPACE)
    (event,) = await tell(database, EventType.CREATED)
    (foreign,) = await tell(database, EventType.CREATED, workspace_id=OTHER_WORKSPACE)
    assert sorted(await due(database)) == sorted([(event, ours), (event, also_ours), (foreign, theirs)])


async def test_what_was_there_before_an_endpoint_is_not_due_to_it(database: Database) -> None:
    await an_endpoint(database)
    await tell(database, EventType.CREATED)
    newer = await an_endpoint(database)
    assert newer not in {webhook_id for _, webhook_id in await due(database)}


async def test_positions_move_page_by_page_and_skip_what_is_not_asked_for(database: Database) -> None:
    endpoint = await an_endpoint(database, "access_code.deleted")
    await tell(database, *[EventType.CREATED] * 5)
    (wanted,) = await tell(database, EventType.DELETED)
    assert await due(database, limit=5) == []
    await move_on(database, limit=5)
    assert await due(database, limit=5) == [(wanted, endpoint)]
    await move_on(database)
    assert await due(database) == []


async def test_a_slower_relay_does_not_turn_a_position_back(database: Database) -> None:
    endpoint = await an_endpoint(database)
    await tell(database, EventType.CREATED)
    async with database.write() as session:
        await webhooks.advance(session, {endpoint: 9})
        await webhooks.advance(session, {endpoint: 1})
    assert (await row_of(database, endpoint)).relayed_through == 9


async def test_hidden_events_are_due_to_nobody_and_published_to_nobody(database: Database) -> None:
    await an_endpoint(database)
    await tell(database, EventType.CREATED)
    async with database.write() as session:
        for row in (await session.exec(select(EventRow))).all():
            row.hidden = True
    assert await due(database) == []
    async with database.read() as session:
        rows = (await session.exec(select(EventRow))).all()
        assert (len(rows), await publish(session, rows, None)) == (1, [])


async def test_disabled_endpoints_are_due_nothing_and_start_over_when_enabled(database: Database) -> None:
    endpoint = await an_endpoint(database, "access_code.created")
    async with database.write() as session:
        await webhooks.disable(session, endpoint, DisabledReason.GONE, NOW)
        await webhooks.disable(session, endpoint, DisabledReason.FAILING, NOW)
    await tell(database, EventType.CREATED)
    assert await due(database) == []
    async with database.write() as session:
        row = await webhooks.get_webhook(session, endpoint, for_update=True)
        assert row is not None
        assert row.disabled_reason == "gone"
        await webhooks.enable(session, row)
    (later,) = await tell(database, EventType.CREATED)
    assert await due(database) == [(later, endpoint)]


async def test_five_days_of_failure_disable_with_one_event(database: Database) -> None:
    endpoint = await an_endpoint(database)
    outcomes = []
    for day in range(6):
        for _ in range(2):
            async with database.write() as session:
                outcomes.append(await webhooks.note_failure(session, endpoint, NOW + timedelta(days=day)))
    assert outcomes == [False] * 10 + [True] * 2
    async with database.read() as session:
        events = await list_events(session, DEFAULT_WORKSPACE_ID)
    assert [event.event_type for event in events] == ["webhook.disabled"]
    assert events[0].payload == {"webhook_id": str(endpoint), "reason": "failing"}
    assert (await row_of(database, endpoint)).disabled_at == NOW + timedelta(days=5)


async def test_one_success_breaks_the_failure(database: Database) -> None:
    endpoint = await an_endpoint(database)
    for day in range(4):
        async with database.write() as session:
            await webhooks.note_failure(session, endpoint, NOW + timedelta(days=day))
    async with database.write() as session:
        await webhooks.note_success(session, endpoint)
    async with database.write() as session:
        assert not await webhooks.note_failure(session, endpoint, NOW + timedelta(days=6))
    assert (await row_of(database, endpoint)).failing_since == NOW + timedelta(days=6)


async def a_told_code(database: Database) -> tuple[Any, list[EventRow]]:
    """Make a code with digits of two generations, and an event about each."""
    ring = new_ring()
    async with database.write() as session:
        code = a_code(await a_device(session))
        session.add(code)
        await session.flush()
        for generation, digits in ((1, b"480733"), (2, b"480744")):
            session.add(
                PinRow(
                    access_code_id=code.id,
                    generation=generation,
                    device_id=code.device_id,
                    pin_index=str(generation),
                    ciphertext=ring.encrypt(digits, pin_aad(DEFAULT_WORKSPACE_ID, code.id)),
                    held_from=NOW,
                )
            )
        written = [
            Event(event_type=EventType.SET_ON_DEVICE, occurred_at=NOW, payload={"code": digits_of(generation)})
            for generation in (1, 2)
        ]
        await append(session, written, workspace_id=DEFAULT_WORKSPACE_ID, now=NOW, new_id=uuid4, access_code_id=code.id)
    async with database.read() as session:
        chosen = select(EventRow).where(EventRow.access_code_id == code.id).order_by(col(EventRow.sequence))
        return ring, list((await session.exec(chosen)).all())


async def test_published_events_carry_the_digits_of_their_time(database: Database) -> None:
    ring, rows = await a_told_code(database)
    async with database.read() as session:
        assert [told["code"] for told in await publish(session, rows, ring)] == ["480733", "480744"]


async def test_digits_are_left_out_without_keys_and_where_the_workspace_says_so(database: Database) -> None:
    ring, rows = await a_told_code(database)
    async with database.read() as session:
        without_keys = await publish(session, rows, None)
    async with database.write() as session:
        (await session.get_one(WorkspaceRow, DEFAULT_WORKSPACE_ID)).digits_in_events = False
    async with database.read() as session:
        unwanted = await publish(session, rows, ring)
    assert without_keys == unwanted
    assert "code" not in unwanted[0]
    assert "4807" not in str(unwanted)


async def test_committed_events_are_noticed_and_others_are_not(database: Database) -> None:
    await an_endpoint(database)
    database.events_written.clear()
    async with database.write() as session:
        await default_workspace(session, now=NOW)
    assert not database.events_written.is_set()
    await tell(database, EventType.CREATED)
    assert database.events_written.is_set()
