"""The page that a person keeps open: who arrives and whether their code is ready, and what else cannot wait.

Everything is in the order of arrival: what concerns the next guest comes first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from api.exposures import Exposed
from console.code_views import NO_NAME, CodeView, view
from console.locks_known import Lock, known_locks
from console.moments import length, moment
from console.table import Page, Visit
from console.words import Label, Tone, problem_label
from domain.access_code import Status
from domain.problems import ProblemCode, has
from store import arrivals
from store.codes import StoredCode

AHEAD, BEHIND = timedelta(hours=12), timedelta(hours=2)
"""How far ahead arrivals are shown, and for how long afterwards."""
MOST = 100


@dataclass(frozen=True, slots=True)
class Arrival:
    """A guest who arrives."""

    code: CodeView
    label: Label
    clock: str
    """The time on the lock's wall."""
    day: str
    """`Today` is left out."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Unproven:
    """A code that should be gone and is not proven gone."""

    exposed: Exposed
    name: str
    label: Label
    next_guest: datetime | None


@dataclass(frozen=True, slots=True)
class SilentLock:
    """A lock that is offline while a guest is due or there."""

    lock: Lock
    guest_at: datetime
    when: str


READY = Label("Ready", Tone.GOOD, "Read back from the lock: the code opens the door.")
ON_ITS_WAY = Label("Being set", Tone.BUSY, "On its way to the lock.")
IN_TIME = Label("In time", Tone.QUIET, "Not yet due; it is put on the lock in time.")
LATE = Label("Late", Tone.WARN, "Not yet on the lock; trying goes on.")
FAILED = Label("Not set", Tone.BAD, "Could not be set in time; trying goes on.")
BACKUP = Label("Backup in use", Tone.WARN, "A backup code stands in.")
GOING = Label("Not proven gone", Tone.WARN, "It may still open the door.")
UNSURE = Label(
    "At risk", Tone.WARN, "The lock is offline, full or refuses the code: look at it before the guest comes."
)


async def page(visit: Visit) -> Page:
    """Show what the day brings."""
    mark, now, workspace_id = await visit.live.mark(), visit.now, visit.workspace_id
    locks = await known_locks(visit.services.database, workspace_id)
    silent = [lock for lock in locks.all if lock.is_managed and not (lock.is_online and lock.is_readable)]
    exposed = await visit.services.exposures.list(workspace_id, now, attempts=0)
    asked = await visit.services.replacements.questions(workspace_id, now)
    async with visit.services.database.read() as session:
        coming = await arrivals.arriving(session, workspace_id, now - BEHIND, now + AHEAD, limit=MOST)
        waiting = await arrivals.struggling(session, workspace_id, now, limit=MOST)
        concerned = [lock.id for lock in silent] + [one.device_id for one in exposed]
        guests = await arrivals.next_arrivals(session, workspace_id, concerned, now, now + AHEAD)
    seen = {one.row.id for one in coming}
    everyone = [*coming, *(one for one in waiting if one.row.id not in seen)]
    arriving = sorted((arrival(one, now) for one in everyone), key=lambda one: one.at)
    told: dict[str, Any] = {
        "mark": mark,
        "arrivals": arriving,
        "ready": sum(one.label is READY for one in arriving),
        "trouble": sum(one.label.tone in (Tone.BAD, Tone.WARN) for one in arriving),
        "exposed": sorted((_unproven(one, guests) for one in exposed), key=_by_guest(now))[:MOST],
        "silent": _silent(silent, guests, now),
        "hours": int(AHEAD.total_seconds() // 3600),
        "most": MOST,
        "is_cut": MOST in (len(coming), len(waiting)) or len(exposed) > MOST,
        "has_locks": bool(locks.all),
        "new_locks": [one.device.nickname or one.device.name for one in asked],
        "turns_at": min((at for one in arriving if (at := one.code.turns_at) is not None), default=None),
    }
    return Page("today.html", told)


def arrival(stored: StoredCode, now: datetime) -> Arrival:
    """Give a guest's code as the list of arrivals shows it."""
    code = view(stored, now)
    at = stored.row.arrives_at or stored.code.wish.starts_at or stored.row.created_at
    day, _, clock = moment(at, stored.facts.time_zone, now).rpartition(" ")
    return Arrival(code, _readiness(stored, code), clock, "" if day == "Today" else day, at)


def _readiness(stored: StoredCode, code: CodeView) -> Label:
    if code.status is Status.SET:
        return READY
    if has(stored.problems, ProblemCode.USING_BACKUP):
        return BACKUP
    if has(stored.problems, ProblemCode.FAILED_TO_SET):
        return FAILED
    if has(stored.problems, ProblemCode.DELAY_IN_SETTING):
        return LATE
    if code.tone is Tone.BAD or code.status is Status.UNKNOWN:
        return UNSURE
    return ON_ITS_WAY if code.status is Status.SETTING else IN_TIME


def _unproven(exposed: Exposed, guests: Mapping[UUID, datetime]) -> Unproven:
    labels = [problem_label(problem) for problem in exposed.problems]
    name = exposed.name or ("Backup code" if exposed.is_backup else NO_NAME)
    return Unproven(exposed, name, labels[0] if labels else GOING, guests.get(exposed.device_id))


def _by_guest(now: datetime) -> Any:
    far = now + timedelta(days=10_000)
    return lambda one: (one.next_guest or far, one.exposed.since)


def _silent(locks: Sequence[Lock], guests: Mapping[UUID, datetime], now: datetime) -> Sequence[SilentLock]:
    due = [SilentLock(lock, guests[lock.id], _when(guests[lock.id], now)) for lock in locks if lock.id in guests]
    return sorted(due, key=lambda one: one.guest_at)


def _when(at: datetime, now: datetime) -> str:
    return "a guest is there now" if at <= now else f"next guest in {length(at - now)}"
