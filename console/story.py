"""What happened to a code, in words, the newest first: its story as everybody tells it, and what people did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.services import Services
from console.moments import moment
from console.words import ANSWERS, DEEDS, GOOD_NEWS, TROUBLE, WARNINGS, Tone, plain
from domain.audit import AuditAction
from domain.story import Line, LineKind
from store.codes import StoredCode
from store.user_tables import AuditRow

LONGEST = 1000
"""How many events and operations are read: weeks of tries, told in a few lines."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story."""

    at: datetime
    tone: Tone
    what: str
    is_person: bool = False
    until: datetime | None = None
    """The last of those that it stands for; None: there is only one."""


@dataclass(frozen=True, slots=True)
class Told:
    """A code's story, and how it stands now."""

    entries: Sequence[Entry]
    standing: str


@dataclass(frozen=True, slots=True)
class LastRead:
    """What the lock was last seen to hold."""

    at: datetime
    words: str


async def story(services: Services, stored: StoredCode, now: datetime) -> Told:
    """Tell a code's story."""

    def shown(at: datetime, time_zone: str | None) -> str:
        return moment(at, time_zone, now)

    *lines, standing = (await services.stories.tell(stored.row.id, now, shown, longest=LONGEST)).lines
    deeds = await services.audit.about_code(stored.row.id)
    # The story has its own order, also within one instant; the sort is stable.
    entries = [*map(_of_line, reversed(lines)), *map(_of_deed, deeds)]
    return Told(sorted(entries, key=lambda entry: entry.until or entry.at, reverse=True), standing.text)


async def last_read(services: Services, stored: StoredCode) -> LastRead | None:
    """Say what the lock was last read to hold; None where nobody has looked yet."""
    for attempt in await services.events.attempts(stored.row.id, limit=50):
        if attempt.operation in ("read", "hear", "reconcile"):
            return LastRead(attempt.started_at, ANSWERS.get(attempt.answer, plain(attempt.answer)))
    return None


def _of_line(line: Line) -> Entry:
    return Entry(line.at, _tone(line), line.text, until=line.until)


def _tone(line: Line) -> Tone:
    if line.event_type in TROUBLE:
        return Tone.BAD
    if line.event_type in WARNINGS:
        return Tone.WARN
    if line.event_type in GOOD_NEWS:
        return Tone.GOOD
    return Tone.BUSY if line.kind in (LineKind.TRIED, LineKind.READ) else Tone.QUIET


def _of_deed(row: AuditRow) -> Entry:
    return Entry(row.occurred_at, Tone.QUIET, f"{row.user_name} {DEEDS[AuditAction(row.action)]}", is_person=True)
