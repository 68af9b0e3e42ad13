"""What happened to a code, in words, the newest first: its events, what the lock was asked, and what people did.

Tries that went alike, one after the other, are one line with their number: a lock that is offline for a day would
otherwise be all there is to see.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api.services import Services
from console.words import ANSWERS, DEEDS, EVENTS, GOOD_NEWS, OPERATIONS, TROUBLE, Tone, plain
from domain.audit import AuditAction
from domain.events import EventType
from store.codes import StoredCode
from store.event_lists import EventFilter
from store.tables import AttemptRow, EventRow
from store.user_tables import AuditRow

LONGEST = 400
"""How many of each kind are read: weeks of tries, told in a few lines."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story."""

    at: datetime
    tone: Tone
    what: str
    more: str = ""
    is_person: bool = False
    times: int = 1
    since: datetime | None = None
    """When the first of several was."""


@dataclass(frozen=True, slots=True)
class LastRead:
    """What the lock was last seen to hold."""

    at: datetime
    words: str


async def story(services: Services, stored: StoredCode) -> Sequence[Entry]:
    """Tell a code's story."""
    code_id = stored.row.id
    wanted = EventFilter(access_code_ids=[code_id])
    rows = await services.events.list(stored.row.workspace_id, wanted, limit=LONGEST, newest_first=True)
    attempts = await services.events.attempts(code_id, limit=LONGEST)
    deeds = await services.audit.about_code(code_id)
    entries = [*map(_of_event, rows), *map(_of_attempt, attempts), *map(_of_deed, deeds)]
    # What was written first comes last, also where two happened in one instant: the sort is stable.
    return list(_summed_up(sorted(entries, key=lambda entry: entry.at, reverse=True)))


async def last_read(services: Services, stored: StoredCode) -> LastRead | None:
    """Say what the lock was last read to hold; None where nobody has looked yet."""
    for attempt in await services.events.attempts(stored.row.id, limit=50):
        if attempt.operation in ("read", "hear"):
            return LastRead(attempt.started_at, ANSWERS.get(attempt.answer, plain(attempt.answer)))
    return None


def _of_event(row: EventRow) -> Entry:
    kind = EventType(row.event_type)
    tone = Tone.QUIET
    if kind in TROUBLE:
        tone = Tone.BAD
    elif kind in GOOD_NEWS:
        tone = Tone.GOOD
    elif kind in (EventType.DELAY_IN_SETTING, EventType.BACKUP_PULLED):
        tone = Tone.WARN
    problems: Any = row.payload.get("problems", ())
    more = "; ".join(str(problem["message"]) for problem in problems)
    return Entry(row.occurred_at, tone, EVENTS.get(kind, plain(row.event_type)), more)


def _of_attempt(row: AttemptRow) -> Entry:
    operation = OPERATIONS.get(row.operation, plain(row.operation).capitalize())
    answer = ANSWERS.get(row.answer, plain(row.answer))
    return Entry(row.started_at, Tone.BUSY, f"{operation}: {answer}", row.detail or "")


def _of_deed(row: AuditRow) -> Entry:
    return Entry(row.occurred_at, Tone.QUIET, f"{row.user_name} {DEEDS[AuditAction(row.action)]}", is_person=True)


def _summed_up(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Make one line of those that are alike and follow each other."""
    last: Entry | None = None
    for entry in entries:
        if last is not None and (last.what, last.more, last.tone) == (entry.what, entry.more, entry.tone):
            last = replace(last, times=last.times + 1, since=entry.at)
            continue
        if last is not None:
            yield last
        last = entry
    if last is not None:
        yield last
