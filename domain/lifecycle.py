"""The life of one access code: what its status is, and what is to be done next.

    wanted    = no ending, and starts_at - lead <= now < ends_at
    ahead     = no ending, and loads_at <= now < starts_at, on a lock that keeps windows by itself; also before loads_at
                where something may be there
    up to date = proven on the lock in the newest generation; where it was loaded ahead, seen again since starts_at,
                and since other windows of it could still arrive

    wanted, up to date                                WAIT    until ends_at
    ahead, up to date                                 WAIT    until starts_at
    either, newest generation refused for good        WAIT    until something changes, or REMOVE what may be there of it
                                                              where older digits had made room for it
    either, taken off by somebody who may             WAIT    until something changes
    either, undone by others again and again          WAIT    until it may be set again
    wanted, older digits are proven there, the lock cannot change them
        in place, and a second place may be free      ADD     the newer ones beside them: the older are the `former`
    either, an older generation is (maybe) there
        and the lock cannot change it in place        REMOVE  first, then PROGRAM or LOAD
    a former is there, and newer digits are proven    REMOVE_FORMER
    ahead, otherwise                                  LOAD    with the window
    wanted, otherwise                                 PROGRAM
    released                                          FINISH  and leave it on the lock
    not wanted, something may be there                REMOVE, and REMOVE_FORMER
    not wanted, nothing there, over                   FINISH
    not wanted, nothing there, not yet begun          WAIT    until starts_at - lead, or loads_at

Invariants, whatever the order of messages and answers:

* nothing is written to the lock outside the window, but with the window itself; and nothing is finished while something
  may be there, unless it was released to its owner;
* a notice is due at its instant, not when an attempt happens to end;
* every function is pure: the same code and instant give the same answer, in the workflow and in its activities.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.access_code import AccessCode, Ending, OnLock, Presence, Status, earliest, latest
from domain.interference import fails, found_at, held_back_until, warns
from domain.native_windows import LockWindow
from domain.problems import ProblemCode, has


class Action(StrEnum):
    """What the workflow does until the next message, answer or wake-up."""

    WAIT = "wait"
    LOAD = "load"
    """Put the code on the lock ahead of its time, with its window."""
    PROGRAM = "program"
    ADD = "add"
    """Put newer digits on the lock in a place of their own, beside the older ones, which stay in force."""
    REMOVE = "remove"
    REMOVE_FORMER = "remove_former"
    """Take the older digits off."""
    FINISH = "finish"


WRITES = (Action.LOAD, Action.PROGRAM, Action.ADD)
REMOVALS = (Action.REMOVE, Action.REMOVE_FORMER)


class Decision(BaseModel):
    """The next step, when to think again at the latest, and the announcement that is due first, if any."""

    model_config = ConfigDict(frozen=True)

    action: Action
    wake_at: AwareDatetime | None = None
    notice: ProblemCode | None = None
    pulls_backup: bool = False
    """The code is to ask for a backup by itself."""


def begins_at(code: AccessCode) -> datetime | None:
    """P, when programming begins; None for a code without a start.  Who keeps the window by itself needs no lead."""
    starts_at = code.wish.starts_at
    return starts_at if starts_at is None or code.native is not None else starts_at - code.policy.program_lead


def held_from(code: AccessCode) -> datetime | None:
    """Give the instant from which the code takes room on its lock: ahead of P where it is loaded."""
    return code.wish.loads_at or begins_at(code)


def is_in_window(code: AccessCode, now: datetime) -> bool:
    """Tell whether the code's time includes `now`, whatever was wished since."""
    begins, ends = begins_at(code), code.wish.ends_at
    return (begins is None or begins <= now) and (ends is None or now < ends)


def is_wanted(code: AccessCode, now: datetime) -> bool:
    """Tell whether the code should open the door now."""
    return code.wish.ending is None and is_in_window(code, now)


def is_ahead(code: AccessCode, now: datetime) -> bool:
    """Tell whether the code should lie on the lock already, for its time to come.

    What lies there is not taken off because its time was put off: it is given the other window.
    """
    begins, loads_at = begins_at(code), code.wish.loads_at
    if is_over(code, now) or loads_at is None or begins is None or begins <= now:
        return False
    return loads_at <= now or code.on_lock.presence is not Presence.ABSENT


def is_over(code: AccessCode, now: datetime) -> bool:
    """Tell whether the code will never be wanted again."""
    ends = code.wish.ends_at
    return code.wish.ending is not None or (ends is not None and ends <= now)


def has_digits(code: AccessCode) -> bool:
    """Tell whether the digits that are wanted are proven on the lock, whenever they are to open it."""
    on_lock = _place_of_digits(code)
    proven = on_lock.presence is Presence.PRESENT or (on_lock.presence is Presence.MAYBE and on_lock.still_opens)
    return proven and on_lock.generation is not None and on_lock.generation >= code.wish.pin_generation


