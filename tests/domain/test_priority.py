"""The guest who arrives soonest goes first."""

from datetime import timedelta

import pytest

from domain.priority import FIRST, LAST, REMOVAL, by_arrival
from tests.domain.codes import DAY, MICROSECOND, NOON


@pytest.mark.parametrize(
    ("minutes", "key"),
    [(2, 1), (5, 2), (15, 3), (60, 4)],
)
def test_priority_falls_just_after_its_bound(minutes: int, key: int) -> None:
    arrives_at = NOON + timedelta(minutes=minutes)
    assert by_arrival(arrives_at, NOON) == key
    assert by_arrival(arrives_at + MICROSECOND, NOON) == key + 1


def test_guest_who_is_late_already_goes_first() -> None:
    assert by_arrival(NOON - DAY, NOON) == FIRST


def test_guest_of_another_day_goes_last() -> None:
    assert by_arrival(NOON + DAY, NOON) == LAST


def test_removal_goes_between_the_guests_at_the_door_and_those_of_later() -> None:
    assert FIRST < REMOVAL < LAST
