"""A code as pages show it: words and times for people, the same wherever the code appears."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.moments import moment
from console.words import ENDED, STATUSES, Label, Tone, problem_label
from domain.access_code import Status, earliest
from domain.lifecycle import begins_at, is_over, status
from domain.local_times import zone_of
from domain.problems import Severity
from store.codes import StoredCode

NO_NAME = "Without a name"


@dataclass(frozen=True, slots=True)
class CodeView:
    """One code."""

    id: UUID
    name: str
    lock_id: UUID
    lock_name: str
    status: Status
    label: Label
    problems: tuple[Label, ...]
    begins: str
    """From when, in the lock's own time."""
    ends: str
    zone: str
    tone: Tone | None
    """How loud the row is, beyond its words."""
    turns_at: datetime | None
    """When it becomes something else by itself; None: never."""
    is_over: bool
    """Nothing can be changed about it any more."""
    is_backup: bool


def view(stored: StoredCode, now: datetime) -> CodeView:
    """Give a code as pages show it."""
    code, wish = stored.code, stored.code.wish
    time_zone = stored.facts.time_zone
    stands = status(code, now, readable=stored.is_readable or code.closed)
    labels = tuple(problem_label(problem) for problem in stored.problems)
    return CodeView(
        id=stored.row.id,
        name=stored.row.name or ("Backup code" if code.is_backup else NO_NAME),
        lock_id=stored.device.id,
        lock_name=stored.device.nickname or stored.device.name,
        status=stands,
        label=ENDED if stands is Status.UNSET and is_over(code, now) else STATUSES[stands],
        problems=labels,
        begins="At once" if wish.starts_at is None else moment(wish.starts_at, time_zone, now),
        ends="Until deleted" if wish.ends_at is None else moment(wish.ends_at, time_zone, now),
        zone=zone_of(time_zone)[1],
        tone=None if code.closed else _loudest(stored),
        turns_at=earliest(*(at for at in (begins_at(code), wish.ends_at) if at is not None and at > now)),
        is_over=code.closed or wish.ending is not None,
        is_backup=code.is_backup,
    )


def _loudest(stored: StoredCode) -> Tone | None:
    severities = {problem.severity for problem in stored.problems}
    if Severity.ERROR in severities:
        return Tone.BAD
    return Tone.WARN if severities else None
