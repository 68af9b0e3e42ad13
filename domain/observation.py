"""What an attempt on a lock teaches us, and what follows from it: the other half of the life of a code.

`observe` folds one sighting into a code and says which events happened.  It runs in the activity, inside the
transaction that writes row, attempt and event, and is the only way in which knowledge of a lock changes.

Absence is the hard proof.  A read that found nothing counts only when no earlier write can still arrive
(`unsettled_until`), and, on a lock whose reads lag behind, only when a second such read follows at least the lag
later with nothing seen in between.

Presence is believed at once, unless something of ours may still take it away: a removal that was begun, or older
digits on their way to the same slot (`doubtful_until`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.access_code import AccessCode, Ending, OnLock, Presence, latest
from domain.devices import Capabilities
from domain.drift import Look, fold
from domain.events import PROBLEMS, Event, EventType, digits_of
from domain.lifecycle import is_over, is_wanted, opens
from domain.problems import WHILE_SETTING, ProblemCode, Problems, cleared, raised

NOTICES = {
    ProblemCode.DELAY_IN_SETTING: EventType.DELAY_IN_SETTING,
    ProblemCode.FAILED_TO_SET: EventType.FAILED_TO_SET,
    ProblemCode.FAILED_TO_REMOVE: EventType.FAILED_TO_REMOVE,
}
"""The announcements of the timeline and the event that each causes."""


_OUTLIVING = (ProblemCode.FAILED_TO_SET, ProblemCode.USING_BACKUP)
"""What an ended code goes on to show: that it never worked, and that its backup is not proven gone yet."""


@dataclass(frozen=True, slots=True)
class AboutToWrite:
    """The next call may change the lock; from here on nobody knows until somebody has read.

    The call, or a worker that is thought dead, may write up to `within` later.
    """

    generation: int
    within: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class AboutToRemove:
    """The next call may take the code off the lock, up to `within` later: it no longer counts as there."""

    within: timedelta = timedelta(0)


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


Sighting = AboutToWrite | AboutToRemove | NothingWritten | SeenOnLock | FoundNothing | Refused | Look


@dataclass(frozen=True, slots=True)
class Observed:
    """A code after a sighting, and what happened by it."""

    code: AccessCode
    events: tuple[Event, ...] = ()


def observe(code: AccessCode, sighting: Sighting, now: datetime, capabilities: Capabilities) -> Observed:
    """Fold what was seen at `now` into what is known."""
    match sighting:
        case AboutToWrite(generation, within):
            return Observed(_with(code, _written(code, generation, now + within, capabilities)))
        case AboutToRemove(within):
            return Observed(_with(code, _removing(code.on_lock, now + within, capabilities)))
        case NothingWritten(before):
            return Observed(_with(code, before))
        case SeenOnLock(generation):
            return _seen(code, generation, now)
        case FoundNothing():
            return _found_nothing(code, now, capabilities)
        case Refused(problem, generation, for_good):
            return Observed(_refused(code, problem, generation, now, for_good=for_good))
        case Look():
            looked, happened = fold(code, sighting, now, capabilities)
            return Observed(looked, tuple(happened))


def announce(code: AccessCode, notice: ProblemCode, now: datetime) -> Observed:
    """Raise one of the timeline's notices, with its event."""
    told = code.model_copy(update={"problems": raised(code.problems, notice, now)})
    standing = {PROBLEMS: [problem.model_dump(mode="json") for problem in told.problems]}
    return Observed(told, (Event(event_type=NOTICES[notice], occurred_at=now, payload=standing),))


def close(code: AccessCode, now: datetime) -> Observed:
    """Write down that nothing of an ended code is on its lock.  A deleted code is gone for its readers, too."""
    closed = code.model_copy(update={"closed": True, "problems": _left_at_the_end(code)})
    deleted = code.wish.ending is Ending.DELETED
    return Observed(closed, (_with_digits(EventType.DELETED, code, now),) if deleted else ())


def _with_digits(event_type: EventType, code: AccessCode, now: datetime) -> Event:
    return Event(event_type=event_type, occurred_at=now, payload={"code": digits_of(code.wish.pin_generation)})


