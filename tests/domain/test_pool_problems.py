"""What a lock shows of its backup codes follows the facts, and changes its mind slowly where it should."""

import pytest

from domain.pool_problems import POOL_PROBLEMS, Stock, with_stock
from domain.problems import ProblemCode, Problems, has, raised
from tests.domain.codes import MINUTE, NOON

EMPTY, PARTIAL, MANY = ProblemCode.EMPTY_POOL, ProblemCode.PARTIAL_POOL, ProblemCode.MANY_ACTIVE_BACKUPS
FULL = Stock(size=5, ready=5)


def standing(*codes: ProblemCode) -> Problems:
    problems: Problems = ()
    for code in codes:
        problems = raised(problems, code, NOON)
    return problems


def shown(problems: Problems) -> set[ProblemCode]:
    return {problem.code for problem in problems}


@pytest.mark.parametrize("before", [(), (EMPTY,), (PARTIAL,), (EMPTY, PARTIAL)])
@pytest.mark.parametrize(
    ("stocks", "expected"),
    [
        pytest.param([], False, id="no pool"),
        pytest.param([FULL], False, id="full"),
        pytest.param([Stock(size=5, ready=1)], False, id="one ready"),
        pytest.param([Stock(size=5)], True, id="nothing ready"),
        pytest.param([Stock(size=0)], False, id="of no size"),
        pytest.param([FULL, Stock(size=5)], True, id="one of two pools"),
        pytest.param([Stock(size=5, is_cramped=True)], True, id="no place at all"),
    ],
)
def test_an_empty_pool_shows_as_long_as_nothing_is_ready(
    before: tuple[ProblemCode, ...], stocks: list[Stock], expected: bool
) -> None:
    assert has(with_stock(standing(*before), stocks, 0, NOON), EMPTY) is expected


@pytest.mark.parametrize(
    ("stocks", "rises", "stays"),
    [
        pytest.param([], False, False, id="no pool"),
        pytest.param([FULL], False, False, id="full"),
        pytest.param([Stock(size=5, ready=6, is_late=True)], False, False, id="more than full"),
        pytest.param([Stock(size=5, ready=4)], False, True, id="being refilled"),
        pytest.param([Stock(size=5, ready=4, is_late=True)], True, True, id="one late"),
        pytest.param([Stock(size=5, ready=4, is_cramped=True)], True, True, id="one without a place"),
        pytest.param([Stock(size=5, ready=0, is_late=True)], True, True, id="all late"),
        pytest.param([Stock(size=5, ready=5, is_late=True)], False, False, id="full and one more is late"),
        pytest.param([FULL, Stock(size=5, ready=4, is_late=True)], True, True, id="one of two pools"),
        pytest.param([FULL, Stock(size=5, ready=4)], False, True, id="one of two is being refilled"),
        pytest.param([Stock(size=0)], False, False, id="of no size"),
    ],
)
def test_a_partial_pool_rises_when_it_is_stuck_and_stays_until_it_is_full(
    stocks: list[Stock], rises: bool, stays: bool
) -> None:
    assert has(with_stock((), stocks, 0, NOON), PARTIAL) is rises
    assert has(with_stock(standing(PARTIAL), stocks, 0, NOON), PARTIAL) is stays


@pytest.mark.parametrize(
    ("active", "rises", "stays"),
    [(0, False, False), (1, False, False), (2, False, True), (3, True, True), (9, True, True)],
)
def test_many_active_rise_at_three_and_clear_at_one(active: int, rises: bool, stays: bool) -> None:
    assert has(with_stock((), [FULL], active, NOON), MANY) is rises
    assert has(with_stock(standing(MANY), [FULL], active, NOON), MANY) is stays


@pytest.mark.parametrize("stocks", [[], [FULL]])
def test_stand_ins_count_without_a_pool_too(stocks: list[Stock]) -> None:
    """A pool that was disabled takes nothing from its guests; the lock is as sick as before."""
    assert has(with_stock((), stocks, 3, NOON), MANY)


def test_a_problem_that_stands_keeps_its_first_time() -> None:
    first = with_stock((), [Stock(size=5, is_late=True)], 3, NOON)
    assert shown(first) == set(POOL_PROBLEMS)
    assert with_stock(first, [Stock(size=5, is_late=True)], 3, NOON + MINUTE) == first


def test_other_problems_are_left_alone() -> None:
    before = standing(ProblemCode.DEVICE_DISCONNECTED, EMPTY)
    assert shown(with_stock(before, [FULL], 0, NOON)) == {ProblemCode.DEVICE_DISCONNECTED}


def test_without_a_pool_nothing_is_missing() -> None:
    assert with_stock(standing(EMPTY, PARTIAL), [], 0, NOON) == ()
