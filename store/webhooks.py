"""Webhook endpoints: which there are, how far each was told, and how it fares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from domain import webhooks as rules
from domain.events import Event, EventType
from domain.webhooks import DisabledReason
from store import events
from store import positions as positions_of
from store.positions import beyond_positions, last_sequence
from store.tables import EventRow
from store.webhook_tables import WebhookRow


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that an endpoint was not considered for yet; `is_wanted`: it is to be delivered."""

    sequence: int
    event_id: UUID
    event_type: str
    webhook_id: UUID
    is_wanted: bool


async def pending(session: AsyncSession, *, limit: int) -> list[Pending]:
    """Give the next events of all endpoints, the oldest first."""
    found = (await session.exec(_beyond(limit))).all()
    return [
        Pending(
            sequence=event.sequence or 0,
            event_id=event.id,
            event_type=event.event_type,
            webhook_id=webhook.id,
            is_wanted=not event.hidden and rules.wants(webhook.event_types, event.event_type),
        )
        for event, webhook in found
    ]


@cache
def _beyond(limit: int) -> "Select[EventRow, WebhookRow]":
    return beyond_positions(WebhookRow, limit=limit).where(col(WebhookRow.disabled_at).is_(None))


async def advance(session: AsyncSession, positions: Mapping[UUID, int]) -> None:
    """Note how far endpoints were told; a position never goes back, whichever of several relays is slower."""
    await positions_of.advance(session, WebhookRow, col(WebhookRow.id), positions)


async def get_webhook(session: AsyncSession, webhook_id: UUID, *, for_update: bool = False) -> WebhookRow | None:
    """Read an endpoint; None when there is none."""
    return await session.get(WebhookRow, webhook_id, with_for_update=for_update or None, populate_existing=for_update)


async def list_webhooks(session: AsyncSession, workspace_id: UUID) -> Sequence[WebhookRow]:
    """List a workspace's endpoints, the oldest first."""
    query = select(WebhookRow).where(WebhookRow.workspace_id == workspace_id)
    return (await session.exec(query.order_by(col(WebhookRow.created_at), col(WebhookRow.id)))).all()


async def note_success(session: AsyncSession, webhook_id: UUID) -> None:
    """Write down that an endpoint that was failing does no more."""
    await session.exec(
        update(WebhookRow).where(col(WebhookRow.id) == webhook_id).values(failing_since=None, last_failure_at=None)
    )


async def note_failure(session: AsyncSession, webhook_id: UUID, now: datetime) -> bool:
    """Write down that an endpoint failed, and disable it with its event when it has for too long.  True: disabled."""
    row = await get_webhook(session, webhook_id, for_update=True)
    if row is None or row.disabled_at is not None:
        return row is not None
    row.failing_since = rules.failing_since(row.failing_since, row.last_failure_at, now)
    row.last_failure_at = now
    if rules.has_failed_too_long(row.failing_since, now):
        await _disable(session, row, DisabledReason.FAILING, now)
    return row.disabled_at is not None


async def disable(session: AsyncSession, webhook_id: UUID, reason: DisabledReason, now: datetime) -> None:
    """Send an endpoint nothing more, with an event that says so; nothing happens to one that is disabled or gone."""
    row = await get_webhook(session, webhook_id, for_update=True)
    if row is not None and row.disabled_at is None:
        await _disable(session, row, reason, now)


async def enable(session: AsyncSession, row: WebhookRow) -> None:
    """Tell a disabled endpoint events again: those that are written from now on."""
    row.disabled_at = row.disabled_reason = row.failing_since = row.last_failure_at = None
    row.relayed_through = await last_sequence(session, row.workspace_id)


async def _disable(session: AsyncSession, row: WebhookRow, reason: DisabledReason, now: datetime) -> None:
    row.disabled_at, row.disabled_reason = now, reason.value
    payload: dict[str, Any] = {"webhook_id": str(row.id), "reason": reason.value}
    await events.append(
        session,
        [Event(event_type=EventType.WEBHOOK_DISABLED, occurred_at=now, payload=payload)],
        workspace_id=row.workspace_id,
        now=now,
        new_id=uuid4,
    )
