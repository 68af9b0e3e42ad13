"""Messages to guests: what is sent by itself, by which channels, in which words, and what became of each.

Which events call for a message is read from their positions, as for webhooks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import EventType
from domain.message_channels import Channel, ChannelKind
from domain.message_text import MessageKind, Template
from domain.messages import MAY_HAVE_BEEN_DELIVERED, MessageStatus, Switches
from store import positions as positions_of
from store.codes import StoredCode
from store.guest_tables import MessageChannelRow, MessageRow, MessageSettingsRow, MessageTemplateRow
from store.guests import guest_ids_of
from store.once import make_once
from store.pages import Page, paged
from store.positions import beyond_positions, last_sequence
from store.tables import AccessCodeRow, EventRow

ON_LOCK = frozenset({EventType.SET_ON_DEVICE, EventType.BACKUP_PULLED})
AHEAD = frozenset({EventType.CREATED, EventType.CODE_CHANGED, EventType.TIME_FRAME_CHANGED})
"""What may call for a message before the code is on its lock."""

_BACKUP_ID = "backup_access_code_id"


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """An event that was not considered for a message yet; without a code it is about none."""

    workspace_id: UUID
    sequence: int
    access_code_id: UUID | None
    generation: int | None
    """The digits that the code has now."""


async def pending(session: AsyncSession, *, limit: int) -> list[PendingMessage]:
    """Give the next events of all workspaces that have messages sent by themselves, the oldest first."""
    found = (await session.exec(beyond_positions(MessageSettingsRow, limit=limit))).all()
    concerned = {event.id: code_id for event, row in found if (code_id := _concerned(event, row)) is not None}
    guests = await guest_ids_of(session, set(concerned.values()))
    generations = await _generations(session, guests)
    return [
        PendingMessage(
            workspace_id=row.workspace_id,
            sequence=event.sequence or 0,
            access_code_id=concerned.get(event.id),
            generation=generations.get(concerned[event.id]) if event.id in concerned else None,
        )
        for event, row in found
    ]


async def advance(session: AsyncSession, positions: Mapping[UUID, int]) -> None:
    """Note how far workspaces' events were looked through."""
    key = col(MessageSettingsRow.workspace_id)
    await positions_of.advance(session, MessageSettingsRow, key, positions)


def _concerned(event: EventRow, row: MessageSettingsRow) -> UUID | None:
    """Name the code whose guest may have to be written to."""
    calls = ON_LOCK if row.ready_lead_seconds is None else ON_LOCK | AHEAD
    if not row.automatic or event.hidden or event.event_type not in calls:
        return None
    if event.event_type == EventType.BACKUP_PULLED:
        return UUID(event.payload[_BACKUP_ID])
    return event.access_code_id


async def _generations(session: AsyncSession, code_ids: Mapping[UUID, UUID]) -> dict[UUID, int]:
    query = select(AccessCodeRow.id, AccessCodeRow.code).where(col(AccessCodeRow.id).in_(code_ids))
    rows = (await session.exec(query)).all() if code_ids else []
    return {code_id: int(code["wish"]["pin_generation"]) for code_id, code in rows}


async def get_settings(session: AsyncSession, workspace_id: UUID) -> MessageSettingsRow:
    """Read a workspace's settings; where there are none, the defaults, which nothing keeps."""
    found = await session.get(MessageSettingsRow, workspace_id)
    return MessageSettingsRow(workspace_id=workspace_id) if found is None else found


async def settings_for_update(session: AsyncSession, workspace_id: UUID) -> MessageSettingsRow:
    """Read a workspace's settings to change them; the first change makes them, with a position behind all there is."""
    begun = await last_sequence(session, workspace_id)
    fresh = MessageSettingsRow(workspace_id=workspace_id, relayed_through=begun)
    await make_once(session, MessageSettingsRow, **fresh.model_dump())
    return await session.get_one(MessageSettingsRow, workspace_id, with_for_update=True, populate_existing=True)


def switches_of(row: MessageSettingsRow) -> Switches:
    """Give the part of the settings that decides about messages."""
    lead = row.ready_lead_seconds
    return Switches(
        automatic=frozenset(map(MessageKind, row.automatic)),
        ready_lead=None if lead is None else timedelta(seconds=lead),
    )


