"""How long the next attempt waits: close together while a guest may wait, far apart later, never before the vendor."""

from datetime import timedelta

import pytest

from domain.policy import Policy
from domain.retry import LONGEST_VENDOR_DELAY, delay_before_next

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
FAIL_AFTER = 10 * MINUTE


def delay(attempt: int, elapsed: timedelta = SECOND, retry_after: timedelta | None = None) -> timedelta:
    return delay_before_next(attempt, elapsed, fail_after=FAIL_AFTER, policy=Policy(), retry_after=retry_after)


@pytest.mark.parametrize(
    ("attempt", "expected"), [(0, 2), (1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (7, 60), (10**9, 60)]
)
def test_delay_doubles_up_to_a_minute(attempt: int, expected: int) -> None:
    assert delay(attempt) == expected * SECOND


@pytest.mark.parametrize(
    ("elapsed", "expected"),
    [
        (FAIL_AFTER, MINUTE),
        (FAIL_AFTER + 30 * SECOND, MINUTE),
        (FAIL_AFTER + 5 * MINUTE, 5 * MINUTE),
        (FAIL_AFTER + 15 * MINUTE, 15 * MINUTE),
        (100 * HOUR, 15 * MINUTE),
    ],
)
def test_attempts_spread_out_once_the_failure_is_told(elapsed: timedelta, expected: timedelta) -> None:
    assert delay(20, elapsed) == expected


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [
        (SECOND, 2 * SECOND),
        (5 * MINUTE, 5 * MINUTE),
        (LONGEST_VENDOR_DELAY, LONGEST_VENDOR_DELAY),
        (1000 * HOUR, LONGEST_VENDOR_DELAY),
        (-HOUR, 2 * SECOND),
    ],
)
def test_vendor_only_lengthens_the_delay_and_not_for_ever(retry_after: timedelta, expected: timedelta) -> None:
    assert delay(1, retry_after=retry_after) == expected


def test_attempt_before_its_time_waits_no_longer() -> None:
    assert delay(1, -HOUR) == 2 * SECOND


@pytest.mark.parametrize(
    ("elapsed", "comes_in", "expected"),
    [
        (HOUR, 2 * HOUR, 15 * MINUTE),
        (HOUR, 7 * MINUTE, 7 * MINUTE),
        (HOUR, timedelta(0), MINUTE),
        (HOUR, -9 * MINUTE, MINUTE),
        (HOUR, -FAIL_AFTER - 5 * MINUTE, 5 * MINUTE),
        (FAIL_AFTER + 5 * MINUTE, -HOUR, 5 * MINUTE),
    ],
)
def test_what_is_done_ahead_is_tried_as_the_guest_comes(
    elapsed: timedelta, comes_in: timedelta, expected: timedelta
) -> None:
    found = delay_before_next(20, elapsed, fail_after=FAIL_AFTER, policy=Policy(), comes_in=comes_in)
    assert found == expected


def test_vendor_is_not_hurried_by_the_guest() -> None:
    comes_in, retry_after = MINUTE, 5 * MINUTE
    hurried = delay_before_next(
        20, HOUR, fail_after=FAIL_AFTER, policy=Policy(), retry_after=retry_after, comes_in=comes_in
    )
    assert hurried == retry_after
