"""What an attempt on a lock teaches us, and what follows from it: the other half of the life of a code.

`observe` folds one sighting into a code and says which events happened.  It runs in the activity, inside the
transaction that writes row, attempt and event, and is the only way in which knowledge of a lock changes.

Absence is the hard proof.  A read that found nothing counts only when no earlier write can still arrive
(`unsettled_until`), and, on a lock whose reads lag behind, only when a second such read follows at least the lag
later with nothing seen in between.

Presence is believed at once, unless something of ours may still take it away: a removal that was begun, or older
digits on their way to the same slot (`doubtful_until`).

That a code is seen also settles the one write that is on its way, where what is seen cannot have been there before it:
after a removal nothing arrives any more.  An older name of the same digits, or what was written a second time, settles
nothing; only time does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.access_code import AccessCode, Ending, MadeRoom, OnLock, Presence, latest
from domain.devices import Capabilities
from domain.drift import Look, fold
from domain.events import PROBLEMS, Event, EventType, digits_of
from domain.lifecycle import (
    expired_at,
    has_digits,
    is_ahead,
    is_clear,
    is_in_window,
    is_over,
    is_refused,
    is_rolled_back,
    is_scheduled,
    is_to_give_way,
    is_wanted,
    opens,
    window_of,
)
from domain.native_windows import LockWindow
from domain.problems import WHILE_SETTING, ProblemCode, Problems, cleared, has, raised

NOTICES = {
    ProblemCode.DELAY_IN_SETTING: EventType.DELAY_IN_SETTING,
    ProblemCode.FAILED_TO_SET: EventType.FAILED_TO_SET,
    ProblemCode.FAILED_TO_REMOVE: EventType.FAILED_TO_REMOVE,
}
"""The announcements of the timeline and the event that each causes."""


_OUTLIVING = (ProblemCode.FAILED_TO_SET, ProblemCode.USING_BACKUP)
"""What an ended code goes on to show: that it never worked, and that its backup is not proven gone yet."""

_SETTLED_BY_TIME = 2
"""So many writes under way, or one that no read can tell from what was there before, are settled by time alone."""


@dataclass(frozen=True, slots=True)
class AboutToWrite:
    """The next call may change the lock; from here on nobody knows until somebody has read.

    The call, or a worker that is thought dead, may write up to `within` later.  `window`: the lock is told to keep it.
    """

    generation: int
    within: timedelta = timedelta(0)
    window: LockWindow | None = None


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
    """A read, or the lock itself, proved the code of this generation to be there.

    `by_digits_alone`: no name told the generation, so that its digits under an older name would look the same.
    """

    generation: int
    by_digits_alone: bool = False


@dataclass(frozen=True, slots=True)
class FoundNothing:
    """A read found nothing of ours."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The lock refused the write; with `for_good`, repeating it is pointless until something changes."""

    problem: ProblemCode
    generation: int
    for_good: bool


@dataclass(frozen=True, slots=True)
class SetAside:
    """A second place was taken: what is on the lock becomes the former, and newer digits are put beside it."""


@dataclass(frozen=True, slots=True)
class NoRoomBeside:
    """The lock has no second place for the digits of this generation."""

    generation: int


@dataclass(frozen=True, slots=True)
class NotInPlace:
    """The lock does not change this code where it is, whatever is said of the lock."""


OnePlace = AboutToWrite | AboutToRemove | NothingWritten | SeenOnLock | FoundNothing


@dataclass(frozen=True, slots=True)
class OfFormer:
    """What was done or seen in the former's place."""

    sighting: OnePlace


Sighting = OnePlace | Refused | SetAside | NoRoomBeside | NotInPlace | OfFormer | Look


@dataclass(frozen=True, slots=True)
class Observed:
    """A code after a sighting, and what happened by it."""

    code: AccessCode
    events: tuple[Event, ...] = ()


def observe(code: AccessCode, sighting: Sighting, now: datetime, capabilities: Capabilities) -> Observed:
    """Fold what was seen at `now` into what is known."""
    observed = _fold(code, sighting, now, capabilities)
    stopped_at = now if opens(code, now) else expired_at(code)
    if stopped_at is None or stopped_at > now or opens(observed.code, now):
        return observed
    worked_until = latest(code.worked_until, stopped_at)
    return Observed(observed.code.model_copy(update={"worked_until": worked_until}), observed.events)


