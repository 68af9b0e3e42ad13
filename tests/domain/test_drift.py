"""What a look at a whole lock makes of a code, and how patiently what others did is undone."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access_code import AccessCode, Ending, OnLock, Presence, Status
from domain.devices import Capabilities
from domain.drift import Entry, Expected, Found, Look, look_for
from domain.interference import Interference
from domain.lifecycle import Action, decide, has_digits, status
from domain.names import lock_name, mark
from domain.observation import Observed, SeenOnLock, observe
from domain.problems import ChangeType, ProblemCode
from tests.domain.codes import DAY, HOUR, MAYBE, MINUTE, NOON, PRESENT, code, event_types, problems, stay

CODE_ID = UUID("1a2b3c4d-0000-4000-8000-000000000001")
STEM = "1a2b3c4d."
OURS, THEIRS = "index of our digits", "index of other digits"
PLAIN, LAGGING = Capabilities(), Capabilities(reads_lag=timedelta(minutes=3))


def entry(
    pin_index: str | None = OURS, *, reference: str | None = "ac_1", name: str | None = "1a2b3c4d.1 Ada"
) -> Entry:
    """Make one line of a lock's list."""
    return Entry(reference, 1, name, pin_index)


def expected(*pin_indexes: str, reference: str | None = "ac_1") -> Expected:
    """Say how our code is to be recognised."""
    return Expected(STEM, reference, frozenset(pin_indexes or (OURS,)))


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([], Found.MISSING),
        ([entry()], Found.PRESENT),
        ([entry(reference="ac_9", name="Keypad")], Found.PRESENT),
        ([entry(None)], Found.MASKED),
        ([entry(None, name="Keypad")], Found.MASKED),
        ([entry(None, reference="ac_9")], Found.MASKED),
        ([entry(THEIRS)], Found.CHANGED),
        ([entry(THEIRS, name="Keypad")], Found.CHANGED),
        ([entry(THEIRS, reference="ac_9")], Found.CHANGED),
        ([entry(THEIRS, reference="ac_9", name="Keypad")], Found.MISSING),
        ([entry(None, reference="ac_9", name="Keypad")], Found.MISSING),
        ([entry(THEIRS), entry(OURS, reference="ac_9", name="Keypad")], Found.PRESENT),
        ([entry(THEIRS, reference=None, name=None)], Found.MISSING),
    ],
)
def test_digits_decide_before_reference_and_mark(entries: list[Entry], found: Found) -> None:
    assert look_for(expected(), entries).found is found


def test_older_digits_of_ours_that_may_be_there_are_ours() -> None:
    assert look_for(expected(OURS, "index of older digits"), [entry("index of older digits")]).found is Found.PRESENT


@given(code_id=st.uuids(), generation=st.integers(1, 99), room=st.integers(9, 40), name=st.text(max_size=20))
def test_our_own_name_is_known_again_however_short_it_was_cut(
    code_id: UUID, generation: int, room: int, name: str
) -> None:
    own = mark(code_id, generation)
    shown = lock_name(name, own, max(room, len(str(generation)) + 7))
    look = look_for(Expected(mark(code_id, 0).removesuffix("0"), None, frozenset()), [Entry("ac_9", 1, shown, None)])
    assert (look.found, look.bears_mark) == (Found.MASKED, True)


def looked(at: AccessCode, found: Found, *, after: timedelta = timedelta(0), **more: Any) -> Observed:
    """Fold a look into a code, some time after one o'clock."""
    capabilities = more.pop("capabilities", PLAIN)
    seen = None if found is Found.MISSING else more.pop("entry", entry(THEIRS if found is Found.CHANGED else OURS))
    look = Look(found, seen, more.pop("bears_mark", True), **more)
    return observe(at, look, NOON + HOUR + after, capabilities)


@pytest.mark.parametrize(
    ("found", "event", "change"),
    [
        (Found.MISSING, "access_code.deleted_external_to_seam", ChangeType.REMOVED),
        (Found.CHANGED, "access_code.modified_external_to_seam", ChangeType.MODIFIED),
    ],
)
def test_what_others_undid_is_shown_and_set_again(found: Found, event: str, change: ChangeType) -> None:
    observed = looked(stay(PRESENT), found)
    undone = observed.code
    assert event_types(observed) == [event]
    (problem,) = undone.problems
    assert (problem.code, problem.change_type) == (ProblemCode.CONFLICTING_MODIFICATION, change)
    assert status(undone, NOON + HOUR) is Status.SETTING
    decision = decide(undone, NOON + HOUR)
    assert (decision.action, decision.notice) == (Action.PROGRAM, None)
    assert decision.wake_at == NOON + HOUR + MINUTE  # the warning's time begins when it was found


