"""A judge who sees nothing would let everything pass: each promise, broken once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.season.judge import Bounds, Breach, Code, Held, Lock, Stay, Timeline, Trouble, exposures, judge, opened_at
from tests.season.spans import Span, left_of, total

START = datetime(2027, 3, 27, 15, tzinfo=UTC)
END = START + timedelta(days=2)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
BOUNDS = Bounds()
CODE = Held(1, "246813", "1a2b3c4d.1 Ada")


def lock(*states: tuple[datetime, tuple[Held, ...]]) -> Lock:
    """A lock that is empty at first, and looked at every hour."""
    looks = [START + n * HOUR for n in range(-24, 96)]
    return Lock("Door", Timeline([(START - 24 * HOUR, ()), *states]), looked_at=looks)


def stay(number: int = 0, *, stem: str = "1a2b3c4d.", pin: str = "246813") -> Stay:
    """A guest of two days."""
    return Stay(number, "Door", Code(stem, [(START - HOUR, pin)]), START, END, END)


def promises(*breaches: Breach) -> list[str]:
    """Name what was broken."""
    return [breach.promise for breach in breaches]


KEPT = ((START, (CODE,)), (END, ()))


def test_promises_that_were_kept_are_no_breach() -> None:
    kept = stay()
    kept.code.reports = [(START, "set"), (END, "removed")]
    assert judge([lock(*KEPT)], [kept], BOUNDS) == []


def test_guest_without_a_code_is_a_breach_from_the_end_of_the_grace_on() -> None:
    (breach,) = judge([lock((START + HOUR, (CODE,)), (END, ()))], [stay()], BOUNDS)
    assert (breach.promise, breach.at, breach.lasted) == ("SERVED", START + 4 * MINUTE, 56 * MINUTE)


def test_stand_in_serves_from_when_it_was_lent() -> None:
    stand_in = Held(2, "975318", "beefbeef.1")
    served = stay()
    served.stand_ins = [(START + 2 * MINUTE, Code("beefbeef.", [(START - HOUR, "975318")]))]
    assert judge([lock((START - HOUR, (stand_in,)), (END, ()))], [served], BOUNDS) == []
    assert opened_at(lock((START - HOUR, (stand_in,))), stay()) is None


def test_door_that_opens_before_the_start_is_a_breach() -> None:
    early = lock((START - HOUR, (CODE,)), (END, ()))
    (breach,) = judge([early], [stay()], BOUNDS)
    assert (breach.promise, breach.at, breach.lasted) == ("EARLY", START - HOUR, HOUR)


@pytest.mark.parametrize(
    ("window", "broken"), [((START, END), []), ((START - HOUR, END), ["EARLY"]), ((START + HOUR, END), ["SERVED"])]
)
def test_lock_that_keeps_windows_opens_in_them_only(window: tuple[datetime, datetime], broken: list[str]) -> None:
    """Loaded a day ahead, which is no matter as long as the door stays shut."""
    loaded = Held(1, CODE.pin, CODE.name, *window)
    native = lock((START - 20 * HOUR, (loaded,)), (END, ()))
    assert promises(*judge([native], [stay()], BOUNDS)) == broken


def test_outage_is_forgiven_with_one_retry_interval_and_no_longer() -> None:
    late = lock((START + HOUR, (CODE,)), (END, ()))
    late.troubles = [Trouble(Span(START - HOUR, START + 45 * MINUTE))]
    assert judge([late], [stay()], BOUNDS) == []
    late.troubles = [Trouble(Span(START - HOUR, START + 40 * MINUTE))]
    (breach,) = judge([late], [stay()], BOUNDS)
    assert (breach.at, breach.lasted) == (START + 57 * MINUTE, 3 * MINUTE)


def test_what_others_did_is_forgiven_until_the_next_look() -> None:
    off, on = START + 90 * MINUTE, START + 121 * MINUTE
    meddled = lock((START, (CODE,)), (off, ()), (on, (CODE,)), (END, ()))
    assert promises(*judge([meddled], [stay()], BOUNDS)) == ["SERVED"]
    meddled.meddled_at = [off]
    assert judge([meddled], [stay()], BOUNDS) == []
    meddled.timeline.states[3] = (on + HOUR, (CODE,))
    assert promises(*judge([meddled], [stay()], BOUNDS)) == ["SERVED"]


def test_look_that_fails_is_none() -> None:
    off, on = START + 90 * MINUTE, START + 181 * MINUTE
    meddled = lock((START, (CODE,)), (off, ()), (on, (CODE,)), (END, ()))
    meddled.meddled_at = [off]
    meddled.troubles = [Trouble(Span(START + 119 * MINUTE, START + 122 * MINUTE))]
    assert judge([meddled], [stay()], BOUNDS) == []


@pytest.mark.parametrize("held", [CODE, replace(CODE, pin="999999"), replace(CODE, name="Keypad")])
def test_code_that_is_there_after_its_end_is_a_breach_by_digits_and_by_name(held: Held) -> None:
    exposed = lock((START, (CODE,)), (END, (held,)), (END + 30 * MINUTE, ()))
    (breach,) = judge([exposed], [stay()], BOUNDS)
    assert (breach.promise, breach.at, breach.lasted) == ("GONE", END + 2 * MINUTE, 28 * MINUTE)
    assert total(exposures(exposed, stay())) == 30 * MINUTE


def test_changed_digits_must_come_in_time() -> None:
    changed = stay()
    changed.code.pins.append((START + HOUR, "864213"))
    at = START + 2 * HOUR
    new = replace(CODE, pin="864213")
    assert promises(*judge([lock((START, (CODE,)), (at, (new,)), (END, ()))], [changed], BOUNDS)) == ["SERVED"]
    in_time = lock((START, (CODE,)), (START + HOUR + MINUTE, (new,)), (END, ()))
    assert judge([in_time], [changed], BOUNDS) == []


def test_two_guests_with_the_same_digits_are_a_breach() -> None:
    broken = judge([lock(*KEPT)], [stay(0), stay(1, stem="2b3c4d5e.")], BOUNDS)
    assert "APART (same digits)" in promises(*broken)


def test_code_that_is_there_twice_is_a_breach() -> None:
    twice = lock((START, (CODE, replace(CODE, slot=2, pin="111222"))), (END, ()))
    assert promises(*judge([twice], [stay()], BOUNDS)) == ["APART (twice on the lock)"]


@pytest.mark.parametrize(("at", "what"), [(START - HOUR, "set"), (START + HOUR, "removed")])
def test_report_against_the_truth_is_a_breach(at: datetime, what: str) -> None:
    told = stay()
    told.code.reports = [(at, what)]
    assert promises(*judge([lock(*KEPT)], [told], BOUNDS)) == [f"TRUE ({what})"]


def test_foreign_code_that_was_touched_is_a_breach() -> None:
    foreign = Held(9, "135790", "Keypad")
    touched = lock((START, (CODE, foreign)), (START + HOUR, (CODE,)), (END, ()))
    touched.foreign = [(Span(START, END), foreign)]
    assert promises(*judge([touched], [stay()], BOUNDS)) == ["FOREIGN"]


def test_spans_are_cut_by_what_covers_them() -> None:
    hour = Span(START, START + HOUR)
    covers = [Span(START + 30 * MINUTE, START + 40 * MINUTE), Span(START - HOUR, START + 10 * MINUTE)]
    assert left_of(hour, covers) == [
        Span(START + 10 * MINUTE, START + 30 * MINUTE),
        Span(START + 40 * MINUTE, START + HOUR),
    ]
    assert left_of(hour, [Span(START - HOUR, END)]) == []


def test_stay_that_was_deleted_before_it_began_is_owed_nothing() -> None:
    deleted = stay()
    deleted.due_at = START - HOUR
    assert judge([lock()], [deleted], BOUNDS) == []
    assert opened_at(lock(), deleted) is None