def _fold(code: AccessCode, sighting: Sighting, now: datetime, capabilities: Capabilities) -> Observed:
    match sighting:
        case AboutToWrite():
            return Observed(_with(code, _written(code, sighting, now, capabilities)))
        case AboutToRemove(within):
            return Observed(_with(code, _removing(code.on_lock, now + within, capabilities)))
        case NothingWritten(before):
            return Observed(_with(code, before))
        case SeenOnLock():
            return _seen(code, sighting, now)
        case FoundNothing():
            return _found_nothing(code, now, capabilities)
        case Refused(problem, generation, for_good):
            return _refused(code, problem, generation, now, for_good=for_good)
        case SetAside():
            return Observed(code.model_copy(update={"former": code.on_lock, "on_lock": OnLock(), "replaced_at": None}))
        case NoRoomBeside(generation):
            return _returned(code.model_copy(update={"no_room_for": generation}), now)
        case NotInPlace():
            return Observed(_not_in_place(code))
        case OfFormer(seen):
            return _of_former(code, seen, now, capabilities)
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


def _written(code: AccessCode, write: AboutToWrite, now: datetime, capabilities: Capabilities) -> OnLock:
    before, newest = code.on_lock, code.wish.pin_generation
    generation, sent_by = write.generation, now + write.within
    is_rival = before.generation is not None and before.generation < newest
    strays = before.strays
    if before.unsettled_writes > 0 and before.told != write.window:
        # The same digits with another window of theirs may still arrive over what is written now.
        is_rival, strays = True, (*strays, before.told or LockWindow())
    rival = before.unsettled_until if is_rival else None
    # What was seen there already looks no different once it has arrived again: no read will settle that.
    is_repeated = before.unsettled_writes == 0 and before.generation == generation
    return before.model_copy(
        update={
            "presence": Presence.MAYBE,
            "generation": generation,
            "still_opens": has_digits(code) and generation >= newest,
            "told": write.window,
            "strays": tuple(dict.fromkeys(strays)),
            "unsettled_writes": before.unsettled_writes + (_SETTLED_BY_TIME if is_repeated else 1),
            "unsettled_until": latest(before.unsettled_until, sent_by + capabilities.writes_settle),
            "doubtful_until": latest(before.doubtful_until, None if rival is None else rival + capabilities.reads_lag),
            "empty_since": None,
        }
    )


def _removing(before: OnLock, sent_by: datetime, capabilities: Capabilities) -> OnLock:
    done_and_shown_by = sent_by + capabilities.shows_within
    return before.model_copy(
        update={
            "presence": Presence.MAYBE,
            "still_opens": False,
            "empty_since": None,
            "unsettled_removals": before.unsettled_removals + 1,
            "doubtful_until": latest(before.doubtful_until, done_and_shown_by),
        }
    )


def _seen(code: AccessCode, sighting: SeenOnLock, now: datetime) -> Observed:
    before, generation = code.on_lock, sighting.generation
    if wait_for_proof_of_presence(code, now) is not None:
        # The last one that was written stays the one that the lock was told the last window with.
        newest = max(generation, before.generation or 0)
        in_doubt = {"presence": Presence.MAYBE, "generation": newest, "still_opens": False, "empty_since": None}
        return Observed(_with(code, before.model_copy(update=in_doubt)))
    unsettled_writes = _unsettled_by(code, sighting, now)
    settled, is_last = unsettled_writes == 0, generation == before.generation
    on_lock = OnLock(
        presence=Presence.PRESENT,
        generation=generation,
        was_set=True,
        pin_generation=code.wish.pin_generation if generation >= code.wish.pin_generation else before.pin_generation,
        refused_generation=before.refused_generation if is_rolled_back(code) else None,
        unsettled_writes=unsettled_writes,
        unsettled_until=None if settled else before.unsettled_until,
        window=before.told if is_last else before.window,
        told=before.told,
        strays=() if settled and is_last else before.strays,
        seen_in_time=code.native is not None and is_in_window(code, now),
    )
    after = _with(code, on_lock)
    if after.made_room is not None and generation >= code.wish.pin_generation > after.made_room.pin_generation:
        after = after.model_copy(update={"made_room": None})
    if is_ahead(after, now) and is_scheduled(after):
        return _loaded(code, after, now)
    if not opens(after, now) or not is_wanted(after, now):
        return Observed(after)
    moot = (ProblemCode.FAILED_TO_SET, ProblemCode.CONSTRAINTS_VIOLATED) if is_rolled_back(code) else ()
    codes = {ProblemCode.DELAY_IN_SETTING, ProblemCode.FAILED_TO_SET, *WHILE_SETTING} - set(moot)
    asks_no_more = after.backup.model_copy(update={"wanted_at": None})
    after = after.model_copy(update={"problems": cleared(after.problems, codes), "backup": asks_no_more})
    if after.former is not None and after.replaced_at is None:
        after = after.model_copy(update={"replaced_at": now})
    newly = not opens(code, now)
    return Observed(after, (_with_digits(EventType.SET_ON_DEVICE, after, now),) if newly else ())


