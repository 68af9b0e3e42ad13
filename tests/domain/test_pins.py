"""A generated PIN keeps every rule it was made under, is never easy to guess, and is any of those that are left."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.constraints import CodeConstraint, ConstraintType, broken_pin_rules
from domain.pins import NoPinLeftError, generate, is_trivial, preferred_length

TRIVIAL = {
    "one or two digits": ("7777", "1212", "5775", "55455"),
    "run": ("1234", "4321", "7890", "0987", "8901", "2109", "123456", "890123"),
    "repetition": ("4848", "123123", "1231231", "48294829"),
    "palindrome": ("4884", "48284", "12344321"),
    "year": ("1998", "2031"),
    "day and month": ("3112", "1231", "2902"),
    "date": ("311299", "123199", "991231", "993112", "31121999", "12311999", "19991231", "20263112"),
}
GOOD = ("4829", "1397", "1899", "48291", "12346", "482915", "324799", "4829157", "48291573", "31121899", "18993112")


def picker(seed: int) -> Callable[[int], int]:
    return random.Random(seed).randrange


@pytest.mark.parametrize("pin", [pin for pins in TRIVIAL.values() for pin in pins])
def test_easy_pin_is_trivial(pin: str) -> None:
    assert is_trivial(pin)


@pytest.mark.parametrize("pin", GOOD)
def test_ordinary_pin_is_not_trivial(pin: str) -> None:
    assert not is_trivial(pin)


@pytest.mark.parametrize("pin", ["3002", "3106", "0013", "1300"])
def test_day_that_no_month_has_is_no_date(pin: str) -> None:
    assert not is_trivial(pin)


def test_triviality_costs_a_known_share_of_four_digit_pins() -> None:
    """1,368 of 10,000: the share of the space that we give up, and with it the odds of a guess."""
    assert sum(is_trivial(f"{number:04d}") for number in range(10_000)) == 1_368


@pytest.mark.parametrize(
    ("lengths", "preferred", "expected"),
    [
        ((4, 5, 6, 7, 8), None, 6),
        ((4, 5, 6, 7, 8), 8, 8),
        ((8, 5, 7), None, 5),
        ((5, 6, 7, 8), 4, 5),
        ((6,), 4, 6),
        ((4,), None, 4),
    ],
)
def test_length_is_preferred_else_usual_else_shortest(lengths: tuple[int, ...], preferred: int, expected: int) -> None:
    assert preferred_length(lengths, preferred) == expected


@settings(max_examples=150, deadline=None)  # a shared machine may stall one example
@given(
    kinds=st.sets(st.sampled_from(ConstraintType)),
    length=st.integers(4, 8),
    seed=st.integers(0, 2**32),
    first_fours=st.sets(st.integers(0, 9999).map(lambda number: f"{number:04d}"), max_size=20),
)
def test_generated_pin_keeps_every_rule(
    kinds: set[ConstraintType], length: int, seed: int, first_fours: set[str]
) -> None:
    constraints = [CodeConstraint(constraint_type=kind) for kind in kinds]

    def acceptable(pin: str) -> bool:
        return not broken_pin_rules(pin, constraints, chosen_by_caller=False, taken_first_fours=first_fours)

    pin = generate(length, acceptable, picker(seed))
    assert len(pin) == length
    assert acceptable(pin)
    assert not is_trivial(pin)


def test_last_pin_left_is_found() -> None:
    assert generate(4, lambda pin: pin == "4829", picker(1), attempts=1) == "4829"


def test_exhausted_lock_is_an_error_without_digits() -> None:
    with pytest.raises(NoPinLeftError, match=r"^no acceptable PIN of 4 digits is left$"):
        generate(4, lambda _pin: False, picker(1), attempts=10)


def test_trivial_pin_is_not_given_out_even_when_it_alone_is_left() -> None:
    with pytest.raises(NoPinLeftError):
        generate(4, lambda pin: pin == "1234", picker(1), attempts=10)


def test_long_pins_are_tried_a_bounded_number_of_times() -> None:
    tried: list[str] = []

    def refuse(pin: str) -> bool:
        tried.append(pin)
        return False

    with pytest.raises(NoPinLeftError):
        generate(8, refuse, picker(1), attempts=100)
    assert 0 < len(tried) <= 100


def test_every_pin_that_is_left_can_come_up_in_a_scan() -> None:
    left = {"048", "149", "250", "361", "472", "583", "694", "705", "816", "927"}
    pick = picker(7)
    assert {generate(3, left.__contains__, pick, attempts=0) for _ in range(100)} == left


def test_leading_zeros_are_kept() -> None:
    assert generate(6, lambda _pin: True, lambda _space: 4829) == "004829"


def test_first_digit_is_spread_over_all_ten() -> None:
    pick = picker(3)
    first = [generate(6, lambda _pin: True, pick)[0] for _ in range(2_000)]
    assert all(120 <= first.count(digit) <= 280 for digit in "0123456789")
