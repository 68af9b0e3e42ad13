"""The backup pool uses the places that no stay in the books will ever need."""

from datetime import datetime

import pytest

from domain.room import Stay, peak, room_beside
from tests.domain.codes import DAY, HOUR, MICROSECOND, NOON

TODAY: Stay = (NOON, NOON + DAY)
TOMORROW: Stay = (NOON + DAY, NOON + 2 * DAY)
OVERDUE: Stay = (NOON - 2 * DAY, NOON - DAY)
OPEN: Stay = (NOON, None)


@pytest.mark.parametrize(
    ("stays", "expected"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([TODAY], 1, id="one"),
        pytest.param([TODAY, TODAY], 2, id="two at once"),
        pytest.param([TODAY, TOMORROW], 1, id="one ends as the other begins"),
        pytest.param([TODAY, (NOON + DAY - MICROSECOND, NOON + 2 * DAY)], 2, id="they meet for an instant"),
        pytest.param([TOMORROW, TODAY, TODAY], 2, id="in any order"),
        pytest.param([OPEN, TOMORROW], 2, id="one without an end"),
        pytest.param([OPEN, OPEN, TODAY], 3, id="two without an end"),
        pytest.param([(NOON - DAY, NOON + DAY), TODAY], 2, id="one that began before"),
        pytest.param([OVERDUE, TOMORROW], 2, id="one that is not proven gone"),
        pytest.param([(NOON - DAY, NOON), TOMORROW], 2, id="one whose end is this instant"),
        pytest.param([(NOON - DAY, NOON + MICROSECOND), TOMORROW], 1, id="one that ends at once"),
        pytest.param([(NOON + HOUR, NOON + HOUR)], 0, id="one of no length"),
        pytest.param([(NOON + 2 * HOUR, NOON + HOUR)], 0, id="one that ends before it begins"),
        pytest.param([(NOON + DAY, NOON - DAY)], 1, id="one that was ended before it began"),
    ],
)
def test_the_peak_is_the_most_stays_at_one_time(stays: list[Stay], expected: int) -> None:
    assert peak(stays, NOON) == expected


@pytest.mark.parametrize(("now", "expected"), [(NOON, 2), (NOON + 12 * HOUR, 2), (NOON + DAY + HOUR, 3)])
def test_the_past_counts_only_where_it_is_not_proven_gone(now: datetime, expected: int) -> None:
    stays: list[Stay] = [TODAY, TODAY, TOMORROW]
    assert peak(stays, now) == expected


@pytest.mark.parametrize(
    ("capacity", "stays", "expected"),
    [
        (None, [TODAY], None),
        (20, [], 20),
        (20, [TODAY, TOMORROW], 19),
        (2, [TODAY, TODAY], 0),
        (1, [TODAY, TODAY], 0),
        (0, [], 0),
    ],
)
def test_the_room_is_what_no_stay_needs(capacity: int | None, stays: list[Stay], expected: int | None) -> None:
    assert room_beside(capacity, stays, NOON) == expected
