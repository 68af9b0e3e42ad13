"""Codes of somebody else's on a lock, as its page lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.services import Services
from domain.events import EventType
from domain.malformed import struck
from store.event_lists import EventFilter
from store.pages import Page as Rows

MOST = 100


@dataclass(frozen=True, slots=True)
class ForeignCode:
    """One such code."""

    id: UUID
    name: str
    since: datetime
    is_hidden: bool
    """The lock hides its digits: nobody could say later whether it is the same code."""
    why_not: str | None
    """Why it was not adopted when somebody asked last; None: nobody did."""


async def foreign_codes(services: Services, workspace_id: UUID, device_id: UUID) -> Sequence[ForeignCode]:
    """List the codes of others on a lock, newest first."""
    rows = (await services.unmanaged.page(workspace_id, device_id, Rows(MOST)))[:MOST]
    wanted = EventFilter(access_code_ids=[row.id for row in rows], types=[EventType.UNMANAGED_NOT_CONVERTED])
    refused = await services.events.list(workspace_id, wanted, limit=MOST, newest_first=True) if rows else []
    why = {event.access_code_id: struck(str(event.payload.get("reason", ""))) for event in reversed(refused)}
    return [
        ForeignCode(row.id, row.name or "Without a name", row.created_at, row.pin_index is None, why.get(row.id))
        for row in rows
    ]
