"""What follows from what is seen on a lock: what is believed, what is cleared, and which event happens, once."""

from datetime import datetime, timedelta

import pytest

from domain.access_code import AccessCode, Ending, OnLock, Presence
from domain.changes import with_ending, with_name, with_new_pin, with_window
from domain.devices import Capabilities
from domain.lifecycle import Action, decide, is_scheduled, opens
from domain.native_windows import LockWindow
from domain.observation import (
    AboutToRemove,
    AboutToWrite,
    FoundNothing,
    NothingWritten,
    NotInPlace,
    Observed,
    Refused,
    SeenOnLock,
    Sighting,
    announce,
    close,
    observe,
    wait_for_proof_of_absence,
    wait_for_proof_of_presence,
)
from domain.problems import WHILE_SETTING, ProblemCode, Severity, raised
from tests.domain.codes import (
    ABSENT,
    DAY,
    HOUR,
    MAYBE,
    MICROSECOND,
    MINUTE,
    NOON,
    PRESENT,
    ahead,
    code,
    event_types,
    problems,
    stay,
)

PLAIN = Capabilities()
SLOW = Capabilities(writes_settle=20 * timedelta(seconds=1))
STALE = Capabilities(reads_lag=timedelta(seconds=15))
SECOND = timedelta(seconds=1)
OVER = NOON + DAY
SET, REMOVED, DELETED = "access_code.set_on_device", "access_code.removed_from_device", "access_code.deleted"


def seen(subject: AccessCode, *sightings: Sighting, at: datetime = NOON, on: Capabilities = PLAIN) -> Observed:
    """Fold sightings at one instant; the events are those of the last."""
    observed = Observed(subject)
    for sighting in sightings:
        observed = observe(observed.code, sighting, at, on)
    return observed


# --- Writes -------------------------------------------------------------------------------------------------------


def test_announced_write_leaves_doubt() -> None:
    on_lock = seen(stay(), AboutToWrite(1)).code.on_lock
    assert (on_lock.presence, on_lock.generation, on_lock.unsettled_writes) == (Presence.MAYBE, 1, 1)


def test_write_may_arrive_until_it_was_sent_and_has_settled() -> None:
    on_lock = seen(stay(), AboutToWrite(1, timedelta(seconds=35)), on=SLOW).code.on_lock
    assert on_lock.unsettled_until == NOON + timedelta(seconds=55)


def test_code_that_its_lock_does_not_change_in_place_is_put_on_anew() -> None:
    renewed = with_new_pin(stay(PRESENT), NOON).code
    assert decide(renewed, NOON).action is Action.PROGRAM
    refused = seen(renewed, NotInPlace()).code
    assert decide(refused, NOON).action in (Action.ADD, Action.REMOVE)


def test_working_code_is_not_taken_off_for_a_name_that_its_lock_does_not_take() -> None:
    renamed = with_name(stay(PRESENT), None, "Ada", NOON).code
    assert decide(renamed, NOON).action is Action.PROGRAM
    refused = seen(renamed, NotInPlace()).code
    assert decide(refused, NOON).action is Action.WAIT
    assert opens(refused, NOON)


@pytest.mark.parametrize("before", [ABSENT, MAYBE, PRESENT])
def test_write_that_was_not_sent_restores_what_was(before: OnLock) -> None:
    assert seen(stay(before), AboutToWrite(2), NothingWritten(before)).code.on_lock == before


@pytest.mark.parametrize("before", [MAYBE, PRESENT])
def test_removal_that_was_not_sent_restores_what_was(before: OnLock) -> None:
    assert seen(stay(before), AboutToRemove(), NothingWritten(before)).code.on_lock == before


@pytest.mark.parametrize("for_good", [True, False])
@pytest.mark.parametrize("problem", WHILE_SETTING)
def test_refusal_shows_its_problem(problem: ProblemCode, for_good: bool) -> None:
    refused = seen(stay(), Refused(problem, 1, for_good=for_good))
    assert problems(refused.code) == [problem]
    assert refused.code.on_lock.refused_generation == (1 if for_good else None)
    assert refused.events == ()


def test_writing_another_name_leaves_a_working_code_working() -> None:
    renamed = stay(PRESENT, generation=2)
    assert opens(seen(renamed, AboutToWrite(2)).code, NOON)
    assert event_types(seen(renamed, AboutToWrite(2), SeenOnLock(2))) == []


# --- Presence -----------------------------------------------------------------------------------------------------


def test_code_that_newly_opens_says_so() -> None:
    observed = seen(stay(), AboutToWrite(1), SeenOnLock(1))
    assert event_types(observed) == [SET]
    assert observed.code.on_lock == PRESENT