def _place_of_digits(code: AccessCode) -> OnLock:
    """Give the place of the digits that are wanted: the former's, where they were taken back."""
    former = code.former
    return former if former is not None and former.pin_generation == code.wish.pin_generation else code.on_lock


def opens(code: AccessCode, now: datetime) -> bool:
    """Tell whether the digits that are wanted are proven on the lock, and open it now.

    What was only loaded ahead does not count before it was seen in its time.
    """
    if not has_digits(code):
        return False
    return code.native is None or _opens_by_itself(_place_of_digits(code), now)


def is_proven_in_time(code: AccessCode) -> bool:
    """Tell whether the wanted digits are proven, and were seen since their time began where they were loaded ahead."""
    return has_digits(code) and (code.native is None or _place_of_digits(code).seen_in_time)


def shut_until(code: AccessCode) -> datetime | None:
    """Say until when the lock's own windows keep everything of the code shut; None: nothing keeps it shut."""
    places = [place for place in (code.on_lock, code.former or OnLock()) if place.presence is not Presence.ABSENT]
    starts = [window.starts_at for place in places for window in _windows(place)]
    return earliest(*starts) if None not in starts else None


def _opens_by_itself(place: OnLock, now: datetime) -> bool:
    return place.seen_in_time and all(window.holds(now) for window in _windows(place))


def is_served(code: AccessCode, now: datetime) -> bool:
    """Tell whether any digits of the code are proven to open the lock now: its newest, or those before a change."""
    if opens(code, now):
        return True
    places = (code.on_lock, code.former or OnLock())
    return any(
        place.presence is Presence.PRESENT and (code.native is None or _opens_by_itself(place, now)) for place in places
    )


def is_clear(code: AccessCode) -> bool:
    """Tell whether nothing of the code is on its lock, in any place."""
    return code.on_lock.presence is Presence.ABSENT and code.former is None


def is_rolled_back(code: AccessCode) -> bool:
    """Tell whether the newest digits that were wished for are given up, as the lock refuses them."""
    refused = code.on_lock.refused_generation
    return refused is not None and (refused > code.wish.generation or are_put_back(code))


def are_put_back(code: AccessCode) -> bool:
    """Tell whether the digits that are wanted are those that had made room for newer ones."""
    return code.made_room is not None and code.made_room.pin_generation == code.wish.pin_generation


def is_to_give_way(code: AccessCode) -> bool:
    """Tell whether the newest digits are refused for good, and older ones that made room for them are to come back."""
    is_in_force = code.on_lock.presence is Presence.PRESENT
    return is_refused(code) and code.made_room is not None and not are_put_back(code) and not is_in_force


def may_open(code: AccessCode, now: datetime) -> bool:
    """Tell whether anything of the code that may be on the lock may open it now."""
    places = (code.on_lock, code.former or OnLock())
    return any(p.presence is not Presence.ABSENT and any(w.holds(now) for w in _windows(p)) for p in places)


def is_scheduled(code: AccessCode) -> bool:
    """Tell whether the lock is proven to hold the code with the window that is wanted, and keeps it by itself."""
    window = window_of(code)
    return window is not None and has_digits(code) and code.on_lock.window == window


def window_of(code: AccessCode) -> LockWindow | None:
    """Give the window that the lock is to keep; None where it is to keep none."""
    wish = code.wish
    if code.native is None or (wish.starts_at is None and wish.ends_at is None):
        return None
    return LockWindow(starts_at=wish.starts_at, ends_at=wish.ends_at)


def in_doubt(code: AccessCode) -> AccessCode:
    """Give a code as it counts once a write was begun that the books may not show yet."""
    if code.on_lock.presence is not Presence.ABSENT:
        return code
    begun = {"presence": Presence.MAYBE, "generation": code.wish.generation, "told": window_of(code)}
    return code.model_copy(update={"on_lock": code.on_lock.model_copy(update=begun)})


def _windows(on_lock: OnLock) -> list[LockWindow]:
    """The windows that the lock may be keeping: of what was proven, and of every write that may still arrive."""
    proven = [on_lock.window] if on_lock.was_set else []
    told = [] if on_lock.presence is Presence.PRESENT and proven else [on_lock.told]
    return [window or LockWindow() for window in (*proven, *told, *on_lock.strays)]


def is_up_to_date(code: AccessCode) -> bool:
    """Tell whether the lock needs nothing more: digits and name are the newest."""
    return code.on_lock.presence is Presence.PRESENT and code.on_lock.generation == code.wish.generation