async def own_templates(session: AsyncSession, workspace_id: UUID) -> dict[tuple[MessageKind, str], Template]:
    """Give a workspace's own templates, by kind and language."""
    rows = await session.exec(select(MessageTemplateRow).where(MessageTemplateRow.workspace_id == workspace_id))
    return {(MessageKind(row.kind), row.language): Template(subject=row.subject, body=row.body) for row in rows}


async def list_channels(session: AsyncSession, workspace_id: UUID) -> Sequence[MessageChannelRow]:
    """List a workspace's channels, the oldest first: in this order they are chosen."""
    query = select(MessageChannelRow).where(MessageChannelRow.workspace_id == workspace_id)
    query = query.order_by(col(MessageChannelRow.created_at), col(MessageChannelRow.id))
    return (await session.exec(query)).all()


def channel_of(row: MessageChannelRow) -> Channel:
    """Give what the rules know of a channel."""
    return Channel(id=row.id, kind=ChannelKind(row.kind))


async def get_message(session: AsyncSession, message_id: UUID) -> MessageRow | None:
    """Read a message; None when there is none."""
    return await session.get(MessageRow, message_id)


async def write_message(session: AsyncSession, row: MessageRow) -> None:
    """Write a message as the last one that changed, so that whoever follows them (`store/changes.py`) sees it.

    As with events, a sequence never becomes visible after a higher one: on PostgreSQL the writers take turns.
    """
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('messages'))"))
    newest = (await session.exec(select(func.max(MessageRow.sequence)))).one()
    row.sequence = (newest or 0) + 1
    session.add(row)


async def page_of_messages(
    session: AsyncSession, workspace_id: UUID, page: Page, *, access_code_ids: Sequence[UUID] | None = None
) -> Sequence[MessageRow]:
    """List messages, newest first, of some codes where they are named; one more than the page holds if there are."""
    query = select(MessageRow).where(MessageRow.workspace_id == workspace_id)
    if access_code_ids is not None:
        query = query.where(col(MessageRow.access_code_id).in_(access_code_ids))
    return (await session.exec(paged(query, col(MessageRow.created_at), col(MessageRow.id), page))).all()


async def generations_told(
    session: AsyncSession, access_code_id: UUID, guest_id: UUID, *, but_by: UUID
) -> frozenset[int]:
    """Name the generations of a code that a guest was told by other messages than the one named."""
    query = select(MessageRow.generation).where(
        MessageRow.access_code_id == access_code_id,
        MessageRow.guest_id == guest_id,
        MessageRow.id != but_by,
        col(MessageRow.status).in_((MessageStatus.SENDING, MessageStatus.SENT)),
    )
    return frozenset((await session.exec(query)).all())


async def others_may_know(session: AsyncSession, stored: StoredCode, guest_id: UUID | None) -> bool:
    """Tell whether another guest was told the digits of a code, or of one that shares them by a common key.

    The caller holds the code's row, so that of two messages to two guests one sees the other.
    """
    told = select(MessageRow.id).where(
        col(MessageRow.status).in_(MAY_HAVE_BEEN_DELIVERED), col(MessageRow.guest_id).is_distinct_from(guest_id)
    )
    own = told.where(
        MessageRow.access_code_id == stored.row.id, MessageRow.generation == stored.code.wish.pin_generation
    )
    if (await session.exec(own.limit(1))).first() is not None:
        return True
    key = stored.row.common_code_key
    if key is None:
        return False
    shared = told.join(AccessCodeRow, col(AccessCodeRow.id) == col(MessageRow.access_code_id)).where(
        AccessCodeRow.workspace_id == stored.row.workspace_id,
        AccessCodeRow.common_code_key == key,
        col(AccessCodeRow.closed).is_(False),
    )
    return (await session.exec(shared.limit(1))).first() is not None


async def codes_with_stand_ins(session: AsyncSession, access_code_id: UUID) -> Sequence[UUID]:
    """Name a code and the backup codes that ever stood in for it."""
    query = select(AccessCodeRow.id).where(AccessCodeRow.stands_in_for == access_code_id)
    return [access_code_id, *(await session.exec(query)).all()]