def _unsettled_by(code: AccessCode, seen: SeenOnLock, now: datetime) -> int:
    """Count the writes that may still arrive after a sighting: none where it shows the only one."""
    before = code.on_lock
    if before.unsettled_until is None or before.unsettled_until <= now:
        return 0
    if before.unsettled_writes != 1:
        return before.unsettled_writes
    was_there_before = seen.by_digits_alone and before.pin_generation == code.wish.pin_generation
    is_the_one = seen.generation >= (before.generation or 0) and not was_there_before
    return 0 if is_the_one else _SETTLED_BY_TIME


def _not_in_place(code: AccessCode) -> AccessCode:
    """Have the code taken off and put on anew; for a mere name no working code is taken off."""
    told = code.model_copy(update={"updates_in_place": False})
    is_only_name = has_digits(code) and (code.native is None or is_scheduled(code))
    if not is_only_name or code.on_lock.presence is not Presence.PRESENT:
        return told
    return _with(told, code.on_lock.model_copy(update={"generation": code.wish.generation}))


def _loaded(code: AccessCode, after: AccessCode, now: datetime) -> Observed:
    """The code lies on the lock for its time to come: what stood in its way does so no longer."""
    newly = not is_scheduled(code)
    after = after.model_copy(update={"problems": cleared(after.problems, WHILE_SETTING)})
    return Observed(after, (_with_digits(EventType.SCHEDULED_ON_DEVICE, after, now),) if newly else ())


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
    # Where another place is in force, or the newest digits are, the code is not gone from its lock.
    events = _removed(now) if before.was_set and code.former is None else ()
    settled = before.unsettled_removals <= 1  # the one removal that was made is the one whose effect we see
    on_lock = OnLock(
        refused_generation=before.refused_generation,
        unsettled_removals=0 if settled else before.unsettled_removals,
        doubtful_until=None if settled else before.doubtful_until,
    )
    # A code that is only taken off to be put on anew is still late: its warning stands.
    moot = () if is_wanted(code, now) else (ProblemCode.DELAY_IN_SETTING,)
    gone = () if code.former is not None else (ProblemCode.FAILED_TO_REMOVE,)
    problems = cleared(code.problems, (*gone, *moot))
    after = code.model_copy(update={"on_lock": on_lock, "problems": problems})
    if after.former is not None:
        return _returned(after, now)
    if not is_wanted(code, now):
        return _closed_where_over(after, events, now)
    back = _put_back(after.model_copy(update={"made_room": _made_room(code)}), now)
    return Observed(back.code, events + back.events)


def _made_room(code: AccessCode) -> MadeRoom | None:
    """Give the last digits that worked before those that are wanted now."""
    before = code.on_lock
    if before.generation is None or before.pin_generation is None or before.pin_generation >= code.wish.pin_generation:
        return code.made_room
    return MadeRoom(generation=before.generation, pin_generation=before.pin_generation)


def _closed_where_over(code: AccessCode, events: tuple[Event, ...], now: datetime) -> Observed:
    if not is_over(code, now) or not is_clear(code):
        return Observed(code, events)
    closed = close(code, now)
    return Observed(closed.code, events + closed.events)


def _removed(now: datetime) -> tuple[Event, ...]:
    return (Event(event_type=EventType.REMOVED_FROM_DEVICE, occurred_at=now),)


def _refused(code: AccessCode, problem: ProblemCode, generation: int, now: datetime, *, for_good: bool) -> Observed:
    refused = generation if for_good else code.on_lock.refused_generation
    told = code.model_copy(
        update={
            "problems": raised(code.problems, problem, now),
            "on_lock": code.on_lock.model_copy(update={"refused_generation": refused}),
        }
    )
    if not for_good or generation != code.wish.generation:
        return Observed(told)
    if told.former is not None:
        return _returned(told, now)
    return _put_back(told, now) if is_to_give_way(told) else _rolled_back(told, now)


