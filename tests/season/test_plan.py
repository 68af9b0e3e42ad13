"""The season that a seed stands for."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.season.plan import Booked, FactoryReset, KeypadEdit, Size, Trouble, booked, draw, local, spring

OPENS = date(2027, 3, 7)
WHOLE = draw(1, OPENS, Size())


def test_same_seed_gives_same_season() -> None:
    assert draw(1, OPENS, Size()) == WHOLE


def test_another_seed_gives_another_season() -> None:
    assert draw(2, OPENS, Size()).steps != WHOLE.steps


@pytest.mark.parametrize(("locks", "stays"), [(20, 400), (3, 12), (7, 30)])
def test_season_has_as_many_stays_as_asked_for(locks: int, stays: int) -> None:
    season = draw(5, OPENS, Size(locks=locks, stays=stays))
    assert len(list(booked(season))) == stays
    assert len({stay.door for stay in booked(season)}) == len(season.doors) == locks


def test_clocks_are_moved_in_both_directions() -> None:
    nights = WHOLE.nights
    assert ("Europe/Berlin", date(2027, 3, 28)) in nights
    assert ("America/New_York", date(2027, 3, 14)) in nights
    assert ("Australia/Sydney", date(2027, 4, 4)) in nights
    assert not [night for night in nights if night[0] == "Asia/Tokyo"]


def test_stays_end_in_the_hour_that_is_moved() -> None:
    """On the night itself, between one and four by the door's own clock."""
    nights = set(WHOLE.nights)
    ends = [(stay.door.zone, stay.ends_at.astimezone(ZoneInfo(stay.door.zone))) for stay in booked(WHOLE)]
    moved = [end for zone, end in ends if (zone, end.date()) in nights and 1 <= end.hour < 4]
    assert len({end.tzinfo for end in moved}) >= 3


def test_half_past_two_that_does_not_exist_is_after_the_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    at = local(berlin, date(2027, 3, 28), datetime(2000, 1, 1, 2, 30).time())  # noqa: DTZ001 - a time of day
    assert at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert at.astimezone(berlin).hour == 3


def test_guests_follow_each_other_without_a_gap() -> None:
    ends = {(stay.door, stay.ends_at) for stay in booked(WHOLE)}
    assert len([stay for stay in booked(WHOLE) if (stay.door, stay.starts_at) in ends]) > 50


def test_stays_are_booked_before_they_begin_and_steps_are_in_order() -> None:
    assert all(stay.at < stay.starts_at < stay.ends_at for stay in booked(WHOLE))
    assert list(WHOLE.steps) == sorted(WHOLE.steps, key=lambda step: step.at)


def test_nothing_happens_to_a_stay_before_it_is_booked() -> None:
    known: set[int] = set()
    for step in WHOLE.steps:
        if isinstance(step, Booked):
            known.add(step.stay)
        assert getattr(step, "stay", None) is None or step.stay in known  # type: ignore[attr-defined]


def test_everything_goes_wrong_somewhere() -> None:
    kinds = {step.kind for step in WHOLE.steps if isinstance(step, Trouble)}
    assert len(kinds) >= 12
    assert [step for step in WHOLE.steps if isinstance(step, Trouble) and step.door is None]
    assert [step for step in WHOLE.steps if isinstance(step, FactoryReset)]
    edits = [step.pin is None for step in WHOLE.steps if isinstance(step, KeypadEdit)]
    assert set(edits) == {True, False}


def test_spring_is_the_next_that_has_not_begun() -> None:
    assert spring(datetime(2026, 11, 25, tzinfo=UTC)) == OPENS
    assert spring(datetime(2027, 3, 7, tzinfo=UTC)) == OPENS + timedelta(days=366)