def test_foreign_digits_go_before_ours_come_where_the_lock_cannot_change_them() -> None:
    undone = looked(stay(PRESENT, in_place=False), Found.CHANGED).code
    assert decide(undone, NOON + HOUR).action is Action.REMOVE


def test_one_look_that_may_be_old_proves_nothing() -> None:
    once = looked(stay(PRESENT), Found.MISSING, capabilities=LAGGING)
    assert (event_types(once), has_digits(once.code), once.code.problems) == ([], True, ())
    too_soon = looked(once.code, Found.MISSING, after=timedelta(seconds=179), capabilities=LAGGING)
    assert (too_soon.code, too_soon.events) == (once.code, ())
    twice = looked(once.code, Found.MISSING, after=timedelta(seconds=180), capabilities=LAGGING)
    assert event_types(twice) == ["access_code.deleted_external_to_seam"]


def test_a_look_that_finds_it_ends_the_doubt() -> None:
    once = looked(stay(PRESENT), Found.MISSING, capabilities=LAGGING).code
    seen = looked(once, Found.PRESENT, after=MINUTE, capabilities=LAGGING).code
    again = looked(seen, Found.MISSING, after=HOUR, capabilities=LAGGING)
    assert event_types(again) == []


def test_nothing_is_believed_while_a_write_of_ours_may_still_arrive() -> None:
    unsettled = PRESENT.model_copy(update={"unsettled_writes": 2, "unsettled_until": NOON + 2 * HOUR})
    assert event_types(looked(stay(unsettled), Found.MISSING)) == []


@pytest.mark.parametrize("found", [Found.MISSING, Found.CHANGED, Found.PRESENT])
def test_a_code_in_doubt_is_left_to_its_own_operation(found: Found) -> None:
    in_doubt = stay(MAYBE)
    assert looked(in_doubt, found).code == in_doubt


@pytest.mark.parametrize("found", [Found.MISSING, Found.CHANGED])
def test_a_code_that_is_over_is_left_to_its_removal(found: Found) -> None:
    ending = stay(PRESENT, ending=Ending.DELETED, ending_at=NOON)
    assert looked(ending, found).code == ending


def test_another_name_is_undone_only_where_ours_was_seen() -> None:
    unseen = looked(stay(PRESENT), Found.PRESENT, bears_mark=False)
    assert (unseen.events, unseen.code.wish.generation) == ((), 1)
    seen = looked(stay(PRESENT), Found.PRESENT).code
    renamed = looked(seen, Found.PRESENT, bears_mark=False)
    assert event_types(renamed) == ["access_code.modified_external_to_seam"]
    assert (renamed.code.wish.generation, renamed.code.wish.pin_generation) == (2, 1)
    assert has_digits(renamed.code)
    assert decide(renamed.code, NOON + HOUR).action is Action.PROGRAM


def test_a_name_is_let_be_where_setting_it_takes_a_working_code_off() -> None:
    seen = looked(stay(PRESENT, in_place=False), Found.PRESENT).code
    assert looked(seen, Found.PRESENT, bears_mark=False).events == ()


def fought_over(times: int, *, every: timedelta) -> tuple[AccessCode, Observed]:
    """Take a code off so often, each time after it was set again; give it before and after the last time."""
    at, fought = NOON, stay(PRESENT, ends_at=NOON + 30 * DAY)
    for _ in range(times):
        at += every
        before, fought = fought, fought.model_copy(update={"on_lock": PRESENT})
        observed = observe(fought, Look(Found.MISSING), at, PLAIN)
        fought = observed.code
    return before, observed


@pytest.mark.parametrize(
    ("times", "notice", "pulls", "action"),
    [
        (1, None, False, Action.PROGRAM),
        (2, ProblemCode.DELAY_IN_SETTING, False, Action.PROGRAM),
        (3, ProblemCode.DELAY_IN_SETTING, False, Action.PROGRAM),
        (4, ProblemCode.DELAY_IN_SETTING, True, Action.WAIT),
    ],
)
def test_who_is_constantly_removed_warns_then_fails_then_waits(
    times: int, notice: ProblemCode | None, pulls: bool, action: Action
) -> None:
    _, last = fought_over(times, every=HOUR)
    at = NOON + times * HOUR
    decision = decide(last.code, at)
    assert (decision.notice, decision.pulls_backup, decision.action) == (notice, pulls, action)
    assert ("access_code.constantly_undone" in event_types(last)) == (times == 4)


