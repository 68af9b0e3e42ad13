"""Endpoints in a house: made by the service, told by deliveries that a test starts or a relay does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import select
from temporalio.client import WorkflowHandle

from api.webhooks import Webhook, WebhookService
from domain.events import Event, EventType
from domain.webhooks import Delivered
from store import events, webhooks
from store.accounts import DEFAULT_WORKSPACE_ID
from store.tables import EventRow
from store.webhook_tables import WebhookRow
from tests.house import House
from workflows.contracts import QUEUE, WEBHOOK_DELIVERY_WORKFLOW, DeliveryInput, webhook_delivery_workflow_id


def service_of(house: House) -> WebhookService:
    """Give the application service, for development as the house is."""
    return WebhookService(house.client, house.database, house.keyring, for_development=True)


async def an_event(house: House, event_type: EventType = EventType.CREATED, **payload: Any) -> UUID:
    """Write an event down and give its id."""
    now = await house.now()
    async with house.database.write() as session:
        event = Event(event_type=event_type, occurred_at=now, payload=payload)
        (event_id,) = await events.append(session, [event], workspace_id=DEFAULT_WORKSPACE_ID, now=now, new_id=uuid4)
    return event_id


async def events_of(house: House, event_type: EventType, webhook_id: UUID) -> list[EventRow]:
    """List the events of one type about an endpoint."""
    async with house.database.read() as session:
        rows = (await session.exec(select(EventRow).where(EventRow.event_type == event_type.value))).all()
    return [row for row in rows if row.payload["webhook_id"] == str(webhook_id)]


@dataclass
class Endpoint:
    """One endpoint under test."""

    house: House
    webhook: Webhook

    async def row(self) -> WebhookRow:
        """Read how it fares."""
        async with self.house.database.read() as session:
            row = await webhooks.get_webhook(session, self.webhook.webhook_id)
        assert row is not None
        return row

    async def start(self, event_id: UUID) -> WorkflowHandle[Any, Delivered]:
        """Start a delivery as the relay does."""
        return await self.house.client.start_workflow(
            WEBHOOK_DELIVERY_WORKFLOW,
            DeliveryInput(event_id=event_id, webhook_id=self.webhook.webhook_id),
            id=webhook_delivery_workflow_id(event_id, self.webhook.webhook_id),
            task_queue=QUEUE,
            result_type=Delivered,
        )

    async def disabled_at(self) -> datetime | None:
        """Say since when it is told nothing more."""
        return (await self.row()).disabled_at


async def an_endpoint(house: House, url: str, *event_types: str) -> Endpoint:
    """Have a receiver told."""
    return Endpoint(house, await service_of(house).create(DEFAULT_WORKSPACE_ID, url, event_types or ("*",)))
