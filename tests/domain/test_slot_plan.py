"""Who has a slot and when, on a lock that holds only so many codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access_code import AccessCode, Ending
from domain.problems import ProblemCode
from domain.slot_plan import (
    Booking,
    ahead_of,
    booking,
    coming_days,
    served_at,
    with_calendar,
    with_place,
    without_slot,
)
from tests.domain.codes import ABSENT, DAY, HOUR, NOON, PRESENT, code, problems, stay


def a_stay(number: int, begins: float, ends: float | None, *, has_slot: bool = False) -> Booking:
    """Book a stay by its hours after noon, in the order of the numbers."""
    end = None if ends is None else NOON + ends * HOUR
    return Booking(UUID(int=number), NOON + begins * HOUR, end, NOON - DAY + number * HOUR, has_slot)


def hours(served: dict[UUID, datetime | None]) -> dict[int, float | None]:
    return {one.int: None if at is None else (at - NOON) / HOUR for one, at in served.items()}


@pytest.mark.parametrize(
    ("capacity", "stays", "expected"),
    [
        pytest.param(1, [a_stay(1, 0, 5), a_stay(2, 5, 9)], {1: 0, 2: 5}, id="one ends as the other begins"),
        pytest.param(1, [a_stay(1, 0, 5), a_stay(2, 3, 9)], {1: 0, 2: 5}, id="the later start waits"),
        pytest.param(1, [a_stay(1, 1, 5), a_stay(2, 0, 5)], {1: None, 2: 0}, id="the later booking may come first"),
        pytest.param(1, [a_stay(1, 0, 5), a_stay(2, 0, 5)], {1: 0, 2: None}, id="together: the earlier booking"),
        pytest.param(2, [a_stay(1, 0, 5), a_stay(2, 0, 5), a_stay(3, 1, 6)], {1: 0, 2: 0, 3: 5}, id="two and a third"),
        pytest.param(1, [a_stay(1, 0, None), a_stay(2, 1, 9)], {1: 0, 2: None}, id="one without an end"),
        pytest.param(1, [a_stay(1, -5, 9), a_stay(2, -9, 9, has_slot=True)], {1: None, 2: 0}, id="who has it keeps it"),
        pytest.param(
            1, [a_stay(1, -9, 9), a_stay(2, -5, 2, has_slot=True)], {1: 2, 2: 0}, id="who has it keeps it till its end"
        ),
        pytest.param(
            1, [a_stay(1, 0, 2), a_stay(2, 1, 9), a_stay(3, 0.5, 9)], {1: 0, 3: 2, 2: None}, id="the earlier in line"
        ),
        pytest.param(
            1, [a_stay(1, 0, 2), a_stay(2, 2, 9), a_stay(3, 1, 9)], {1: 0, 3: 2, 2: None}, id="at the same instant too"
        ),
        pytest.param(0, [a_stay(1, 0, 5)], {1: None}, id="no slot at all"),
    ],
)
def test_slots_go_to_who_is_first_in_line(
    capacity: int, stays: Sequence[Booking], expected: dict[int, float | None]
) -> None:
    assert hours(served_at(capacity, stays, NOON)) == expected


SPANS = st.tuples(st.integers(-3, 12), st.one_of(st.none(), st.integers(1, 8)))


@given(st.integers(0, 4), st.lists(SPANS, max_size=9))
def test_no_plan_ever_holds_more_than_there_are(capacity: int, spans: list[tuple[int, int | None]]) -> None:
    stays = [
        a_stay(number, begins, None if lasts is None else max(begins + lasts, 1))
        for number, (begins, lasts) in enumerate(spans)
    ]
    served = served_at(capacity, stays, NOON)
    assert served.keys() == {one.access_code_id for one in stays}
    ends = {one.access_code_id: one.ends for one in stays}
    begins = {one.access_code_id: max(one.begins, NOON) for one in stays}
    placed = {one: at for one, at in served.items() if at is not None}
    assert all(begins[one] <= at for one, at in placed.items())
    for at in placed.values():
        there = [one for one, since in placed.items() if since <= at and (ends[one] is None or ends[one] > at)]  # type: ignore[operator]
        assert len(there) <= capacity
    # Nobody waits beside a free slot: whoever is without one at its begin found all of them held.
    for one in without_slot(capacity, stays, NOON):
        at = begins[one]
        there = [other for other, since in placed.items() if since <= at and (ends[other] is None or ends[other] > at)]  # type: ignore[operator]
        assert len(there) == capacity


def test_without_a_named_capacity_everybody_has_a_slot() -> None:
    assert without_slot(None, [a_stay(number, 0, None) for number in range(50)], NOON) == {}


def test_line_is_of_those_who_wait_now() -> None:
    mine = a_stay(3, 0, 9)
    line = [mine, a_stay(1, -2, 9), a_stay(2, -3, 9, has_slot=True), a_stay(4, -1, 9), a_stay(5, 1, 9), a_stay(6, 0, 9)]
    assert ahead_of(mine, line, NOON) == 2  # the first and the fourth


@pytest.mark.parametrize(
    ("of", "has_slot", "now", "expected"),
    [
        (stay(), False, NOON - HOUR, (NOON, NOON + DAY)),
        (stay(PRESENT), True, NOON + 2 * DAY, (NOON, None)),
        (stay(ABSENT), False, NOON + 2 * DAY, None),
        (stay(PRESENT, ending=Ending.DELETED, ending_at=NOON), True, NOON, (NOON, None)),
        (stay(ABSENT, ending=Ending.DELETED, ending_at=NOON), False, NOON, None),
        (code(PRESENT), True, NOON, (NOON - DAY, None)),
        (stay(PRESENT, ending=Ending.RELEASED, ending_at=NOON), True, NOON, None),
    ],
)
def test_what_a_code_needs(
    of: AccessCode, has_slot: bool, now: datetime, expected: tuple[datetime, datetime | None] | None
) -> None:
    booked = booking(UUID(int=1), of, NOON - DAY, has_slot=has_slot, now=now)
    assert (None if booked is None else (booked.begins, booked.ends)) == expected


def test_errors_and_warnings_come_and_go_with_the_calendar() -> None:
    short = with_place(stay(), short=True, now=NOON - HOUR)
    assert problems(short) == [ProblemCode.NO_SPACE]
    assert with_place(short, short=True, now=NOON) is short
    assert problems(with_place(short, short=False, now=NOON)) == []
    warned = with_calendar((), short=True, now=NOON)
    assert [problem.code for problem in warned] == [ProblemCode.MAX_CODES_REACHED]
    assert with_calendar(warned, short=False, now=NOON) == ()


def test_days_are_those_of_the_lock() -> None:
    # Noon UTC is two in the afternoon there; the stay ends at one in the night, the next begins at eleven at night.
    stays = [a_stay(1, -1, 11), a_stay(2, 0, 1), a_stay(3, 9, 30)]
    days = coming_days(2, stays, NOON, ZoneInfo("Europe/Berlin"), 3)
    assert [(day.day.day, day.used, day.free) for day in days] == [(1, 2, 0), (2, 2, 0), (3, 0, 2)]
    assert coming_days(None, stays, NOON, ZoneInfo("UTC"), 1)[0].free is None
    assert coming_days(1, stays, NOON, ZoneInfo("Europe/Berlin"), 1)[0].free == -1
