"""What an attempt on a lock teaches us, and what follows from it: the other half of the life of a code.

`observe` folds one sighting into a code and says which events happened.  It runs in the activity, inside the
transaction that writes row, attempt and event, and is the only way in which knowledge of a lock changes.

Absence is the hard proof.  A read that found nothing counts only when no earlier write can still arrive
(`unsettled_until`), and, on a lock whose reads lag behind, only when a second such read follows at least the lag
later with nothing seen in between.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.access_code import AccessCode, Ending, OnLock, Presence
from domain.devices import Capabilities
from domain.events import Event, EventType
from domain.lifecycle import is_over, is_wanted, opens
from domain.problems import WHILE_SETTING, ProblemCode, Problems, cleared, raised

NOTICES = {
    ProblemCode.DELAY_IN_SETTING: EventType.DELAY_IN_SETTING,
    ProblemCode.FAILED_TO_SET: EventType.FAILED_TO_SET,
    ProblemCode.FAILED_TO_REMOVE: EventType.FAILED_TO_REMOVE,
}
"""The announcements of the timeline and the event that each causes."""


@dataclass(frozen=True, slots=True)
class AboutToWrite:
    """The next call may change the lock; from here on nobody knows until somebody has read."""

    generation: int


@dataclass(frozen=True, slots=True)
class NothingWritten:
    """The write that was announced was never carried out; all is as it was."""

    before: OnLock


@dataclass(frozen=True, slots=True)
class SeenOnLock:
    """A read, or the lock itself, proved the code of this generation to be there."""

    generation: int


@dataclass(frozen=True, slots=True)
class FoundNothing:
    """A read found nothing of ours."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The lock refused the write; with `for_good`, repeating it is pointless until something changes."""

    problem: ProblemCode
    generation: int
    for_good: bool


Sighting = AboutToWrite | NothingWritten | SeenOnLock | FoundNothing | Refused


@dataclass(frozen=True, slots=True)
class Observed:
    """A code after a sighting, and what happened by it."""

    code: AccessCode
    events: tuple[Event, ...] = ()


def observe(code: AccessCode, sighting: Sighting, now: datetime, capabilities: Capabilities) -> Observed:
    """Fold what was seen at `now` into what is known."""
    match sighting:
        case AboutToWrite(generation):
            return Observed(_with(code, _written(code.on_lock, generation, now, capabilities)))
        case NothingWritten(before):
            return Observed(_with(code, before))
        case SeenOnLock(generation):
            return _seen(code, generation, now)
        case FoundNothing():
            return _found_nothing(code, now, capabilities)
        case Refused(problem, generation, for_good):
            return Observed(_refused(code, problem, generation, now, for_good=for_good))


def announce(code: AccessCode, notice: ProblemCode, now: datetime) -> Observed:
    """Raise one of the timeline's notices, with its event."""
    told = code.model_copy(update={"problems": raised(code.problems, notice, now)})
    return Observed(told, (Event(event_type=NOTICES[notice], occurred_at=now),))


def close(code: AccessCode, now: datetime) -> Observed:
    """Write down that nothing of an ended code is on its lock.  A deleted code is gone for its readers, too."""
    closed = code.model_copy(update={"closed": True, "problems": _left_at_the_end(code)})
    deleted = code.wish.ending is Ending.DELETED
    return Observed(closed, (Event(event_type=EventType.DELETED, occurred_at=now),) if deleted else ())


def _left_at_the_end(code: AccessCode) -> Problems:
    return tuple(problem for problem in code.problems if problem.code is ProblemCode.FAILED_TO_SET)


def _with(code: AccessCode, on_lock: OnLock) -> AccessCode:
    return code.model_copy(update={"on_lock": on_lock})


def _written(on_lock: OnLock, generation: int, now: datetime, capabilities: Capabilities) -> OnLock:
    return on_lock.model_copy(
        update={
            "presence": Presence.MAYBE,
            "generation": generation,
            "unsettled_writes": on_lock.unsettled_writes + 1,
            "unsettled_until": now + capabilities.writes_settle,
            "empty_since": None,
        }
    )


def _seen(code: AccessCode, generation: int, now: datetime) -> Observed:
    before = code.on_lock
    settled = before.unsettled_writes <= 1  # the one write that was made is the one we see
    on_lock = OnLock(
        presence=Presence.PRESENT,
        generation=generation,
        was_set=True,
        unsettled_writes=0 if settled else before.unsettled_writes,
        unsettled_until=None if settled else before.unsettled_until,
    )
    after = _with(code, on_lock)
    if not opens(after) or not is_wanted(after, now):
        return Observed(after)
    codes = (ProblemCode.DELAY_IN_SETTING, ProblemCode.FAILED_TO_SET, *WHILE_SETTING)
    after = after.model_copy(update={"problems": cleared(after.problems, codes)})
    newly = not opens(code)
    return Observed(after, (Event(event_type=EventType.SET_ON_DEVICE, occurred_at=now),) if newly else ())


def _found_nothing(code: AccessCode, now: datetime, capabilities: Capabilities) -> Observed:
    before = code.on_lock
    if before.unsettled_until is not None and now < before.unsettled_until:
        return Observed(_with(code, before.model_copy(update={"presence": Presence.MAYBE, "empty_since": None})))
    since = before.empty_since or now
    if now - since < capabilities.reads_lag:
        return Observed(_with(code, before.model_copy(update={"presence": Presence.MAYBE, "empty_since": since})))
    return _gone(code, now)


def _gone(code: AccessCode, now: datetime) -> Observed:
    cleared_ = cleared(code.problems, (ProblemCode.FAILED_TO_REMOVE, ProblemCode.DELAY_IN_SETTING))
    events = (Event(event_type=EventType.REMOVED_FROM_DEVICE, occurred_at=now),) if code.on_lock.was_set else ()
    refused = code.on_lock.refused_generation
    after = code.model_copy(update={"on_lock": OnLock(refused_generation=refused), "problems": cleared_})
    if not is_over(after, now):
        return Observed(after, events)
    closed = close(after, now)
    return Observed(closed.code, events + closed.events)


def _refused(code: AccessCode, problem: ProblemCode, generation: int, now: datetime, *, for_good: bool) -> AccessCode:
    refused = generation if for_good else code.on_lock.refused_generation
    return code.model_copy(
        update={
            "problems": raised(code.problems, problem, now),
            "on_lock": code.on_lock.model_copy(update={"refused_generation": refused}),
        }
    )


def wait_for_proof_of_absence(code: AccessCode, now: datetime, capabilities: Capabilities) -> timedelta | None:
    """Say how long until a further empty read would prove absence; None when an empty read proves it now."""
    on_lock = code.on_lock
    if on_lock.unsettled_until is not None and now < on_lock.unsettled_until:
        return on_lock.unsettled_until - now
    if on_lock.empty_since is not None and now - on_lock.empty_since < capabilities.reads_lag:
        return on_lock.empty_since + capabilities.reads_lag - now
    return None
