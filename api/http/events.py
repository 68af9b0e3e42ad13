"""The routes of events."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.http.failures import ApiError, invalid, not_found
from api.http.parameters import Ids, Parameters, Text, When, Words
from api.http.showing import show_events
from api.http.table import Body, Call
from domain.events import EventType
from store.event_lists import EventFilter

DEFAULT_LIMIT = 500


class GetEvent(Parameters):
    """Parameters of `/events/get`: an id, or the newest of a type or of a device."""

    event_id: UUID | None = None
    event_type: Text | None = None
    device_id: UUID | None = None


class ListEvents(Parameters):
    """Parameters of `/events/list`; those of Seam's other products are taken and find nothing."""

    since: When | None = None
    between: Annotated[list[When], Field(min_length=2, max_length=2)] | None = None
    event_type: Text | None = None
    event_types: Words | None = None
    event_ids: Ids | None = None
    device_id: UUID | None = None
    device_ids: Ids | None = None
    access_code_id: UUID | None = None
    access_code_ids: Ids | None = None
    connected_account_id: UUID | None = None
    limit: int | None = Field(default=None, ge=1, le=10_000)
    unstable_offset: int | None = Field(default=None, ge=0, le=1_000_000_000)
    access_grant_id: UUID | None = None
    access_grant_ids: Ids | None = None
    access_method_id: UUID | None = None
    access_method_ids: Ids | None = None
    acs_access_group_id: UUID | None = None
    acs_credential_id: UUID | None = None
    acs_encoder_id: UUID | None = None
    acs_entrance_id: UUID | None = None
    acs_system_id: UUID | None = None
    acs_system_ids: Ids | None = None
    acs_user_id: UUID | None = None
    connect_webview_id: UUID | None = None
    customer_key: Text | None = None
    space_id: UUID | None = None
    space_ids: Ids | None = None
    user_identity_id: UUID | None = None


_ELSEWHERE = tuple(
    name
    for name in ListEvents.model_fields
    if name.startswith(("access_grant", "access_method", "acs_", "connect_webview", "customer", "space", "user_"))
)


async def get(call: Call[GetEvent]) -> Body:
    """Show one event."""
    asked = call.asked
    if asked.event_id is None and asked.event_type is None and asked.device_id is None:
        raise invalid("give event_id, event_type or device_id")
    wanted = EventFilter(
        ids=None if asked.event_id is None else [asked.event_id],
        types=None if asked.event_type is None else _known([asked.event_type]),
        device_ids=None if asked.device_id is None else [asked.device_id],
    )
    found = await call.services.events.list(call.workspace_id, wanted, limit=1, newest_first=True)
    if not found:
        raise not_found("event", "there is no such event")
    return {"event": (await show_events(call, found))[0]}


async def list_events(call: Call[ListEvents]) -> Body:
    """Show events in the order of writing."""
    asked = call.asked
    if any(getattr(asked, name) is not None for name in _ELSEWHERE):
        return {"events": []}
    after, before = asked.between or (asked.since, None)
    types = asked.event_types if asked.event_type is None else [asked.event_type]
    wanted = EventFilter(
        after=after,
        before=before,
        ids=asked.event_ids,
        types=None if types is None else _known(types),
        device_ids=_either(asked.device_id, asked.device_ids),
        access_code_ids=_either(asked.access_code_id, asked.access_code_ids),
        account_id=asked.connected_account_id,
    )
    found = await call.services.events.list(
        call.workspace_id, wanted, limit=asked.limit or DEFAULT_LIMIT, offset=asked.unstable_offset or 0
    )
    return {"events": await show_events(call, found)}


def _either(one: UUID | None, several: list[UUID] | None) -> list[UUID] | None:
    return several if one is None else [one]


def _known(types: list[str]) -> list[str]:
    """Give the types, which must look like some; one that we never write finds nothing."""
    families = {event.value.partition(".")[0] for event in EventType} | _FAMILIES
    if any(name.partition(".")[0] not in families for name in types):
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_event_types", "one of the event types does not exist")
    return types


_FAMILIES = {"lock", "action_attempt", "workspace", "client_session", "connect_webview", "noise_sensor"}
"""Families of Seam's events besides ours."""
