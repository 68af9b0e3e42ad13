"""The `event` resource: one flat object, the same for whoever asks and whoever is told."""

from typing import Any
from uuid import UUID

from pydantic import ConfigDict

from api.resources.base import Moment, Resource, told
from domain.events import EventType
from store.tables import EventRow

SHOWS_DIGITS = frozenset({EventType.SET_ON_DEVICE, EventType.DELETED})
"""The types whose payload names the digits, for those who may see them."""


class EventResource(Resource):
    """An event as the API shows it; its payload's fields stand beside these."""

    model_config = ConfigDict(extra="allow")

    event_id: UUID
    event_type: str
    workspace_id: UUID
    created_at: Moment
    occurred_at: Moment


def event_resource(row: EventRow, code: str | None = None) -> dict[str, Any]:
    """Show an event; `code` is the digits of the access code that it is about, where they may be seen."""
    shown: dict[str, Any] = {
        "event_id": str(row.id),
        "event_type": row.event_type,
        "workspace_id": str(row.workspace_id),
        "created_at": told(row.created_at),
        "occurred_at": told(row.occurred_at),
    }
    about = {
        "access_code_id": row.access_code_id,
        "device_id": row.device_id,
        "connected_account_id": row.account_id,
    }
    shown |= {name: str(value) for name, value in about.items() if value is not None}
    if row.event_type in SHOWS_DIGITS:
        shown["code"] = code
    return row.payload | shown
