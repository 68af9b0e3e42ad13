"""The route that tells a code's story: its events, and every operation on the lock, newest first.  No digits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from api.exposures import tried
from api.http.failures import invalid
from api.http.parameters import OfOneCode, Text, Words
from api.http.table import Body, Call
from api.resources.base import Resource, told
from api.stories import LONGEST_STORY, happened, in_utc
from domain.event_body import ENVELOPE
from domain.story import of_attempt, of_event
from store.event_lists import EventFilter
from store.tables import AttemptRow, EventRow

DEFAULT_LIMIT, MOST = 50, 200

STARTED, FINISHED = "internal.access_code.programming_started", "internal.access_code.programming_finished"
"""A write to the lock, and a look at what came of it."""


class GetTimeline(OfOneCode):
    """Parameters of `/access_codes/get_timeline`; `before` and `after` are cursors that an earlier answer gave."""

    limit: int | None = Field(default=None, ge=1, le=MOST)
    before: Text | None = None
    after: Text | None = None
    event_types: Words | None = None


class TimelineEvent(Resource):
    """One entry of the story."""

    event_type: str
    occurred_at: str
    description: str
    actor: dict[str, str]
    details: dict[str, Any]
    related_resource_ids: dict[str, str]


class TimelinePages(Resource):
    """How to go on."""

    has_more: bool
    next_cursor: str | None
    prev_cursor: str | None


_Entry = tuple[str, TimelineEvent]
"""An entry with its place in the order, which serves as the cursor, too."""


async def get_timeline(call: Call[GetTimeline]) -> Body:
    """Tell a code's story."""
    asked = call.asked
    stored = await call.services.codes.get(asked.access_code_id, workspace_id=call.workspace_id)
    wanted = EventFilter(access_code_ids=[stored.row.id])
    events = await call.services.events.list(call.workspace_id, wanted, limit=LONGEST_STORY, newest_first=True)
    attempts = await call.services.events.attempts(stored.row.id, limit=LONGEST_STORY)
    told_by = map(_of_event, events, await call.services.events.published(events, None))
    story = sorted([*told_by, *map(_of_attempt, attempts)], key=lambda entry: entry[0], reverse=True)
    if asked.event_types is not None:
        story = [entry for entry in story if entry[1].event_type in asked.event_types]
    shown, more = _cut(story, asked)
    pages = TimelinePages(
        has_more=more,
        next_cursor=shown[-1][0] if shown and more else None,
        prev_cursor=shown[0][0] if shown else None,
    )
    return {"timeline_events": [entry for _, entry in shown], "pagination": pages}


def _cut(story: Sequence[_Entry], asked: GetTimeline) -> tuple[Sequence[_Entry], bool]:
    for name in ("before", "after"):
        cursor = getattr(asked, name)
        if cursor is not None and cursor.count("/") != 2:
            raise invalid("is no cursor of this list", name)
    chosen = [
        entry
        for entry in story
        if (asked.before is None or entry[0] < asked.before) and (asked.after is None or entry[0] > asked.after)
    ]
    limit = asked.limit or DEFAULT_LIMIT
    if asked.after is not None and asked.before is None:
        return chosen[-limit:], len(chosen) > limit
    return chosen[:limit], len(chosen) > limit


def _place(at: datetime, kind: str, number: int | None) -> str:
    return f"{told(at)}/{kind}/{number or 0:012d}"


def _of_event(row: EventRow, body: Mapping[str, Any]) -> _Entry:
    entry = TimelineEvent(
        event_type=row.event_type,
        occurred_at=told(row.occurred_at),
        description=of_event(happened(row), in_utc).text,
        actor={"type": "system"},
        details={name: value for name, value in body.items() if name not in ENVELOPE},
        related_resource_ids={} if row.device_id is None else {"device_id": str(row.device_id)},
    )
    return _place(row.occurred_at, "event", row.sequence), entry


def _of_attempt(row: AttemptRow) -> _Entry:
    details = {"operation": row.operation, "answer": row.answer, "generation": row.generation}
    if row.detail is not None:
        details["detail"] = row.detail
    entry = TimelineEvent(
        event_type=STARTED if row.operation in ("program", "remove") else FINISHED,
        occurred_at=told(row.started_at),
        description=of_attempt(tried(row)).text,
        actor={"type": "system"},
        details=details,
        related_resource_ids={"device_id": str(row.device_id)},
    )
    return _place(row.started_at, "attempt", row.id), entry
