"""Every `constraint_type` says no where Seam's documentation says so, and never repeats the digits."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.constraints import (
    BrokenRule,
    CodeConstraint,
    ConstraintType,
    broken_name_rules,
    broken_pin_rules,
    broken_rules,
    broken_start_rules,
    check_digits,
    check_length,
)

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
KEYPAD_RULES = (
    ("no_zeros", "1023", "1923"),
    ("cannot_start_with_12", "1293", "2193"),
    ("no_triple_consecutive_ints", "91234", "91235"),
    ("no_triple_consecutive_ints", "974321", "974326"),
    ("no_triple_consecutive_ints", "277775", "277725"),
    ("no_ascending_or_descending_sequence", "12345", "12346"),
    ("no_ascending_or_descending_sequence", "98765", "98764"),
    ("at_least_three_unique_digits", "12121", "12131"),
    ("cannot_contain_089", "1238", "1237"),
    ("cannot_contain_089", "1230", "7777"),
    ("cannot_contain_0789", "1237", "1236"),
    ("no_all_same_digits", "55555", "55556"),
)


def demand(kind: str, **lengths: int) -> list[CodeConstraint]:
    return [CodeConstraint(constraint_type=ConstraintType(kind), **lengths)]


def rules(broken: tuple[BrokenRule, ...]) -> list[str]:
    return [rule.rule for rule in broken]


@pytest.mark.parametrize(("kind", "refused", "taken"), KEYPAD_RULES)
def test_rule_on_digits_refuses_what_it_names(kind: str, refused: str, taken: str) -> None:
    assert rules(broken_pin_rules(refused, demand(kind), chosen_by_caller=True)) == [kind]
    assert broken_pin_rules(taken, demand(kind), chosen_by_caller=True) == ()


def test_first_four_digits_are_compared_with_other_codes() -> None:
    constraints = demand("unique_first_four_digits")
    assert broken_pin_rules("482915", constraints, chosen_by_caller=False, taken_first_fours={"4829"})
    assert not broken_pin_rules("482915", constraints, chosen_by_caller=False, taken_first_fours={"8291"})


def test_vendor_that_makes_pins_refuses_only_a_callers() -> None:
    constraints = demand("cannot_specify_pin_code")
    assert broken_pin_rules("4829", constraints, chosen_by_caller=True)
    assert not broken_pin_rules("4829", constraints, chosen_by_caller=False)


@pytest.mark.parametrize(
    ("existing", "chosen", "refused"),
    [
        ({"4829"}, True, False),
        ({"4829"}, False, False),
        ({"1111"}, True, True),
        ({"1111"}, False, True),
        (None, True, True),
        (None, False, False),
    ],
)
def test_pin_must_be_in_the_account_when_sent(existing: set[str] | None, chosen: bool, refused: bool) -> None:
    constraints = demand("pin_code_matches_existing_set")
    broken = broken_pin_rules("4829", constraints, chosen_by_caller=chosen, existing_pins=existing)
    assert bool(broken) is refused


@pytest.mark.parametrize(
    ("name", "refused"), [(None, False), ("A", True), ("Al", False), ("A" * 14, False), ("A" * 15, True)]
)
def test_name_length_includes_its_bounds(name: str | None, refused: bool) -> None:
    constraints = demand("name_length", min_length=2, max_length=14)
    assert bool(broken_name_rules(name, constraints)) is refused


def test_unbounded_name_length_refuses_nothing() -> None:
    assert broken_name_rules("A" * 500, demand("name_length")) == ()


def test_name_is_unique_whatever_its_case() -> None:
    constraints = demand("name_must_be_unique")
    assert rules(broken_name_rules("anna ", constraints, taken_names={"Anna"})) == ["name_must_be_unique"]
    assert broken_name_rules("Anna B", constraints, taken_names={"Anna"}) == ()


@pytest.mark.parametrize(("ahead", "refused"), [(-1, True), (0, True), (1, False)])
def test_start_lies_strictly_in_the_future(ahead: int, refused: bool) -> None:
    starts_at = NOW + timedelta(seconds=ahead)
    assert bool(broken_start_rules(starts_at, demand("start_date_in_future"), now=NOW)) is refused


def test_start_without_a_time_is_not_judged() -> None:
    assert broken_start_rules(None, demand("start_date_in_future"), now=NOW) == ()


@pytest.mark.parametrize("pin", ["", "12a4", " 1234", "12-34", "１２３４"])
def test_pin_that_is_not_digits_breaks_that_rule_alone(pin: str) -> None:
    every = [CodeConstraint(constraint_type=kind) for kind in ConstraintType]
    assert rules(broken_pin_rules(pin, every, chosen_by_caller=True)) == ["digits_only"]


def test_length_is_one_that_the_lock_takes() -> None:
    assert check_length("4829", (4, 6)) == ()
    (broken,) = check_length("48291", (6, 4))
    assert (broken.shape, broken.message) == ("5 digits", "The lock takes codes of these lengths only: 4, 6.")


def test_all_fields_are_judged_together() -> None:
    every = [CodeConstraint(constraint_type=kind, max_length=3) for kind in ConstraintType]
    broken = broken_rules(
        "1234",
        every,
        chosen_by_caller=True,
        name="Anna",
        starts_at=NOW,
        now=NOW,
        taken_first_fours={"1234"},
        taken_names={"anna"},
    )
    assert {rule.field for rule in broken} == {"code", "name", "starts_at"}
    assert set(rules(broken)) == set(ConstraintType) - {
        "no_zeros",
        "at_least_three_unique_digits",
        "cannot_contain_089",
        "cannot_contain_0789",
        "no_all_same_digits",
    }


def test_repeated_demand_complains_once() -> None:
    assert len(broken_pin_rules("1000", demand("no_zeros") * 2, chosen_by_caller=True)) == 1


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{4,8}|[0-9a-z]{5,8}", fullmatch=True))
def test_no_word_about_a_pin_repeats_it(pin: str) -> None:
    every = [CodeConstraint(constraint_type=kind) for kind in ConstraintType]
    broken = broken_pin_rules(pin, every, chosen_by_caller=True) + check_digits(pin) + check_length(pin, (9,))
    assert broken
    assert not any(pin in str(rule.model_dump()) for rule in broken)