def is_to_be_seen_again(code: AccessCode, now: datetime) -> bool:
    """Tell whether other windows of its own may have reached the lock since it was seen, and none can any more."""
    until = code.on_lock.unsettled_until
    return bool(code.on_lock.strays) and until is not None and until <= now


def is_refused(code: AccessCode) -> bool:
    """Tell whether the lock refused the newest generation for good."""
    return code.on_lock.refused_generation == code.wish.generation


def is_left_off(code: AccessCode) -> bool:
    """Tell whether somebody took the newest generation off the lock, who may."""
    return code.interference.left_off == code.wish.generation


def status(code: AccessCode, now: datetime, *, readable: bool = True) -> Status:
    """Compute Seam's `status`; `readable` is False while the account or its vendor cannot be asked."""
    if not readable:
        return Status.UNKNOWN
    if is_wanted(code, now):
        if is_left_off(code):
            return Status.UNSET
        return Status.SET if opens(code, now) else Status.SETTING
    lies_ready = is_ahead(code, now) and not may_open(code, now)
    return Status.UNSET if lies_ready or is_clear(code) else Status.REMOVING


def wanted_since(code: AccessCode) -> datetime:
    """When the lock should have begun to be told: the later of P and the last change that concerns it.

    A code that worked until it was taken off, was missed, or the lock's own window ended is late from then on.
    """
    changed_at = code.wish.changed_at
    since = latest(begins_at(code), changed_at, code.worked_until, found_at(code.interference)) or changed_at
    return latest(since, expired_at(code)) or since


def expired_at(code: AccessCode) -> datetime | None:
    """Say when the lock's own window of a code that worked ends, or ended; None for a code without one.

    The end of another window that may have reached the lock counts, too.
    """
    on_lock = code.on_lock
    if not on_lock.seen_in_time or not has_digits(code):
        return None
    own = None if on_lock.window is None else on_lock.window.ends_at
    return earliest(own, *(window.ends_at for window in _windows(on_lock) if _shuts_by_its_end(window, code)))


def _shuts_by_its_end(window: LockWindow, code: AccessCode) -> bool:
    """Tell whether it is by its end that a window would keep the code shut: one that is yet to begin does so before."""
    begins, until = begins_at(code), code.on_lock.unsettled_until
    if window.starts_at is None or (begins is not None and window.starts_at <= begins):
        return True
    return window.ends_at is not None and until is not None and window.ends_at <= until


def ahead_since(code: AccessCode) -> datetime:
    """When the lock should have begun to be told ahead of P."""
    return latest(code.wish.loads_at, code.wish.changed_at) or code.wish.changed_at


def unwanted_since(code: AccessCode, now: datetime) -> datetime:
    """When removal became due; a deletion of what should be gone already does not make it due anew."""
    wish = code.wish
    at = now if wish.ending_at is None else wish.ending_at
    if wish.ends_at is not None and wish.ends_at <= at:
        return max(wish.ends_at, wish.changed_at)
    return at if is_in_window(code, at) else wish.changed_at


def decide(code: AccessCode, now: datetime) -> Decision:
    """Say what is to be done now, and when to ask again at the latest."""
    action = _action(code, now)
    due, boundaries = _notices(code, now)
    backup_at = backup_due(code, now)
    pulls = backup_at is not None and backup_at <= now
    ahead = [backup_at] if backup_at is not None and not pulls else []
    wake_at = earliest(*boundaries, *ahead, *_turns(code, now))
    if held_back(code, now):
        wake_at = earliest(wake_at, held_back_until(code.interference, code.policy))
    return Decision(action=action, notice=due, pulls_backup=pulls, wake_at=wake_at)


def held_back(code: AccessCode, now: datetime) -> bool:
    """Tell whether others undo the code so often that it is not set again just now."""
    until, last = held_back_until(code.interference, code.policy), found_at(code.interference)
    if until is None or last is None or code.wish.changed_at > last:
        return False
    return now < until and is_wanted(code, now) and not is_up_to_date(code)


def backup_due(code: AccessCode, now: datetime) -> datetime | None:
    """When the code asks for a backup by itself: at P + `backup_after`, or at once where the lock refuses it for good.

    None: not in its present phase, or it has asked already.
    """
    asked = code.backup.wanted_at is not None or code.backup.access_code_id is not None
    if asked or code.is_backup or not code.policy.pulls_backup or not is_wanted(code, now) or is_served(code, now):
        return None
    if is_left_off(code):
        return None
    if code.wish.ends_at is None and not code.policy.pulls_for_ongoing:
        return None
    since = wanted_since(code)
    at_once = is_refused(code) or fails(code.interference, code.policy)
    return since if at_once else since + code.policy.backup_after