def test_code_that_is_seen_again_says_nothing() -> None:
    assert event_types(seen(stay(PRESENT), SeenOnLock(1))) == []


def test_older_digits_are_no_news() -> None:
    observed = seen(stay(PRESENT, generation=2, pin_generation=2), SeenOnLock(1))
    assert event_types(observed) == []
    assert not opens(observed.code, NOON)


def test_new_digits_say_so_again() -> None:
    subject = stay(PRESENT, generation=2, pin_generation=2)
    assert event_types(seen(subject, AboutToWrite(2), SeenOnLock(2))) == [SET]


def test_code_that_is_seen_after_its_end_is_not_called_set() -> None:
    observed = seen(stay(MAYBE), SeenOnLock(1), at=OVER)
    assert event_types(observed) == []
    assert observed.code.on_lock.was_set


def test_confirmation_clears_what_was_wrong_with_setting() -> None:
    subject = stay(MAYBE)
    for problem in (ProblemCode.DELAY_IN_SETTING, ProblemCode.FAILED_TO_SET, *WHILE_SETTING):
        subject = subject.model_copy(update={"problems": raised(subject.problems, problem, NOON)})
    assert problems(seen(subject, SeenOnLock(1)).code) == []


def test_one_write_is_settled_by_being_seen() -> None:
    on_lock = seen(stay(), AboutToWrite(1), SeenOnLock(1), on=SLOW).code.on_lock
    assert (on_lock.unsettled_writes, on_lock.unsettled_until) == (0, None)


def test_second_write_is_not_settled_by_the_first_being_seen() -> None:
    on_lock = seen(stay(), AboutToWrite(1), AboutToWrite(1), SeenOnLock(1), on=SLOW).code.on_lock
    assert (on_lock.unsettled_writes, on_lock.unsettled_until) == (2, NOON + 20 * SECOND)


@pytest.mark.parametrize(
    "shown",
    [SeenOnLock(1), SeenOnLock(2, by_digits_alone=True)],
    ids=["its old name", "no name"],
)
def test_renaming_is_not_settled_by_the_digits_that_were_there_before(shown: SeenOnLock) -> None:
    renaming = seen(stay(PRESENT, generation=2), AboutToWrite(2), on=SLOW).code
    assert seen(renaming, shown, shown).code.on_lock.unsettled_until == NOON + 20 * SECOND
    assert seen(renaming, shown, at=NOON + 20 * SECOND).code.on_lock.unsettled_until is None
    assert seen(renaming, SeenOnLock(2)).code.on_lock.unsettled_until is None


def test_new_digits_are_settled_by_being_seen_without_a_name() -> None:
    changing = seen(stay(PRESENT, generation=2, pin_generation=2), AboutToWrite(2), on=SLOW).code
    assert seen(changing, SeenOnLock(2, by_digits_alone=True)).code.on_lock.unsettled_until is None


def test_what_was_there_is_not_settled_by_being_seen_once_it_is_written_again() -> None:
    repeated = seen(stay(PRESENT), AboutToWrite(1), SeenOnLock(1), on=SLOW).code
    assert repeated.on_lock.unsettled_until == NOON + 20 * SECOND


def test_code_is_not_believed_to_stay_while_its_removal_may_arrive() -> None:
    """A stay that is put off and taken back is not called set before the removal begun between can do no harm."""
    removing = seen(stay(PRESENT), AboutToRemove(35 * SECOND), on=SLOW).code
    early = seen(removing, SeenOnLock(1), at=NOON + 55 * SECOND - MICROSECOND)
    assert early.code.on_lock.presence is Presence.MAYBE
    assert event_types(early) == []
    assert wait_for_proof_of_presence(early.code, NOON + 50 * SECOND) == 5 * SECOND
    late = seen(early.code, SeenOnLock(1), at=NOON + 55 * SECOND)
    assert late.code.on_lock.presence is Presence.PRESENT
    assert event_types(late) == [SET]


def test_new_digits_are_not_believed_while_older_ones_may_overwrite_them() -> None:
    pending = seen(stay(), AboutToWrite(1), on=SLOW).code
    wish = pending.wish.model_copy(update={"generation": 2, "pin_generation": 2})
    renewed = pending.model_copy(update={"wish": wish})
    early = seen(renewed, AboutToWrite(2), SeenOnLock(2), at=NOON + SECOND, on=SLOW).code
    assert early.on_lock.presence is Presence.MAYBE
    assert seen(early, SeenOnLock(2), at=NOON + 20 * SECOND).code.on_lock.presence is Presence.PRESENT


def test_presence_needs_no_wait_where_nothing_is_under_way() -> None:
    assert wait_for_proof_of_presence(stay(MAYBE), NOON) is None


# --- Absence ------------------------------------------------------------------------------------------------------


