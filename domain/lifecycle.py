"""The life of one access code: what its status is, and what is to be done next.

    wanted    = no ending, and starts_at - lead <= now < ends_at
    ahead     = no ending, and loads_at <= now < starts_at, on a lock that keeps windows by itself; also before loads_at
                where something may be there
    up to date = proven on the lock in the newest generation; where it was loaded ahead, seen again since starts_at

    wanted, up to date                                WAIT    until ends_at
    ahead, up to date                                 WAIT    until starts_at
    either, newest generation refused for good        WAIT    until something changes
    either, an older generation is (maybe) there
        and the lock cannot change it in place        REMOVE  first, then PROGRAM or LOAD
    ahead, otherwise                                  LOAD    with the window
    wanted, otherwise                                 PROGRAM
    released                                          FINISH  and leave it on the lock
    not wanted, something may be there                REMOVE
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
from domain.native_windows import LockWindow
from domain.problems import ProblemCode, has


class Action(StrEnum):
    """What the workflow does until the next message, answer or wake-up."""

    WAIT = "wait"
    LOAD = "load"
    """Put the code on the lock ahead of its time, with its window."""
    PROGRAM = "program"
    REMOVE = "remove"
    FINISH = "finish"


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
    if code.wish.ending is not None or loads_at is None or begins is None or begins <= now:
        return False
    return loads_at <= now or code.on_lock.presence is not Presence.ABSENT


def is_over(code: AccessCode, now: datetime) -> bool:
    """Tell whether the code will never be wanted again."""
    ends = code.wish.ends_at
    return code.wish.ending is not None or (ends is not None and ends <= now)


def has_digits(code: AccessCode) -> bool:
    """Tell whether the digits that are wanted are proven on the lock, whenever they are to open it."""
    on_lock = code.on_lock
    proven = on_lock.presence is Presence.PRESENT or (on_lock.presence is Presence.MAYBE and on_lock.still_opens)
    return proven and on_lock.generation is not None and on_lock.generation >= code.wish.pin_generation


def opens(code: AccessCode, now: datetime) -> bool:
    """Tell whether the digits that are wanted are proven on the lock, and open it now.

    What was only loaded ahead does not count before it was seen in its time.
    """
    if not has_digits(code):
        return False
    return code.native is None or (code.on_lock.seen_in_time and all(w.holds(now) for w in _windows(code.on_lock)))


def may_open(code: AccessCode, now: datetime) -> bool:
    """Tell whether anything of the code that may be on the lock may open it now."""
    return code.on_lock.presence is not Presence.ABSENT and any(w.holds(now) for w in _windows(code.on_lock))


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
    """The windows that the lock may be keeping: that of the last write, and what was proven before it."""
    proven = [on_lock.window] if on_lock.was_set else []
    told = [] if on_lock.presence is Presence.PRESENT and proven else [on_lock.told]
    return [window or LockWindow() for window in (*proven, *told)]


def is_up_to_date(code: AccessCode) -> bool:
    """Tell whether the lock needs nothing more: digits and name are the newest."""
    return code.on_lock.presence is Presence.PRESENT and code.on_lock.generation == code.wish.generation


def is_refused(code: AccessCode) -> bool:
    """Tell whether the lock refused the newest generation for good."""
    return code.on_lock.refused_generation == code.wish.generation


def status(code: AccessCode, now: datetime, *, readable: bool = True) -> Status:
    """Compute Seam's `status`; `readable` is False while the account or its vendor cannot be asked."""
    if not readable:
        return Status.UNKNOWN
    if is_wanted(code, now):
        return Status.SET if opens(code, now) else Status.SETTING
    lies_ready = is_ahead(code, now) and not may_open(code, now)
    return Status.UNSET if lies_ready or code.on_lock.presence is Presence.ABSENT else Status.REMOVING


def wanted_since(code: AccessCode) -> datetime:
    """When the lock should have begun to be told: the later of P and the last change that concerns it.

    A code that worked until the lock's own window ended is late from then on.
    """
    on_lock, since = code.on_lock, latest(begins_at(code), code.wish.changed_at) or code.wish.changed_at
    until = on_lock.window.ends_at if on_lock.seen_in_time and on_lock.window is not None else None
    return max(since, until) if until is not None and has_digits(code) else since


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
    return Decision(action=action, notice=due, pulls_backup=pulls, wake_at=wake_at)


def backup_due(code: AccessCode, now: datetime) -> datetime | None:
    """When the code asks for a backup by itself: at P + `backup_after`, or at once where the lock refuses it for good.

    None: not in its present phase, or it has asked already.
    """
    asked = code.backup.wanted_at is not None or code.backup.access_code_id is not None
    if asked or code.is_backup or not code.policy.pulls_backup or not is_wanted(code, now) or opens(code, now):
        return None
    if code.wish.ends_at is None and not code.policy.pulls_for_ongoing:
        return None
    since = wanted_since(code)
    return since if is_refused(code) else since + code.policy.backup_after


def _action(code: AccessCode, now: datetime) -> Action:
    nothing_there = code.on_lock.presence is Presence.ABSENT
    if is_ahead(code, now) or is_wanted(code, now):
        return _action_on_wanted(code, now)
    if code.wish.ending is Ending.RELEASED:
        return Action.FINISH
    if not nothing_there:
        return Action.REMOVE
    return Action.FINISH if is_over(code, now) else Action.WAIT


def _action_on_wanted(code: AccessCode, now: datetime) -> Action:
    on_lock, ahead = code.on_lock, is_ahead(code, now)
    is_older = on_lock.presence is not Presence.ABSENT and on_lock.generation != code.wish.generation
    if is_refused(code):
        # Left there, an earlier window might let the guest in at a time that is not wanted any more.
        return Action.REMOVE if ahead and is_older else Action.WAIT
    if is_up_to_date(code) and (ahead or code.native is None or on_lock.seen_in_time):
        return Action.WAIT
    if is_older and not code.updates_in_place:
        return Action.REMOVE
    return Action.LOAD if ahead else Action.PROGRAM


def _turns(code: AccessCode, now: datetime) -> list[datetime]:
    """The instants ahead at which the code begins or ceases to be wanted, or to open, by itself."""
    if code.wish.ending is not None:
        return []
    turns = [code.wish.loads_at, begins_at(code), code.wish.ends_at]
    if code.native is not None and code.on_lock.presence is not Presence.ABSENT:
        turns += [bound for window in _windows(code.on_lock) for bound in (window.starts_at, window.ends_at)]
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
            return []
        since = wanted_since(code)
        failed_at = since if is_refused(code) else since + policy.fail_after
        delayed = (ProblemCode.DELAY_IN_SETTING, since + policy.delay_after)
        failed = (ProblemCode.FAILED_TO_SET, failed_at)
        return [failed] if is_refused(code) else [delayed, failed]
    if code.on_lock.presence is Presence.ABSENT or code.wish.ending is Ending.RELEASED:
        return []
    if is_ahead(code, now) and not may_open(code, now):
        return []
    return [(ProblemCode.FAILED_TO_REMOVE, unwanted_since(code, now) + policy.remove_fail_after)]
