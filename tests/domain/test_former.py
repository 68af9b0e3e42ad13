"""Older digits beside newer ones: which are in force, what is done next, and how a change is rolled back."""

from typing import Any

import pytest

from domain.access_code import AccessCode, Ending, MadeRoom, OnLock, Presence, Status
from domain.action_attempts import ActionType, AttemptStatus, outcome
from domain.changes import with_former_digits, with_new_pin
from domain.devices import Capabilities
from domain.lifecycle import Action, backup_due, decide, is_served, opens, status
from domain.observation import (
    AboutToRemove,
    AboutToWrite,
    FoundNothing,
    NoRoomBeside,
    NothingWritten,
    Observed,
    OfFormer,
    Refused,
    SeenOnLock,
    SetAside,
    Sighting,
    observe,
)
from domain.problems import ProblemCode
from tests.domain.codes import ABSENT, DAY, HOUR, MAYBE, MINUTE, NOON, PRESENT, event_types, problems, stay

AFTER = NOON + DAY
CONSTRAINTS = Refused(ProblemCode.CONSTRAINTS_VIOLATED, 2, for_good=True)
NEWER = OnLock(presence=Presence.PRESENT, generation=2, pin_generation=2, was_set=True)
IN_DOUBT = OnLock(presence=Presence.MAYBE, generation=2, unsettled_writes=1)
GOING = PRESENT.model_copy(update={"presence": Presence.MAYBE, "unsettled_removals": 1})


def changed(on_lock: OnLock = ABSENT, former: OnLock | None = PRESENT, **facts: Any) -> AccessCode:
    """A stay whose digits were changed on a lock that changes nothing in place."""
    subject = stay(on_lock, in_place=False, generation=2, pin_generation=2, newest=2, changed_at=NOON)
    return subject.model_copy(update={"former": former, **facts})


def seen(subject: AccessCode, *sightings: Sighting) -> Observed:
    observed = Observed(subject)
    for sighting in sightings:
        observed = observe(observed.code, sighting, NOON, Capabilities())
    return observed


# --- What to do next ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "action"),
    [
        pytest.param(changed(PRESENT, None), Action.ADD, id="old digits in force"),
        pytest.param(changed(PRESENT, None, no_room_for=2), Action.REMOVE, id="no second place"),
        pytest.param(changed(PRESENT, None, no_room_for=1), Action.ADD, id="no second place for an earlier change"),
        pytest.param(changed(MAYBE, None), Action.REMOVE, id="old digits in doubt"),
        pytest.param(changed(), Action.PROGRAM, id="set aside"),
        pytest.param(changed(IN_DOUBT), Action.PROGRAM, id="newer ones in doubt"),
        pytest.param(changed(NEWER), Action.REMOVE_FORMER, id="newer ones proven"),
        pytest.param(changed(NEWER, GOING), Action.REMOVE_FORMER, id="older ones going"),
        pytest.param(changed(ABSENT, GOING), Action.REMOVE_FORMER, id="older ones going, newer ones lost"),
        pytest.param(changed(NEWER, None), Action.WAIT, id="all done"),
        pytest.param(changed(IN_DOUBT, no_room_for=2), Action.REMOVE, id="no room after all"),
        pytest.param(with_new_pin(changed(IN_DOUBT), NOON).code, Action.REMOVE, id="overtaken, in doubt"),
        pytest.param(with_new_pin(changed(NEWER), NOON).code, Action.REMOVE_FORMER, id="overtaken, proven"),
        pytest.param(with_new_pin(changed(NEWER, None), NOON).code, Action.ADD, id="changed again"),
    ],
)
def test_next_step_beside_older_digits(subject: AccessCode, action: Action) -> None:
    assert decide(subject, NOON).action is action


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (changed(), Action.REMOVE_FORMER),
        (changed(IN_DOUBT), Action.REMOVE),
        (changed(NEWER), Action.REMOVE),
        (changed(ABSENT, None), Action.FINISH),
    ],
)
def test_both_places_are_cleared_at_the_end(subject: AccessCode, expected: Action) -> None:
    assert decide(subject, AFTER).action is expected
    over = subject.model_copy(update={"wish": subject.wish.model_copy(update={"ending": Ending.DELETED})})
    assert decide(over, NOON).action is expected
    assert status(subject, AFTER) is (Status.UNSET if expected is Action.FINISH else Status.REMOVING)