def test_announced_removal_leaves_doubt() -> None:
    observed = seen(stay(PRESENT), AboutToRemove())
    assert observed.code.on_lock.presence is Presence.MAYBE
    assert decide(observed.code, NOON).action is Action.PROGRAM


def test_one_empty_read_proves_absence_on_a_plain_lock() -> None:
    observed = seen(stay(PRESENT), AboutToRemove(), FoundNothing(), at=OVER)
    assert observed.code.on_lock == ABSENT
    assert event_types(observed) == [REMOVED]
    assert observed.code.closed


def test_empty_read_proves_nothing_while_a_write_may_arrive() -> None:
    pending = seen(stay(), AboutToWrite(1), on=SLOW).code
    early = seen(pending, FoundNothing(), at=NOON + 20 * SECOND - MICROSECOND, on=SLOW).code
    assert early.on_lock.presence is Presence.MAYBE
    assert wait_for_proof_of_absence(early, NOON + 15 * SECOND, SLOW) == 5 * SECOND
    assert seen(early, FoundNothing(), at=NOON + 20 * SECOND, on=SLOW).code.on_lock.presence is Presence.ABSENT


def test_stale_reads_prove_absence_only_twice_and_apart() -> None:
    first = seen(stay(PRESENT), FoundNothing(), at=OVER, on=STALE).code
    assert first.on_lock.presence is Presence.MAYBE
    assert wait_for_proof_of_absence(first, OVER + 5 * SECOND, STALE) == 10 * SECOND
    soon = seen(first, FoundNothing(), at=OVER + 15 * SECOND - MICROSECOND, on=STALE).code
    assert soon.on_lock.presence is Presence.MAYBE
    gone = seen(soon, FoundNothing(), at=OVER + 15 * SECOND, on=STALE)
    assert gone.code.on_lock.presence is Presence.ABSENT
    assert event_types(gone) == [REMOVED]


@pytest.mark.parametrize("between", [SeenOnLock(1), AboutToWrite(1), AboutToRemove()])
def test_anything_between_two_empty_reads_starts_the_count_anew(between: Sighting) -> None:
    first = seen(stay(PRESENT), FoundNothing(), between, at=OVER, on=STALE).code
    assert first.on_lock.empty_since is None


def test_absence_needs_no_wait_on_a_plain_lock() -> None:
    assert wait_for_proof_of_absence(stay(PRESENT), OVER, PLAIN) is None


def test_code_that_never_was_set_is_not_called_removed() -> None:
    observed = seen(stay(MAYBE), FoundNothing(), at=OVER)
    assert event_types(observed) == []
    assert observed.code.closed


def test_code_taken_off_before_its_time_is_not_closed() -> None:
    observed = seen(stay(PRESENT), FoundNothing(), at=NOON - HOUR)
    assert event_types(observed) == [REMOVED]
    assert not observed.code.closed


def test_code_taken_off_to_be_put_on_anew_goes_on_being_late() -> None:
    """The warning was given once; clearing it now would give it again at once."""
    subject = stay(MAYBE, generation=2, pin_generation=2, in_place=False)
    late = announce(subject, ProblemCode.DELAY_IN_SETTING, NOON + MINUTE).code
    gone = seen(late, FoundNothing(), at=NOON + 2 * MINUTE).code
    assert problems(gone) == [ProblemCode.DELAY_IN_SETTING]
    assert decide(gone, NOON + 2 * MINUTE).notice is None


def test_proof_of_absence_clears_the_exposure() -> None:
    exposed = announce(stay(PRESENT), ProblemCode.FAILED_TO_REMOVE, OVER + HOUR).code
    assert problems(seen(exposed, FoundNothing(), at=OVER + HOUR).code) == []


def test_doubt_of_a_second_removal_outlives_the_proof_of_absence() -> None:
    subject = seen(code(PRESENT, generation=2, in_place=False), AboutToRemove(), AboutToRemove(), on=SLOW).code
    gone = seen(subject, FoundNothing(), at=NOON + SECOND, on=SLOW).code
    assert gone.on_lock.presence is Presence.ABSENT
    assert wait_for_proof_of_presence(gone, NOON + SECOND) == 19 * SECOND


def test_one_removal_is_settled_by_the_proof_of_absence() -> None:
    subject = seen(code(PRESENT, generation=2, in_place=False), AboutToRemove(HOUR)).code
    assert seen(subject, FoundNothing()).code.on_lock == ABSENT


# --- The end ------------------------------------------------------------------------------------------------------


def test_deleted_code_says_removed_then_deleted() -> None:
    subject = stay(PRESENT, ending=Ending.DELETED, ending_at=NOON)
    assert event_types(seen(subject, FoundNothing())) == [REMOVED, DELETED]


