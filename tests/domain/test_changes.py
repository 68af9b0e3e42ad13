"""What a message changes: the wish at once, the lock only where it must be told, the clock only then."""

import pytest

from domain.access_code import Ending, OnLock
from domain.changes import with_ending, with_name, with_new_pin, with_window
from domain.lifecycle import Action, decide, opens, unwanted_since, wanted_since
from domain.observation import announce
from domain.problems import WHILE_SETTING, ProblemCode, raised
from tests.domain.codes import ABSENT, DAY, HOUR, MAYBE, NOON, PRESENT, code, event_types, problems, stay

FAILING = announce(announce(stay(), ProblemCode.DELAY_IN_SETTING, NOON).code, ProblemCode.FAILED_TO_SET, NOON).code
REFUSED = OnLock(refused_generation=1)


# --- Window -------------------------------------------------------------------------------------------------------


def test_extension_does_not_buy_a_failure_more_time() -> None:
    extended = with_window(FAILING, NOON, NOON + 2 * DAY, NOON + HOUR).code
    assert wanted_since(extended) == NOON
    assert problems(extended) == [ProblemCode.DELAY_IN_SETTING, ProblemCode.FAILED_TO_SET]


def test_extension_keeps_digits_and_generation() -> None:
    extended = with_window(stay(PRESENT), NOON, NOON + 2 * DAY, NOON + HOUR).code
    assert extended.wish.generation == 1
    assert decide(extended, NOON + HOUR).action is Action.WAIT


def test_new_window_is_told_with_both_frames() -> None:
    observed = with_window(stay(), NOON, None, NOON)
    assert event_types(observed) == ["access_code.time_frame_changed"]
    assert observed.events[0].payload == {
        "from": {"starts_at": "2026-07-01T12:00:00+00:00", "ends_at": "2026-07-02T12:00:00+00:00"},
        "to": {"starts_at": "2026-07-01T12:00:00+00:00", "ends_at": None},
    }


def test_same_window_is_no_change() -> None:
    observed = with_window(stay(), NOON, NOON + DAY, NOON)
    assert observed.code == stay()
    assert observed.events == ()


def test_shortening_into_the_past_removes_now() -> None:
    shortened = with_window(stay(PRESENT), NOON, NOON + HOUR, NOON + 3 * HOUR).code
    assert decide(shortened, NOON + 3 * HOUR).action is Action.REMOVE
    assert unwanted_since(shortened, NOON + 4 * HOUR) == NOON + 3 * HOUR


def test_code_wanted_again_starts_a_new_clock() -> None:
    """The old window's failure is told once more if the new window fails too."""
    put_off = with_window(FAILING, NOON + DAY, NOON + 2 * DAY, NOON + HOUR).code
    assert problems(put_off) == []
    back = with_window(put_off, NOON, NOON + 2 * DAY, NOON + 2 * HOUR).code
    assert wanted_since(back) == NOON + 2 * HOUR
    assert decide(back, NOON + 2 * HOUR).notice is None


def test_code_that_failed_and_is_shortened_keeps_saying_so() -> None:
    assert problems(with_window(FAILING, NOON, NOON + HOUR, NOON + HOUR).code) == [ProblemCode.FAILED_TO_SET]


def test_exposed_code_that_is_wanted_again_is_no_exposure() -> None:
    exposed = announce(stay(PRESENT), ProblemCode.FAILED_TO_REMOVE, NOON + DAY + HOUR).code
    assert problems(with_window(exposed, NOON, NOON + 3 * DAY, NOON + DAY + HOUR).code) == []


def test_refusal_for_good_stands_in_every_window() -> None:
    refused = stay(REFUSED).model_copy(update={"problems": raised((), ProblemCode.CONSTRAINTS_VIOLATED, NOON)})
    put_off = with_window(refused, NOON + DAY, None, NOON).code
    assert problems(put_off) == [ProblemCode.CONSTRAINTS_VIOLATED]


def test_failure_by_a_refusal_for_good_is_told_once_in_whichever_window() -> None:
    refused = announce(stay(REFUSED), ProblemCode.FAILED_TO_SET, NOON).code
    put_off = with_window(refused, NOON + DAY, None, NOON).code
    back = with_window(put_off, NOON, None, NOON).code
    assert problems(put_off) == problems(back) == [ProblemCode.FAILED_TO_SET]
    assert decide(back, NOON).notice is None