# --- In force -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", [changed(PRESENT, None), changed(), changed(IN_DOUBT)])
def test_guest_with_older_digits_in_force_needs_no_backup(subject: AccessCode) -> None:
    assert (opens(subject, NOON), is_served(subject, NOON)) == (False, True)
    assert backup_due(subject, NOON) is None
    assert status(subject, NOON) is Status.SETTING
    assert decide(subject, NOON + MINUTE).notice is ProblemCode.DELAY_IN_SETTING


def test_guest_without_any_digits_in_force_is_given_a_backup() -> None:
    assert backup_due(changed(IN_DOUBT, GOING), NOON) is not None


def test_older_digits_that_do_not_go_are_an_exposure_of_a_code_that_is_set() -> None:
    proven = seen(changed(), AboutToWrite(2), SeenOnLock(2)).code
    assert status(proven, NOON) is Status.SET
    late = decide(proven, NOON + 10 * MINUTE)
    assert (late.action, late.notice) == (Action.REMOVE_FORMER, ProblemCode.FAILED_TO_REMOVE)


# --- The way of a change --------------------------------------------------------------------------------------------


def test_change_ends_with_the_older_digits_proven_gone() -> None:
    aside = seen(changed(PRESENT, None), SetAside()).code
    assert (aside.former, aside.on_lock) == (PRESENT, ABSENT)
    proven = seen(aside, AboutToWrite(2), SeenOnLock(2))
    assert event_types(proven) == ["access_code.set_on_device"]
    going = seen(proven.code, OfFormer(AboutToRemove()))
    assert going.code.former is not None
    gone = seen(going.code, OfFormer(FoundNothing()))
    assert gone.code.former is None
    assert gone.code.on_lock.presence is Presence.PRESENT
    assert event_types(gone) == [], "the code is still on its lock"


def test_removal_of_the_former_that_was_not_sent_leaves_it_in_force() -> None:
    restored = seen(changed(NEWER), OfFormer(AboutToRemove()), OfFormer(NothingWritten(PRESENT))).code
    assert restored.former == PRESENT


def test_code_is_removed_once_both_places_are_empty() -> None:
    over = changed(NEWER).model_copy(update={"wish": changed().wish.model_copy(update={"ending": Ending.DELETED})})
    first = seen(over, AboutToRemove(), FoundNothing())
    assert event_types(first) == []
    assert first.code.on_lock.generation == 1, "what is left takes the code's place"
    second = seen(first.code, AboutToRemove(), FoundNothing())
    assert event_types(second) == ["access_code.removed_from_device", "access_code.deleted"]
    assert second.code.closed


def test_lock_without_a_second_place_has_the_older_digits_back_and_removed_first() -> None:
    full = seen(changed(), NoRoomBeside(2)).code
    assert (full.former, full.on_lock) == (None, PRESENT)
    assert decide(full, NOON).action is Action.REMOVE


# --- Rolling back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(changed(), id="beside"),
        pytest.param(changed(PRESENT, None, updates_in_place=True), id="in place"),
    ],
)
def test_digits_that_are_refused_for_good_are_given_up_for_those_in_force(subject: AccessCode) -> None:
    rolled = seen(subject, CONSTRAINTS)
    assert event_types(rolled) == ["access_code.failed_to_set_on_device", "access_code.code_changed"]
    code = rolled.code
    assert (code.wish.generation, code.wish.pin_generation, code.wish.next_generation) == (1, 1, 3)
    assert (code.former, status(code, NOON), decide(code, NOON).action) == (None, Status.SET, Action.WAIT)
    assert problems(code) == [ProblemCode.CONSTRAINTS_VIOLATED, ProblemCode.FAILED_TO_SET]
    assert outcome(ActionType.UPDATE, code, generation=2, was_seen=False, now=NOON).status is AttemptStatus.ERROR


def test_problems_of_digits_that_were_given_up_stand_until_the_next_change() -> None:
    rolled = seen(changed(), CONSTRAINTS).code
    again = seen(rolled, SeenOnLock(1)).code
    assert problems(again) == [ProblemCode.CONSTRAINTS_VIOLATED, ProblemCode.FAILED_TO_SET]
    renewed = with_new_pin(again, NOON + HOUR).code
    assert renewed.wish.generation == 3
    assert problems(renewed) == []
    assert decide(renewed, NOON + HOUR).action is Action.ADD