def _action(code: AccessCode, now: datetime) -> Action:
    if is_ahead(code, now) or is_wanted(code, now):
        return _action_on_wanted(code, now)
    if code.wish.ending is Ending.RELEASED:
        return Action.FINISH
    if not is_clear(code):
        return Action.REMOVE_FORMER if code.on_lock.presence is Presence.ABSENT else Action.REMOVE
    return Action.FINISH if is_over(code, now) else Action.WAIT


def _action_on_wanted(code: AccessCode, now: datetime) -> Action:
    on_lock, ahead = code.on_lock, is_ahead(code, now)
    if code.former is not None:
        return _action_beside_former(code, code.former, ahead=ahead)
    is_older = on_lock.presence is not Presence.ABSENT and on_lock.generation != code.wish.generation
    if is_refused(code):
        # Left there, an earlier window might let the guest in at a time that is not wanted any more.
        gives_way = is_to_give_way(code) and not ahead and on_lock.presence is Presence.MAYBE
        return Action.REMOVE if gives_way or (ahead and is_older) else Action.WAIT
    if is_left_off(code) or held_back(code, now):
        return Action.WAIT
    is_seen = ahead or code.native is None or on_lock.seen_in_time
    if is_up_to_date(code) and is_seen and not is_to_be_seen_again(code, now):
        return Action.WAIT
    if is_older and not code.updates_in_place:
        return Action.ADD if not ahead and _may_stay_beside(code) else Action.REMOVE
    return Action.LOAD if ahead else Action.PROGRAM


def _may_stay_beside(code: AccessCode) -> bool:
    """Tell whether what is on the lock are older digits in force, and a second place for newer ones may be found."""
    on_lock, wish = code.on_lock, code.wish
    has_other_digits = on_lock.pin_generation is not None and on_lock.pin_generation < wish.pin_generation
    return on_lock.presence is Presence.PRESENT and has_other_digits and code.no_room_for != wish.generation


def _action_beside_former(code: AccessCode, former: OnLock, *, ahead: bool) -> Action:
    """One place is in force, the other on its way; whatever was begun on the former is brought to its end."""
    on_lock = code.on_lock
    if ahead or on_lock.presence is Presence.PRESENT or former.presence is not Presence.PRESENT:
        return Action.REMOVE_FORMER
    if on_lock.presence is Presence.ABSENT:
        return Action.PROGRAM
    is_given_up = is_refused(code) or code.no_room_for == code.wish.generation
    return Action.REMOVE if is_given_up or on_lock.generation != code.wish.generation else Action.PROGRAM


def _turns(code: AccessCode, now: datetime) -> list[datetime]:
    """The instants ahead at which the code begins or ceases to be wanted, or to open, by itself."""
    if code.wish.ending is not None:
        return []
    turns = [code.wish.loads_at, begins_at(code), code.wish.ends_at]
    if code.native is not None and code.on_lock.presence is not Presence.ABSENT:
        turns += [bound for window in _windows(code.on_lock) for bound in (window.starts_at, window.ends_at)]
        turns += [code.on_lock.unsettled_until] if code.on_lock.strays else []
    return [turn for turn in turns if turn is not None and turn > now]


def _notices(code: AccessCode, now: datetime) -> tuple[ProblemCode | None, list[datetime]]:
    """The announcement that is due and stands in nobody's books yet, and the instants of those to come."""
    pending = [(at, problem) for problem, at in _announcements(code, now) if not has(code.problems, problem)]
    due = [problem for at, problem in pending if at <= now]
    return (due[0] if due else None), [at for at, _ in pending if at > now]


def _announcements(code: AccessCode, now: datetime) -> list[tuple[ProblemCode, datetime]]:
    """Every announcement of the code's present phase with its instant, in the order of the timeline."""
    policy = code.policy
    if is_wanted(code, now):
        if opens(code, now):
            return _former_lingers(code)
        if is_left_off(code):
            return []
        since = wanted_since(code)
        failed_at = since if is_refused(code) or fails(code.interference, policy) else since + policy.fail_after
        delayed_at = since if warns(code.interference, policy) else since + policy.delay_after
        delayed = (ProblemCode.DELAY_IN_SETTING, delayed_at)
        failed = (ProblemCode.FAILED_TO_SET, failed_at)
        return [failed] if is_refused(code) else [delayed, failed]
    if is_clear(code) or code.wish.ending is Ending.RELEASED:
        return []
    if is_ahead(code, now) and not may_open(code, now):
        return []
    return [(ProblemCode.FAILED_TO_REMOVE, unwanted_since(code, now) + policy.remove_fail_after)]


def _former_lingers(code: AccessCode) -> list[tuple[ProblemCode, datetime]]:
    if code.former is None or code.replaced_at is None:
        return []
    return [(ProblemCode.FAILED_TO_REMOVE, code.replaced_at + code.policy.remove_fail_after)]