# --- The former -----------------------------------------------------------------------------------------------------


def alone(code: AccessCode) -> AccessCode:
    """Give the former of a code as if it were all that there is of it; a code without one as it is."""
    former = code.former
    if former is None or former.generation is None:
        return code
    digits = former.pin_generation or former.generation
    wish = code.wish.model_copy(update={"generation": former.generation, "pin_generation": digits})
    return code.model_copy(update={"on_lock": former, "former": None, "wish": wish})


def _of_former(code: AccessCode, sighting: OnePlace, now: datetime, capabilities: Capabilities) -> Observed:
    if code.former is None:
        return Observed(code)
    former = observe(alone(code), sighting, now, capabilities).code.on_lock
    if former.presence is not Presence.ABSENT:
        return Observed(code.model_copy(update={"former": former}))
    after = code.model_copy(update={"former": None, "replaced_at": None})
    if is_clear(after) or is_wanted(after, now):
        after = after.model_copy(update={"problems": cleared(code.problems, (ProblemCode.FAILED_TO_REMOVE,))})
    events = _removed(now) if code.former.was_set and is_clear(after) else ()
    return _closed_where_over(after, events, now)


def _returned(code: AccessCode, now: datetime) -> Observed:
    """Have the former take the code's place again, where nothing is in the other and nothing more is to be put there."""
    former, wish = code.former, code.wish
    given_up = is_refused(code) or code.no_room_for == wish.generation or not is_wanted(code, now)
    taken_back = former is not None and former.generation is not None and wish.generation <= former.generation
    if former is None or code.on_lock.presence is not Presence.ABSENT or not (given_up or taken_back):
        return Observed(code)
    on_lock = former.model_copy(update={"refused_generation": code.on_lock.refused_generation})
    returned = code.model_copy(update={"on_lock": on_lock, "former": None, "replaced_at": None})
    return _rolled_back(returned, now) if is_refused(returned) else Observed(returned)


def _rolled_back(code: AccessCode, now: datetime) -> Observed:
    """Give up digits that the lock refuses for good, where older ones are proven and in force: the wish is theirs again.

    What is wrong stays told until the digits are changed once more.
    """
    on_lock, wish = code.on_lock, code.wish
    digits, generation = on_lock.pin_generation, on_lock.generation
    is_in_force = on_lock.presence is Presence.PRESENT and is_wanted(code, now)
    if digits is None or generation is None or not is_in_force or digits >= wish.pin_generation:
        return Observed(code)
    if code.native is not None and on_lock.window != window_of(code):
        return Observed(code)  # the window would be another than what is wished for
    newest = max(wish.newest, wish.generation)
    told = _given_up(code, {"generation": generation, "pin_generation": digits, "newest": newest}, now)
    calm = told.code.model_copy(update={"problems": cleared(told.code.problems, (ProblemCode.DELAY_IN_SETTING,))})
    return Observed(calm, told.events)


def _put_back(code: AccessCode, now: datetime) -> Observed:
    """Give up digits that the lock refuses for good, where others had made room for them: those are put on it again.

    That is a generation of its own: a vendor may answer the repetition of an old order without carrying it out.
    """
    made_room, wish = code.made_room, code.wish
    is_free = code.on_lock.presence is Presence.ABSENT
    if made_room is None or not is_to_give_way(code) or not is_free or not is_wanted(code, now):
        return Observed(code)
    again = wish.next_generation
    return _given_up(code, {"generation": again, "pin_generation": made_room.pin_generation, "newest": again}, now)


def _given_up(code: AccessCode, wish: dict[str, int], now: datetime) -> Observed:
    """Wish for older digits again, and say why."""
    back = code.wish.model_copy(update=wish)
    rolled = code.model_copy(update={"wish": back, "no_room_for": None})
    told = (
        Observed(rolled)
        if has(code.problems, ProblemCode.FAILED_TO_SET)
        else announce(rolled, ProblemCode.FAILED_TO_SET, now)
    )
    before, after = ({"code": digits_of(one.pin_generation)} for one in (code.wish, back))
    changed = Event(event_type=EventType.CODE_CHANGED, occurred_at=now, payload={"from": before, "to": after})
    return Observed(told.code, (*told.events, changed))


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