@pytest.mark.parametrize(
    "subject",
    [stay(ABSENT), stay(ABSENT, ending=Ending.CANCELLED, ending_at=NOON)],
    ids=["expired", "cancelled"],
)
def test_only_a_deletion_says_deleted(subject: AccessCode) -> None:
    assert event_types(close(subject, OVER)) == []


def test_code_that_never_worked_says_so_for_ever() -> None:
    subject = stay(ABSENT)
    for problem in (ProblemCode.DELAY_IN_SETTING, ProblemCode.NO_SPACE, ProblemCode.FAILED_TO_SET):
        subject = subject.model_copy(update={"problems": raised(subject.problems, problem, NOON)})
    assert problems(close(subject, OVER).code) == [ProblemCode.FAILED_TO_SET]


def test_deletion_after_the_end_opens_and_closes_the_code_again() -> None:
    expired = close(stay(ABSENT), OVER).code
    reopened = with_ending(expired, Ending.DELETED, OVER + DAY).code
    assert not reopened.closed
    assert decide(reopened, OVER + DAY).action is Action.FINISH
    closed = close(reopened, OVER + DAY)
    assert event_types(closed) == [DELETED]
    assert closed.code.closed


@pytest.mark.parametrize(
    ("notice", "event_type"),
    [
        (ProblemCode.DELAY_IN_SETTING, "access_code.delay_in_setting_on_device"),
        (ProblemCode.FAILED_TO_SET, "access_code.failed_to_set_on_device"),
        (ProblemCode.FAILED_TO_REMOVE, "access_code.failed_to_remove_from_device"),
    ],
)
def test_notice_is_a_problem_and_an_event(notice: ProblemCode, event_type: str) -> None:
    told = announce(stay(), notice, NOON)
    assert problems(told.code) == [notice]
    assert event_types(told) == [event_type]


def test_problem_that_stands_keeps_its_first_time() -> None:
    first = raised((), ProblemCode.NO_SPACE, NOON)
    assert raised(first, ProblemCode.NO_SPACE, OVER) == first
    assert first[0].severity is Severity.ERROR


# --- Loaded ahead -------------------------------------------------------------------------------------------------

NIGHT = LockWindow(starts_at=NOON, ends_at=OVER)
EARLY = NOON - MINUTE


def test_code_that_was_loaded_says_so_once_and_is_set_when_it_is_seen_in_its_time() -> None:
    loaded = seen(ahead(), AboutToWrite(1, window=NIGHT), SeenOnLock(1), at=EARLY)
    assert event_types(loaded) == ["access_code.scheduled_on_device"]
    again = seen(loaded.code, SeenOnLock(1), at=EARLY)
    assert event_types(again) == []
    in_time = seen(again.code, SeenOnLock(1), at=NOON)
    assert event_types(in_time) == [SET]
    assert opens(in_time.code, NOON)


def test_other_window_is_proven_only_by_its_own_generation() -> None:
    loaded = seen(ahead(), AboutToWrite(1, window=NIGHT), SeenOnLock(1), at=EARLY).code
    later = LockWindow(starts_at=NOON, ends_at=OVER + DAY)
    moved = with_window(loaded, NOON, OVER + DAY, EARLY).code
    assert moved.wish.generation == 2
    shown_old = seen(moved, AboutToWrite(2, window=later), SeenOnLock(1), at=EARLY)
    assert (shown_old.code.on_lock.window, is_scheduled(shown_old.code)) == (NIGHT, False)
    shown_new = seen(moved, AboutToWrite(2, window=later), SeenOnLock(2), at=EARLY)
    assert event_types(shown_new) == ["access_code.scheduled_on_device"]


def test_older_name_may_stand_for_every_window_that_was_told() -> None:
    proven, first, last = (LockWindow(starts_at=NOON + hours * HOUR) for hours in (1, 2, 3))
    told = {"generation": 4, "was_set": True, "window": proven, "strays": (first,), "told": last}
    subject = ahead(MAYBE.model_copy(update=told), generation=4)
    older = seen(subject, SeenOnLock(1)).code.on_lock
    assert (older.window, older.strays) == (proven, (first,))
    newest = seen(subject, SeenOnLock(4)).code.on_lock
    assert (newest.window, newest.strays) == (last, ())


def test_what_stood_in_the_way_is_gone_once_a_code_is_loaded() -> None:
    held_back = seen(ahead(), Refused(ProblemCode.NO_SPACE, 1, for_good=False), at=EARLY).code
    assert problems(held_back) == [ProblemCode.NO_SPACE]
    assert problems(seen(held_back, AboutToWrite(1, window=NIGHT), SeenOnLock(1), at=EARLY).code) == []