def test_other_name_for_a_refused_code_that_was_put_off_begins_anew() -> None:
    """What becomes of it in its new window is told: nothing has failed there yet."""
    refused = announce(stay(REFUSED), ProblemCode.FAILED_TO_SET, NOON).code
    renamed = with_name(with_window(refused, NOON + DAY, None, NOON).code, "Ada", "Grace", NOON).code
    assert problems(renamed) == []
    assert problems(with_name(refused, "Ada", "Grace", NOON).code) == [ProblemCode.FAILED_TO_SET]


# --- Digits -------------------------------------------------------------------------------------------------------


def test_new_digits_are_a_new_generation_with_a_new_clock() -> None:
    renewed = with_new_pin(stay(PRESENT), NOON + HOUR).code
    assert (renewed.wish.generation, renewed.wish.pin_generation) == (2, 2)
    assert wanted_since(renewed) == NOON + HOUR
    assert not opens(renewed, NOON)


def test_new_digits_are_free_of_what_was_held_against_the_old() -> None:
    subject = FAILING
    for problem in WHILE_SETTING:
        subject = subject.model_copy(update={"problems": raised(subject.problems, problem, NOON)})
    assert problems(with_new_pin(subject, NOON).code) == []


def test_change_of_digits_tells_no_digits() -> None:
    observed = with_new_pin(stay(), NOON)
    assert event_types(observed) == ["access_code.code_changed"]
    assert observed.events[0].payload == {
        "from": {"code": {"pin_generation": 1}},
        "to": {"code": {"pin_generation": 2}},
    }


@pytest.mark.parametrize(("in_place", "action"), [(True, Action.PROGRAM), (False, Action.ADD)])
def test_new_digits_are_put_in_place_or_beside_the_old_ones(in_place: bool, action: Action) -> None:
    renewed = with_new_pin(stay(PRESENT, in_place=in_place), NOON).code
    assert decide(renewed, NOON).action is action


# --- Name ---------------------------------------------------------------------------------------------------------


def test_name_is_told_to_a_lock_that_changes_in_place() -> None:
    renamed = with_name(stay(PRESENT), "Ada", "Grace", NOON)
    assert renamed.code.wish.generation == 2
    assert renamed.code.wish.pin_generation == 1
    assert event_types(renamed) == ["access_code.name_changed"]
    assert renamed.events[0].payload == {"from": {"name": "Ada"}, "to": {"name": "Grace"}}


def test_renamed_code_opens_all_the_while() -> None:
    renamed = with_name(stay(PRESENT), "Ada", "Grace", NOON + HOUR).code
    assert opens(renamed, NOON)
    assert decide(renamed, NOON + HOUR).notice is None


@pytest.mark.parametrize("on_lock", [MAYBE, PRESENT])
def test_name_is_no_reason_to_take_a_code_off(on_lock: OnLock) -> None:
    assert with_name(stay(on_lock, in_place=False), "Ada", "Grace", NOON).code.wish.generation == 1


@pytest.mark.parametrize("in_place", [True, False])
def test_other_name_may_mend_a_refusal(in_place: bool) -> None:
    refused = stay(REFUSED, in_place=in_place).model_copy(
        update={"problems": raised((), ProblemCode.CONSTRAINTS_VIOLATED, NOON)}
    )
    renamed = with_name(refused, "Ada", "Grace", NOON).code
    assert decide(renamed, NOON).action is Action.PROGRAM
    assert problems(renamed) == []


def test_same_name_is_no_change() -> None:
    assert with_name(stay(), "Ada", "Ada", NOON).events == ()


# --- End ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ending", "shown"), [(Ending.DELETED, [ProblemCode.BEING_DELETED]), (Ending.CANCELLED, [])])
def test_ending_counts_from_now_and_shows_a_deletion(ending: Ending, shown: list[ProblemCode]) -> None:
    late = announce(code(), ProblemCode.DELAY_IN_SETTING, NOON).code
    ended = with_ending(late, ending, NOON).code
    assert (ended.wish.ending, ended.wish.ending_at) == (ending, NOON)
    assert problems(ended) == shown


def test_deletion_outranks_a_cancellation_whose_instant_stays() -> None:
    cancelled = with_ending(code(PRESENT), Ending.CANCELLED, NOON).code
    deleted = with_ending(cancelled, Ending.DELETED, NOON + HOUR).code
    assert (deleted.wish.ending, deleted.wish.ending_at) == (Ending.DELETED, NOON)


@pytest.mark.parametrize("ending", Ending)
def test_deletion_is_final(ending: Ending) -> None:
    deleted = with_ending(code(ABSENT), Ending.DELETED, NOON).code
    assert with_ending(deleted, ending, NOON + HOUR).code == deleted