def test_from_the_fourth_time_on_it_is_set_again_once_an_hour() -> None:
    _, last = fought_over(4, every=HOUR)
    at, told = NOON + 4 * HOUR, last.code
    for notice in (ProblemCode.DELAY_IN_SETTING, ProblemCode.FAILED_TO_SET):
        assert decide(told, at).notice is notice
        told = told.model_copy(update={"problems": (*told.problems, _problem(notice))})
    assert decide(told, at).wake_at == at + HOUR
    assert decide(told, at + HOUR - MINUTE).action is Action.WAIT
    assert decide(told, at + HOUR).action is Action.PROGRAM


def _problem(notice: ProblemCode) -> Any:
    from domain.problems import raised

    return raised((), notice, NOON)[0]


def test_what_was_long_ago_is_forgotten() -> None:
    _, last = fought_over(6, every=timedelta(hours=25))
    assert len(last.code.interference.undone) == 1
    assert decide(last.code, NOON + 6 * timedelta(hours=25)).notice is None
    settled = last.code.model_copy(update={"on_lock": PRESENT})
    a_day_later = observe(settled, Look(Found.PRESENT, entry(), True), NOON + 8 * timedelta(hours=25), PLAIN).code
    assert (problems(a_day_later), a_day_later.interference) == ([], Interference())


def test_a_change_by_its_owner_is_not_held_back() -> None:
    _, last = fought_over(5, every=HOUR)
    at = NOON + 5 * HOUR + MINUTE
    wish = last.code.wish.model_copy(update={"generation": 2, "pin_generation": 2, "changed_at": at})
    assert decide(last.code.model_copy(update={"wish": wish}), at).action is Action.PROGRAM


def allowed(at: AccessCode) -> AccessCode:
    """Let others change the code."""
    return at.model_copy(update={"allows_external_modification": True})


def test_other_digits_are_taken_over_where_that_is_allowed() -> None:
    observed = looked(allowed(stay(PRESENT)), Found.CHANGED)
    assert event_types(observed) == ["access_code.modified_external_to_seam"]
    assert problems(observed.code) == [ProblemCode.EXTERNAL_MODIFICATION]
    assert (observed.code.wish.pin_generation, status(observed.code, NOON + HOUR)) == (2, Status.SET)
    assert decide(observed.code, NOON + HOUR).action is Action.WAIT


def test_digits_that_are_anothers_are_not_taken_over() -> None:
    observed = looked(allowed(stay(PRESENT)), Found.CHANGED, can_be_honoured=False)
    assert problems(observed.code) == [ProblemCode.CONFLICTING_MODIFICATION]
    assert decide(observed.code, NOON + HOUR).action is Action.PROGRAM


def test_a_code_taken_off_by_who_may_stays_off_until_it_is_changed() -> None:
    once = looked(allowed(stay(PRESENT)), Found.MISSING)
    assert (once.events, has_digits(once.code)) == ((), True)
    observed = looked(once.code, Found.MISSING, after=MINUTE)
    left = observed.code
    assert event_types(observed) == ["access_code.deleted_external_to_seam"]
    assert status(left, NOON + HOUR) is Status.UNSET
    decision = decide(left, NOON + HOUR)
    assert (decision.action, decision.notice, decision.pulls_backup) == (Action.WAIT, None, False)
    assert decision.wake_at == NOON + DAY
    renewed = left.model_copy(update={"wish": left.wish.model_copy(update={"generation": 2, "pin_generation": 2})})
    assert decide(renewed, NOON + HOUR).action is Action.PROGRAM
    assert decide(left, NOON + DAY).action is Action.FINISH


@pytest.mark.parametrize("ending", [None, Ending.DELETED, Ending.CANCELLED])
def test_a_code_that_comes_back_after_its_end_is_exposed_again(ending: Ending | None) -> None:
    ended = stay(OnLock(), ending=ending, ending_at=ending and NOON).model_copy(update={"closed": True})
    back = observe(ended, Look(Found.RESURFACED, entry()), NOON + 2 * DAY, PLAIN).code
    assert (back.closed, back.on_lock.presence) == (False, Presence.MAYBE)
    decision = decide(back, NOON + 2 * DAY)
    assert (decision.action, decision.notice) == (Action.REMOVE, ProblemCode.FAILED_TO_REMOVE)


def test_being_set_again_clears_the_warnings_and_keeps_the_memory() -> None:
    undone = looked(stay(PRESENT), Found.MISSING).code
    again = observe(undone, SeenOnLock(1), NOON + HOUR + MINUTE, PLAIN)
    assert event_types(again) == ["access_code.set_on_device"]
    assert problems(again.code) == [ProblemCode.CONFLICTING_MODIFICATION]
    assert decide(again.code, NOON + HOUR + MINUTE).action is Action.WAIT


def test_an_ongoing_code_is_judged_like_any_other() -> None:
    assert event_types(looked(code(PRESENT), Found.MISSING)) == ["access_code.deleted_external_to_seam"]