def _left_at_the_end(code: AccessCode) -> Problems:
    return tuple(problem for problem in code.problems if problem.code in _OUTLIVING)


def _with(code: AccessCode, on_lock: OnLock) -> AccessCode:
    return code.model_copy(update={"on_lock": on_lock})


def _written(code: AccessCode, generation: int, sent_by: datetime, capabilities: Capabilities) -> OnLock:
    before, newest = code.on_lock, code.wish.pin_generation
    rival = before.unsettled_until if before.generation is not None and before.generation < newest else None
    return before.model_copy(
        update={
            "presence": Presence.MAYBE,
            "generation": generation,
            "still_opens": opens(code) and generation >= newest,
            "unsettled_writes": before.unsettled_writes + 1,
            "unsettled_until": latest(before.unsettled_until, sent_by + capabilities.writes_settle),
            "doubtful_until": latest(before.doubtful_until, None if rival is None else rival + capabilities.reads_lag),
            "empty_since": None,
        }
    )


def _removing(before: OnLock, sent_by: datetime, capabilities: Capabilities) -> OnLock:
    done_and_shown_by = sent_by + capabilities.writes_settle + capabilities.reads_lag
    return before.model_copy(
        update={
            "presence": Presence.MAYBE,
            "still_opens": False,
            "empty_since": None,
            "unsettled_removals": before.unsettled_removals + 1,
            "doubtful_until": latest(before.doubtful_until, done_and_shown_by),
        }
    )


def _seen(code: AccessCode, generation: int, now: datetime) -> Observed:
    before = code.on_lock
    if wait_for_proof_of_presence(code, now) is not None:
        in_doubt = {"presence": Presence.MAYBE, "generation": generation, "still_opens": False, "empty_since": None}
        return Observed(_with(code, before.model_copy(update=in_doubt)))
    # Either the one write that was made is the one we see, or none can arrive any more.
    settled = before.unsettled_writes <= 1 or before.unsettled_until is None or before.unsettled_until <= now
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
    asks_no_more = after.backup.model_copy(update={"wanted_at": None})
    after = after.model_copy(update={"problems": cleared(after.problems, codes), "backup": asks_no_more})
    newly = not opens(code)
    return Observed(after, (_with_digits(EventType.SET_ON_DEVICE, after, now),) if newly else ())


def _found_nothing(code: AccessCode, now: datetime, capabilities: Capabilities) -> Observed:
    before = code.on_lock.model_copy(update={"presence": Presence.MAYBE, "still_opens": False})
    if before.unsettled_until is not None and now < before.unsettled_until:
        return Observed(_with(code, before.model_copy(update={"empty_since": None})))
    since = before.empty_since or now
    if now - since < capabilities.reads_lag:
        return Observed(_with(code, before.model_copy(update={"empty_since": since})))
    return _gone(code, now)


def _gone(code: AccessCode, now: datetime) -> Observed:
    before = code.on_lock
    events = (Event(event_type=EventType.REMOVED_FROM_DEVICE, occurred_at=now),) if before.was_set else ()
    settled = before.unsettled_removals <= 1  # the one removal that was made is the one whose effect we see
    on_lock = OnLock(
        refused_generation=before.refused_generation,
        unsettled_removals=0 if settled else before.unsettled_removals,
        doubtful_until=None if settled else before.doubtful_until,
    )
    # A code that is only taken off to be put on anew is still late: its warning stands.
    moot = () if is_wanted(code, now) else (ProblemCode.DELAY_IN_SETTING,)
    problems = cleared(code.problems, (ProblemCode.FAILED_TO_REMOVE, *moot))
    after = code.model_copy(update={"on_lock": on_lock, "problems": problems})
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


def wait_for_proof_of_presence(code: AccessCode, now: datetime) -> timedelta | None:
    """Say how long until a read that shows the code would prove that it stays; None when it proves it now."""
    until = code.on_lock.doubtful_until
    return until - now if until is not None and now < until else None