def test_refused_digits_that_may_be_there_are_proven_gone_before_they_are_given_up() -> None:
    refused = seen(changed(IN_DOUBT), CONSTRAINTS).code
    assert (refused.wish.generation, decide(refused, NOON).action) == (2, Action.REMOVE)
    rolled = seen(refused, FoundNothing()).code
    assert (rolled.wish.generation, rolled.on_lock.generation, rolled.former) == (1, 1, None)


def test_refused_digits_with_none_in_force_are_not_given_up() -> None:
    assert seen(changed(ABSENT, None), CONSTRAINTS).code.wish.generation == 2


def made_room(*, given_up_in: int = 2) -> AccessCode:
    """Older digits taken off a full lock to make room for those of this generation."""
    full = changed(PRESENT, None, no_room_for=2)
    for _ in range(given_up_in - 2):
        full = with_new_pin(full, NOON).code.model_copy(update={"no_room_for": given_up_in})
    return seen(full, AboutToRemove(), FoundNothing()).code


@pytest.mark.parametrize("given_up_in", [2, 3])
def test_digits_that_made_room_are_put_back_when_the_newer_ones_are_refused(given_up_in: int) -> None:
    put_back = seen(made_room(given_up_in=given_up_in), Refused(CONSTRAINTS.problem, given_up_in, for_good=True))
    assert event_types(put_back) == ["access_code.failed_to_set_on_device", "access_code.code_changed"]
    assert put_back.events[-1].payload["to"] == {"code": {"pin_generation": 1}}
    code, again = put_back.code, given_up_in + 1
    assert (code.wish.generation, code.wish.pin_generation, decide(code, NOON).action) == (again, 1, Action.PROGRAM)
    proven = seen(code, AboutToWrite(again), SeenOnLock(again))
    assert event_types(proven) == ["access_code.set_on_device"]
    assert (status(proven.code, NOON), decide(proven.code, NOON).action) == (Status.SET, Action.WAIT)
    assert problems(proven.code) == [ProblemCode.CONSTRAINTS_VIOLATED, ProblemCode.FAILED_TO_SET]
    stands = [outcome(ActionType.UPDATE, proven.code, generation=g, was_seen=True, now=NOON).status for g in (1, 2)]
    assert stands == [AttemptStatus.SUCCESS, AttemptStatus.ERROR]


def test_refused_digits_that_may_be_there_are_proven_gone_before_older_ones_are_put_back() -> None:
    refused = seen(made_room(), AboutToWrite(2), CONSTRAINTS).code
    assert (refused.wish.generation, decide(refused, NOON).action) == (2, Action.REMOVE)
    put_back = seen(refused, FoundNothing()).code
    assert (put_back.wish.pin_generation, decide(put_back, NOON).action) == (1, Action.PROGRAM)


def test_digits_that_are_refused_when_they_are_put_back_are_left_at_that() -> None:
    put_back = seen(made_room(), CONSTRAINTS).code
    refused = seen(put_back, Refused(CONSTRAINTS.problem, 3, for_good=True))
    assert (refused.events, refused.code.wish.generation) == ((), 3)
    assert decide(refused.code, NOON).action is Action.WAIT


def test_digits_that_made_room_are_forgotten_once_newer_ones_are_proven() -> None:
    proven = seen(made_room(), AboutToWrite(2), SeenOnLock(2)).code
    assert proven.made_room is None
    renewed = with_new_pin(proven, NOON).code
    assert seen(renewed, AboutToRemove(), FoundNothing()).code.made_room == MadeRoom(generation=2, pin_generation=2)


def test_digits_that_made_room_are_not_put_back_out_of_their_time() -> None:
    assert decide(made_room(), AFTER).action is Action.FINISH
    late = observe(made_room(), CONSTRAINTS, AFTER, Capabilities()).code
    assert (late.wish.generation, decide(late, AFTER).action) == (2, Action.FINISH)


@pytest.mark.parametrize("on_lock", [ABSENT, IN_DOUBT])
def test_digits_that_are_taken_back_open_at_once(on_lock: OnLock) -> None:
    back = with_former_digits(changed(on_lock), NOON).code
    assert status(back, NOON) is Status.SET
    assert decide(back, NOON).action is (Action.WAIT if on_lock is ABSENT else Action.REMOVE)
    cleared = seen(back, FoundNothing()).code if on_lock is IN_DOUBT else back
    assert (cleared.former, cleared.on_lock.generation, cleared.wish.generation) == (None, 1, 1)
