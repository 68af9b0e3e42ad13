"""The life of one access code: what its status is, and what is to be done next.

    wanted    = no ending, and starts_at - lead <= now < ends_at
    up to date = proven on the lock in the newest generation

    wanted, up to date                                WAIT    until ends_at
    wanted, newest generation refused for good        WAIT    until something changes
    wanted, taken off by somebody who may             WAIT    until something changes
    wanted, undone by others again and again          WAIT    until it may be set again
    wanted, an older generation is (maybe) there
        and the lock cannot change it in place        REMOVE  first, then PROGRAM
    wanted, otherwise                                 PROGRAM
    released                                          FINISH  and leave it on the lock
    not wanted, something may be there                REMOVE
    not wanted, nothing there, over                   FINISH
    not wanted, nothing there, not yet begun          WAIT    until starts_at - lead

Invariants, whatever the order of messages and answers:

* nothing is written to the lock outside the window, and nothing is finished while something may be there, unless it
  was released to its owner;
* a notice is due at its instant, not when an attempt happens to end;
* every function is pure: the same code and instant give the same answer, in the workflow and in its activities.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.access_code import AccessCode, Ending, Presence, Status, earliest, latest
from domain.interference import fails, found_at, held_back_until, warns
from domain.problems import ProblemCode, has


class Action(StrEnum):
    """What the workflow does until the next message, answer or wake-up."""

    WAIT = "wait"
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
    """P, when programming begins; None for a code without a start."""
    starts_at = code.wish.starts_at
    return None if starts_at is None else starts_at - code.policy.program_lead


def is_in_window(code: AccessCode, now: datetime) -> bool:
    """Tell whether the code's time includes `now`, whatever was wished since."""
    begins, ends = begins_at(code), code.wish.ends_at
    return (begins is None or begins <= now) and (ends is None or now < ends)


def is_wanted(code: AccessCode, now: datetime) -> bool:
    """Tell whether the code should open the door now."""
    return code.wish.ending is None and is_in_window(code, now)


def is_over(code: AccessCode, now: datetime) -> bool:
    """Tell whether the code will never be wanted again."""
    ends = code.wish.ends_at
    return code.wish.ending is not None or (ends is not None and ends <= now)


def opens(code: AccessCode) -> bool:
    """Tell whether the digits that are wanted are proven on the lock."""
    on_lock = code.on_lock
    proven = on_lock.presence is Presence.PRESENT or (on_lock.presence is Presence.MAYBE and on_lock.still_opens)
    return proven and on_lock.generation is not None and on_lock.generation >= code.wish.pin_generation


def is_up_to_date(code: AccessCode) -> bool:
    """Tell whether the lock needs nothing more: digits and name are the newest."""
    return code.on_lock.presence is Presence.PRESENT and code.on_lock.generation == code.wish.generation


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
        return Status.SET if opens(code) else Status.SETTING
    return Status.UNSET if code.on_lock.presence is Presence.ABSENT else Status.REMOVING


def wanted_since(code: AccessCode) -> datetime:
    """When the lock should have begun to be told: P, the last change that concerns it, or its undoing by others."""
    since = latest(begins_at(code), code.wish.changed_at, found_at(code.interference))
    return code.wish.changed_at if since is None else since


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
    if asked or code.is_backup or not code.policy.pulls_backup or not is_wanted(code, now) or opens(code):
        return None
    if is_left_off(code):
        return None
    if code.wish.ends_at is None and not code.policy.pulls_for_ongoing:
        return None
    since = wanted_since(code)
    at_once = is_refused(code) or fails(code.interference, code.policy)
    return since if at_once else since + code.policy.backup_after


def _action(code: AccessCode, now: datetime) -> Action:
    nothing_there = code.on_lock.presence is Presence.ABSENT
    if is_wanted(code, now):
        if is_up_to_date(code) or is_refused(code) or is_left_off(code) or held_back(code, now):
            return Action.WAIT
        replaces = not nothing_there and code.on_lock.generation != code.wish.generation
        return Action.REMOVE if replaces and not code.updates_in_place else Action.PROGRAM
    if code.wish.ending is Ending.RELEASED:
        return Action.FINISH
    if not nothing_there:
        return Action.REMOVE
    return Action.FINISH if is_over(code, now) else Action.WAIT


def _turns(code: AccessCode, now: datetime) -> list[datetime]:
    """The instants ahead at which the code begins or ceases to be wanted by itself."""
    if code.wish.ending is not None:
        return []
    return [turn for turn in (begins_at(code), code.wish.ends_at) if turn is not None and turn > now]


def _notices(code: AccessCode, now: datetime) -> tuple[ProblemCode | None, list[datetime]]:
    """The announcement that is due and stands in nobody's books yet, and the instants of those to come."""
    pending = [(at, problem) for problem, at in _announcements(code, now) if not has(code.problems, problem)]
    due = [problem for at, problem in pending if at <= now]
    return (due[0] if due else None), [at for at, _ in pending if at > now]


def _announcements(code: AccessCode, now: datetime) -> list[tuple[ProblemCode, datetime]]:
    """Every announcement of the code's present phase with its instant, in the order of the timeline."""
    policy = code.policy
    if is_wanted(code, now):
        if opens(code) or is_left_off(code):
            return []
        since = wanted_since(code)
        failed_at = since if is_refused(code) or fails(code.interference, policy) else since + policy.fail_after
        delayed_at = since if warns(code.interference, policy) else since + policy.delay_after
        delayed = (ProblemCode.DELAY_IN_SETTING, delayed_at)
        failed = (ProblemCode.FAILED_TO_SET, failed_at)
        return [failed] if is_refused(code) else [delayed, failed]
    if code.on_lock.presence is Presence.ABSENT or code.wish.ending is Ending.RELEASED:
        return []
    return [(ProblemCode.FAILED_TO_REMOVE, unwanted_since(code, now) + policy.remove_fail_after)]
