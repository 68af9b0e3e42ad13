"""What a code's status is, what is done next, and when something is announced: every row, and every boundary."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.access_code import AccessCode, AccessCodeType, BackupUse, Ending, OnLock, Presence, Status, Wish
from domain.lifecycle import (
    Action,
    backup_due,
    decide,
    is_over,
    opens,
    status,
    unwanted_since,
    wanted_since,
    window_of,
)
from domain.native_windows import LockWindow
from domain.policy import Policy
from domain.problems import ProblemCode, raised
from tests.domain.codes import ABSENT, DAY, HOUR, MAYBE, MICROSECOND, MINUTE, NOON, PRESENT, ahead, code, stay

RENAMING = OnLock(presence=Presence.MAYBE, generation=2, still_opens=True, unsettled_writes=1)
REFUSED = OnLock(refused_generation=1)
BEFORE, DURING, AFTER = NOON - MICROSECOND, NOON, NOON + DAY


# --- Status -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_lock", "now", "expected"),
    [
        (ABSENT, BEFORE, Status.UNSET),
        (MAYBE, BEFORE, Status.REMOVING),
        (PRESENT, BEFORE, Status.REMOVING),
        (ABSENT, DURING, Status.SETTING),
        (MAYBE, DURING, Status.SETTING),
        (PRESENT, DURING, Status.SET),
        (PRESENT, AFTER - MICROSECOND, Status.SET),
        (ABSENT, AFTER, Status.UNSET),
        (MAYBE, AFTER, Status.REMOVING),
        (PRESENT, AFTER, Status.REMOVING),
    ],
)
def test_status_follows_window_and_presence(on_lock: OnLock, now: datetime, expected: Status) -> None:
    assert status(stay(on_lock), now) is expected


@pytest.mark.parametrize("on_lock", [ABSENT, MAYBE, PRESENT])
@pytest.mark.parametrize("now", [BEFORE, DURING, AFTER])
def test_status_is_unknown_while_nobody_can_ask(on_lock: OnLock, now: datetime) -> None:
    assert status(stay(on_lock), now, readable=False) is Status.UNKNOWN


@pytest.mark.parametrize(
    ("on_lock", "expected"), [(ABSENT, Status.SETTING), (MAYBE, Status.SETTING), (PRESENT, Status.SET)]
)
def test_ongoing_code_is_never_unset_until_it_is_ended(on_lock: OnLock, expected: Status) -> None:
    assert status(code(on_lock), NOON) is expected


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize(
    ("on_lock", "expected"), [(ABSENT, Status.UNSET), (MAYBE, Status.REMOVING), (PRESENT, Status.REMOVING)]
)
def test_ending_code_is_removing_until_it_is_gone(ending: Ending, on_lock: OnLock, expected: Status) -> None:
    assert status(stay(on_lock, ending=ending, ending_at=NOON), DURING) is expected


@pytest.mark.parametrize(
    ("times", "now", "expected"),
    [
        ({"ends_at": NOON}, NOON - DAY, Status.SETTING),
        ({"ends_at": NOON}, NOON, Status.UNSET),
        ({"starts_at": NOON}, BEFORE, Status.UNSET),
        ({"starts_at": NOON}, NOON + 1000 * DAY, Status.SETTING),
    ],
)
def test_code_with_one_time_is_open_on_the_other_side(times: dict[str, Any], now: datetime, expected: Status) -> None:
    assert status(code(**times), now) is expected


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, AccessCodeType.ONGOING),
        ({"starts_at": NOON}, AccessCodeType.TIME_BOUND),
        ({"ends_at": NOON}, AccessCodeType.TIME_BOUND),
    ],
)
def test_code_with_either_time_is_time_bound(times: dict[str, Any], expected: AccessCodeType) -> None:
    assert Wish(changed_at=NOON, **times).type is expected


def test_lead_opens_the_window_earlier() -> None:
    early = stay(PRESENT, policy=Policy(program_lead=HOUR))
    assert status(early, NOON - HOUR) is Status.SET
    assert status(early, NOON - HOUR - MICROSECOND) is Status.REMOVING


# --- What opens ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_lock", "wish", "expected"),
    [
        (PRESENT, {}, True),
        (PRESENT, {"generation": 2, "pin_generation": 1}, True),  # renamed
        (RENAMING, {"generation": 2, "pin_generation": 1}, True),  # the new name is on its way
        (PRESENT, {"generation": 2, "pin_generation": 2}, False),  # new digits
        (RENAMING, {"generation": 3, "pin_generation": 3}, False),
        (MAYBE, {}, False),
        (ABSENT, {}, False),
    ],
)
def test_code_opens_while_its_digits_are_proven(on_lock: OnLock, wish: dict[str, Any], expected: bool) -> None:
    """A change of the name is no reason to say that a guest cannot get in."""
    assert opens(code(on_lock, **wish), NOON) is expected


def test_renamed_code_is_told_to_the_lock_without_a_warning() -> None:
    decision = decide(code(RENAMING, generation=2), NOON)
    assert decision.action is Action.PROGRAM
    assert decision.notice is None


# --- What to do next ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "now", "action", "wake_at"),
    [
        pytest.param(stay(PRESENT), DURING, Action.WAIT, AFTER, id="wanted and up to date"),
        pytest.param(code(PRESENT), NOON, Action.WAIT, None, id="ongoing and up to date"),
        pytest.param(stay(PRESENT, generation=2), DURING, Action.PROGRAM, AFTER, id="renamed"),
        pytest.param(stay(PRESENT, generation=2, pin_generation=2), DURING, Action.PROGRAM, None, id="new digits"),
        pytest.param(stay(PRESENT, generation=2, in_place=False), DURING, Action.REMOVE, AFTER, id="remove, then add"),
        pytest.param(stay(MAYBE, generation=2, in_place=False), DURING, Action.REMOVE, None, id="an older one maybe"),
        pytest.param(stay(ABSENT, generation=2, in_place=False), DURING, Action.PROGRAM, None, id="removed, now add"),
        pytest.param(stay(MAYBE, in_place=False), DURING, Action.PROGRAM, None, id="the newest maybe there"),
        pytest.param(stay(ABSENT), DURING, Action.PROGRAM, None, id="wanted and absent"),
        pytest.param(stay(MAYBE), DURING, Action.PROGRAM, None, id="wanted and in doubt"),
        pytest.param(stay(PRESENT), AFTER, Action.REMOVE, None, id="over and there"),
        pytest.param(stay(MAYBE), AFTER, Action.REMOVE, None, id="over and in doubt"),
        pytest.param(stay(MAYBE), BEFORE, Action.REMOVE, None, id="too early and in doubt"),
        pytest.param(stay(PRESENT), BEFORE, Action.REMOVE, None, id="too early and there"),
        pytest.param(stay(ABSENT), BEFORE, Action.WAIT, NOON, id="too early and absent"),
        pytest.param(stay(ABSENT), AFTER, Action.FINISH, None, id="over and absent"),
        pytest.param(stay(ABSENT, ending=Ending.DELETED, ending_at=NOON), DURING, Action.FINISH, None, id="deleted"),
        pytest.param(stay(PRESENT, ending=Ending.CANCELLED, ending_at=NOON), DURING, Action.REMOVE, None, id="ending"),
    ],
)
def test_next_step_follows_wish_and_knowledge(
    subject: AccessCode, now: datetime, action: Action, wake_at: datetime | None
) -> None:
    decision = decide(subject, now)
    assert decision.action is action
    assert wake_at is None or decision.wake_at == wake_at


@pytest.mark.parametrize(("generation", "action"), [(1, Action.WAIT), (2, Action.PROGRAM)])
def test_refused_code_waits_for_something_newer(generation: int, action: Action) -> None:
    assert decide(stay(REFUSED, generation=generation), NOON).action is action


@pytest.mark.parametrize("on_lock", [ABSENT, MAYBE, PRESENT])
@pytest.mark.parametrize("now", [BEFORE, AFTER])
def test_nothing_is_written_outside_the_window(on_lock: OnLock, now: datetime) -> None:
    assert decide(stay(on_lock), now).action is not Action.PROGRAM


@pytest.mark.parametrize("on_lock", [MAYBE, PRESENT])
def test_nothing_is_finished_while_something_may_be_there(on_lock: OnLock) -> None:
    assert decide(stay(on_lock, ending=Ending.DELETED, ending_at=NOON), NOON).action is Action.REMOVE


# --- Announcements ------------------------------------------------------------------------------------------------

LATE = stay(ABSENT).model_copy(
    update={"problems": raised((), ProblemCode.DELAY_IN_SETTING, NOON)},
)


@pytest.mark.parametrize(
    ("subject", "due_at", "notice"),
    [
        pytest.param(stay(ABSENT), NOON + MINUTE, ProblemCode.DELAY_IN_SETTING, id="delay"),
        pytest.param(stay(MAYBE), NOON + MINUTE, ProblemCode.DELAY_IN_SETTING, id="delay in doubt"),
        pytest.param(LATE, NOON + 10 * MINUTE, ProblemCode.FAILED_TO_SET, id="failure"),
        pytest.param(stay(PRESENT), AFTER + 10 * MINUTE, ProblemCode.FAILED_TO_REMOVE, id="exposure"),
        pytest.param(
            code(PRESENT, ending=Ending.DELETED, ending_at=NOON),
            NOON + 10 * MINUTE,
            ProblemCode.FAILED_TO_REMOVE,
            id="exposure after deletion",
        ),
    ],
)
def test_notice_is_due_at_its_instant_and_not_before(
    subject: AccessCode, due_at: datetime, notice: ProblemCode
) -> None:
    early = decide(subject, due_at - MICROSECOND)
    assert early.notice is None
    assert early.wake_at == due_at
    assert decide(subject, due_at).notice is notice


def test_notice_that_stands_is_not_due_again() -> None:
    assert decide(LATE, NOON + 5 * MINUTE).notice is None


def test_notices_come_in_the_order_of_the_timeline() -> None:
    """A workflow that slept through both tells the warning before the error."""
    assert decide(stay(ABSENT), NOON + HOUR).notice is ProblemCode.DELAY_IN_SETTING


def test_refusal_for_good_has_failed_at_once() -> None:
    assert decide(stay(REFUSED), NOON).notice is ProblemCode.FAILED_TO_SET


@pytest.mark.parametrize("now", [DURING, DURING + HOUR, AFTER - MICROSECOND])
def test_code_that_opens_has_nothing_to_announce(now: datetime) -> None:
    assert decide(stay(PRESENT), now).notice is None


@pytest.mark.parametrize("now", [BEFORE, AFTER + HOUR])
def test_absent_code_outside_its_window_has_nothing_to_announce(now: datetime) -> None:
    assert decide(stay(ABSENT), now).notice is None


# --- Released -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_lock", [ABSENT, MAYBE, PRESENT])
@pytest.mark.parametrize("now", [BEFORE, DURING, AFTER, AFTER + HOUR])
def test_released_code_is_left_where_it_is(on_lock: OnLock, now: datetime) -> None:
    """What was handed to its owner is neither taken off nor warned of."""
    decision = decide(stay(on_lock, ending=Ending.RELEASED, ending_at=NOON - DAY), now)
    assert (decision.action, decision.notice, decision.pulls_backup) == (Action.FINISH, None, False)


# --- A backup -----------------------------------------------------------------------------------------------------

DUE = NOON + 2 * MINUTE
ONLY_WHEN_ASKED = Policy(pulls_backup=False)
NOT_FOR_ONGOING = Policy(pulls_for_ongoing=False)


def having(subject: AccessCode, **facts: Any) -> AccessCode:
    return subject.model_copy(update=facts)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param(stay(ABSENT), DUE, id="absent"),
        pytest.param(stay(MAYBE), DUE, id="in doubt"),
        pytest.param(stay(policy=Policy(backup_after=5 * MINUTE)), NOON + 5 * MINUTE, id="by policy"),
        pytest.param(stay(policy=Policy(program_lead=HOUR)), DUE - HOUR, id="counted from the lead"),
        pytest.param(stay(changed_at=NOON + HOUR), DUE + HOUR, id="counted from the last change"),
        pytest.param(stay(REFUSED), NOON, id="refused for good"),
        pytest.param(stay(REFUSED, generation=2), DUE, id="an older one was refused"),
        pytest.param(code(changed_at=NOON), DUE, id="without an end"),
        pytest.param(stay(policy=NOT_FOR_ONGOING), DUE, id="with an end, strictly"),
        pytest.param(code(policy=NOT_FOR_ONGOING), None, id="without an end, strictly"),
        pytest.param(stay(PRESENT), None, id="it opens"),
        pytest.param(stay(RENAMING, generation=2), None, id="it opens, and is being renamed"),
        pytest.param(stay(policy=ONLY_WHEN_ASKED), None, id="only when somebody asks"),
        pytest.param(stay(ending=Ending.CANCELLED, ending_at=NOON), None, id="cancelled"),
        pytest.param(having(stay(), is_backup=True), None, id="a backup itself"),
        pytest.param(having(stay(), backup=BackupUse(wanted_at=NOON)), None, id="it has asked"),
        pytest.param(having(stay(), backup=BackupUse(access_code_id=UUID(int=7))), None, id="one stands in"),
    ],
)
def test_backup_is_due_once_for_a_code_that_fails(subject: AccessCode, expected: datetime | None) -> None:
    assert backup_due(subject, NOON + MINUTE) == expected


@pytest.mark.parametrize("now", [BEFORE, AFTER])
def test_no_backup_is_due_outside_the_window(now: datetime) -> None:
    assert backup_due(stay(), now) is None


def test_backup_is_asked_for_at_its_instant_and_not_before() -> None:
    warned = having(stay(), problems=raised((), ProblemCode.DELAY_IN_SETTING, NOON))
    early = decide(warned, DUE - MICROSECOND)
    assert (early.pulls_backup, early.wake_at) == (False, DUE)
    late = decide(warned, DUE)
    assert late.pulls_backup
    assert late.wake_at == NOON + 10 * MINUTE


def test_code_that_asked_goes_on_being_tried() -> None:
    asked = having(stay(), backup=BackupUse(wanted_at=DUE))
    decision = decide(asked, DUE)
    assert (decision.action, decision.pulls_backup) == (Action.PROGRAM, False)


# --- Since when ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({}, NOON - DAY),
        ({"starts_at": NOON}, NOON),
        ({"starts_at": NOON, "changed_at": NOON + HOUR}, NOON + HOUR),
    ],
)
def test_code_is_wanted_since_the_later_of_start_and_change(wish: dict[str, Any], expected: datetime) -> None:
    assert wanted_since(code(**wish)) == expected


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        pytest.param({"ends_at": NOON}, NOON, id="ended"),
        pytest.param({"ends_at": NOON - DAY, "changed_at": NOON}, NOON, id="shortened into the past"),
        pytest.param({"ending": Ending.DELETED, "ending_at": NOON}, NOON, id="deleted"),
        pytest.param(
            {"ends_at": NOON, "ending": Ending.DELETED, "ending_at": NOON + HOUR}, NOON, id="deleted after its end"
        ),
        pytest.param(
            {"starts_at": NOON + DAY, "changed_at": NOON, "ending": Ending.DELETED, "ending_at": NOON + HOUR},
            NOON,
            id="deleted after it was put off",
        ),
    ],
)
def test_removal_is_due_since_its_first_cause(wish: dict[str, Any], expected: datetime) -> None:
    """Deleting a code that fails to go away does not buy the failure more time."""
    assert unwanted_since(code(PRESENT, **wish), NOON + 2 * HOUR) == expected


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (stay(), False),
        (stay(ends_at=NOON - timedelta(hours=2), starts_at=None), True),
        (stay(ending=Ending.CANCELLED, ending_at=NOON), True),
        (code(), False),
    ],
)
def test_code_is_over_by_its_end_or_its_ending(subject: AccessCode, expected: bool) -> None:
    assert is_over(subject, NOON) is expected


# --- Loaded ahead -------------------------------------------------------------------------------------------------

NIGHT = LockWindow(starts_at=NOON, ends_at=AFTER)
EARLIER = LockWindow(starts_at=NOON - 3 * HOUR, ends_at=NOON)
LATER = LockWindow(starts_at=NOON + HOUR, ends_at=AFTER)
LOADED = OnLock(presence=Presence.PRESENT, generation=1, was_set=True, window=NIGHT, told=NIGHT)
LOADING = OnLock(presence=Presence.MAYBE, generation=1, unsettled_writes=1, told=NIGHT)
SEEN = LOADED.model_copy(update={"seen_in_time": True})
OPEN = OnLock(presence=Presence.PRESENT, generation=1, was_set=True, window=EARLIER, told=EARLIER, seen_in_time=True)
TELLING = OPEN.model_copy(update={"presence": Presence.MAYBE, "still_opens": True, "told": NIGHT, "generation": 2})
SHUT = OnLock(presence=Presence.PRESENT, generation=1, was_set=True, window=LATER, told=LATER)


@pytest.mark.parametrize(
    ("subject", "now", "expected", "action"),
    [
        pytest.param(ahead(), NOON - HOUR - MICROSECOND, Status.UNSET, Action.WAIT, id="not yet"),
        pytest.param(ahead(), NOON - HOUR, Status.UNSET, Action.LOAD, id="from its lead on"),
        pytest.param(ahead(LOADING), BEFORE, Status.UNSET, Action.LOAD, id="in doubt"),
        pytest.param(ahead(LOADED), BEFORE, Status.UNSET, Action.WAIT, id="lies ready"),
        pytest.param(ahead(LOADED), NOON - DAY, Status.UNSET, Action.WAIT, id="lies ready, its lead shortened"),
        pytest.param(ahead(LOADED), DURING, Status.SETTING, Action.PROGRAM, id="its time has come"),
        pytest.param(ahead(SEEN), DURING, Status.SET, Action.WAIT, id="seen in its time"),
        pytest.param(ahead(SEEN), AFTER, Status.REMOVING, Action.REMOVE, id="the lock's own end is no proof"),
        pytest.param(ahead(OPEN, generation=2), BEFORE, Status.REMOVING, Action.LOAD, id="open for its old time"),
        pytest.param(ahead(TELLING, generation=2), BEFORE, Status.REMOVING, Action.LOAD, id="being put off"),
        pytest.param(ahead(SHUT, generation=2), BEFORE, Status.UNSET, Action.LOAD, id="to be brought forward"),
        pytest.param(
            ahead(SHUT, generation=2, in_place=False), BEFORE, Status.UNSET, Action.REMOVE, id="to be replaced"
        ),
        pytest.param(ahead(SHUT, generation=2), DURING, Status.SETTING, Action.PROGRAM, id="brought forward to now"),
        pytest.param(
            ahead(ending=Ending.DELETED, ending_at=NOON - DAY), BEFORE, Status.UNSET, Action.FINISH, id="gone"
        ),
        pytest.param(
            ahead(LOADED, ending=Ending.DELETED, ending_at=NOON - HOUR),
            BEFORE,
            Status.REMOVING,
            Action.REMOVE,
            id="deleted",
        ),
        pytest.param(ahead(lead=timedelta(0)), BEFORE, Status.UNSET, Action.WAIT, id="just in time"),
        pytest.param(ahead(REFUSED), BEFORE, Status.UNSET, Action.WAIT, id="refused"),
        pytest.param(
            ahead(OPEN.model_copy(update={"refused_generation": 2}), generation=2),
            BEFORE,
            Status.REMOVING,
            Action.REMOVE,
            id="open, and its other window refused",
        ),
    ],
)
def test_code_that_its_lock_schedules(subject: AccessCode, now: datetime, expected: Status, action: Action) -> None:
    assert (status(subject, now), decide(subject, now).action) == (expected, action)


@pytest.mark.parametrize("on_lock", [ABSENT, LOADING, LOADED])
def test_nothing_is_late_before_the_start(on_lock: OnLock) -> None:
    assert decide(ahead(on_lock), BEFORE).notice is None
    assert decide(ahead(on_lock), NOON + MINUTE).notice is ProblemCode.DELAY_IN_SETTING
    assert backup_due(ahead(on_lock), NOON) == DUE


def test_code_that_opens_before_it_may_is_an_exposure() -> None:
    put_off = ahead(OPEN, generation=2, changed_at=NOON - HOUR)
    assert decide(put_off, NOON - 50 * MINUTE).notice is ProblemCode.FAILED_TO_REMOVE


def test_extended_code_is_late_from_the_end_that_its_lock_knows() -> None:
    extended = ahead(SEEN, ends_at=AFTER + DAY, generation=2)
    assert status(extended, AFTER - MICROSECOND) is Status.SET
    assert decide(extended, AFTER - MICROSECOND).wake_at == AFTER
    assert status(extended, AFTER) is Status.SETTING
    assert decide(extended, AFTER + MINUTE - MICROSECOND).notice is None
    assert decide(extended, AFTER + MINUTE).notice is ProblemCode.DELAY_IN_SETTING


def test_lead_is_of_no_matter_where_the_lock_opens_by_itself() -> None:
    subject = ahead(SEEN).model_copy(update={"policy": Policy(program_lead=HOUR)})
    assert status(subject, BEFORE) is Status.UNSET


def test_code_is_late_from_the_end_of_another_window_that_may_have_come() -> None:
    """It worked until then: nothing is told of it, and no backup pulled, as if it had never been set."""
    on_lock = SEEN.model_copy(
        update={
            "strays": (LockWindow(ends_at=NOON + 5 * MINUTE),),
            "unsettled_writes": 2,
            "unsettled_until": NOON + 6 * MINUTE,
        }
    )
    subject = ahead(on_lock)
    assert status(subject, NOON + 5 * MINUTE - MICROSECOND) is Status.SET
    assert status(subject, NOON + 5 * MINUTE) is Status.SETTING
    assert decide(subject, NOON + 6 * MINUTE - MICROSECOND).notice is None
    assert decide(subject, NOON + 6 * MINUTE).notice is ProblemCode.DELAY_IN_SETTING
    assert backup_due(subject, NOON + 5 * MINUTE) == NOON + 7 * MINUTE


def test_code_is_late_from_the_end_that_its_lock_may_have_been_told_in_vain() -> None:
    told = LockWindow(ends_at=NOON + 5 * MINUTE)
    on_lock = SEEN.model_copy(update={"presence": Presence.MAYBE, "still_opens": True, "told": told})
    subject = ahead(on_lock, generation=2)
    assert status(subject, NOON + 5 * MINUTE - MICROSECOND) is Status.SET
    assert decide(subject, NOON + 6 * MINUTE - MICROSECOND).notice is None
    assert decide(subject, NOON + 6 * MINUTE).notice is ProblemCode.DELAY_IN_SETTING


def test_code_is_late_from_its_start_where_another_window_begins_later() -> None:
    later = LockWindow(starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    subject = ahead(SEEN.model_copy(update={"window": None, "strays": (later,), "unsettled_until": NOON + MINUTE}))
    assert status(subject, NOON) is Status.SETTING
    assert decide(subject, NOON + MINUTE).notice is ProblemCode.DELAY_IN_SETTING


def test_code_over_which_another_window_may_have_come_is_looked_at_once_none_can_come_any_more() -> None:
    subject = ahead(PRESENT)
    window = window_of(subject)
    on_lock = subject.on_lock.model_copy(
        update={
            "window": window,
            "told": window,
            "strays": (LockWindow(ends_at=NOON),),
            "unsettled_writes": 2,
            "unsettled_until": NOON + MINUTE,
            "seen_in_time": True,
            "was_set": True,
        }
    )
    subject = subject.model_copy(update={"on_lock": on_lock})
    waiting = decide(subject, NOON)
    assert (waiting.action, status(subject, NOON)) == (Action.WAIT, Status.SETTING)
    assert waiting.wake_at is not None
    assert waiting.wake_at <= NOON + MINUTE
    assert decide(subject, NOON + MINUTE).action is Action.PROGRAM
