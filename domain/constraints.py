"""What a lock demands of a code's digits and name.

The vocabulary is Seam's `constraint_type` (docs: access-code requirements for door locks).  A check answers with the
rules that are broken, never with the digits: its words go into errors that people and logs see.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal, assert_never

from pydantic import BaseModel, ConfigDict

from domain.digits import is_sequence, longest_run

_LONGEST_RUN = 3
"""Seam on `no_triple_consecutive_ints`: no more than 3 digits in a row may be consecutive or the same."""


class ConstraintType(StrEnum):
    """Every `constraint_type` that Seam publishes."""

    NO_ZEROS = "no_zeros"
    CANNOT_START_WITH_12 = "cannot_start_with_12"
    NO_TRIPLE_CONSECUTIVE_INTS = "no_triple_consecutive_ints"
    CANNOT_SPECIFY_PIN_CODE = "cannot_specify_pin_code"
    PIN_CODE_MATCHES_EXISTING_SET = "pin_code_matches_existing_set"
    START_DATE_IN_FUTURE = "start_date_in_future"
    NO_ASCENDING_OR_DESCENDING_SEQUENCE = "no_ascending_or_descending_sequence"
    AT_LEAST_THREE_UNIQUE_DIGITS = "at_least_three_unique_digits"
    CANNOT_CONTAIN_089 = "cannot_contain_089"
    CANNOT_CONTAIN_0789 = "cannot_contain_0789"
    UNIQUE_FIRST_FOUR_DIGITS = "unique_first_four_digits"
    NO_ALL_SAME_DIGITS = "no_all_same_digits"
    NAME_LENGTH = "name_length"
    NAME_MUST_BE_UNIQUE = "name_must_be_unique"


class CodeConstraint(BaseModel):
    """One demand of one lock.  The lengths, in characters, belong to `name_length` alone; None means no bound."""

    model_config = ConfigDict(frozen=True)

    constraint_type: ConstraintType
    min_length: int | None = None
    max_length: int | None = None


class BrokenRule(BaseModel):
    """A rule that a wished code breaks, told without the value that breaks it.

    `rule` is a `constraint_type`, or one of ours: `digits_only`, `code_length`.  `shape` is what the value looked like,
    such as "6 digits".  `message` is one sentence for the caller.
    """

    model_config = ConfigDict(frozen=True)

    field: Literal["code", "name", "starts_at"]
    rule: str
    shape: str
    message: str


def broken_rules(
    pin: str,
    constraints: Iterable[CodeConstraint],
    *,
    chosen_by_caller: bool,
    name: str | None,
    starts_at: datetime | None,
    now: datetime,
    taken_first_fours: Collection[str] = (),
    taken_names: Collection[str] = (),
    existing_pins: Collection[str] | None = None,
) -> tuple[BrokenRule, ...]:
    """Everything about a wished code that the lock would refuse; empty when it may be tried.

    The arguments are those of `broken_pin_rules`, `broken_name_rules` and `broken_start_rules`.
    """
    demands = tuple(constraints)
    return (
        *broken_pin_rules(
            pin,
            demands,
            chosen_by_caller=chosen_by_caller,
            taken_first_fours=taken_first_fours,
            existing_pins=existing_pins,
        ),
        *broken_name_rules(name, demands, taken_names=taken_names),
        *broken_start_rules(starts_at, demands, now=now),
    )


def broken_pin_rules(
    pin: str,
    constraints: Iterable[CodeConstraint],
    *,
    chosen_by_caller: bool,
    taken_first_fours: Collection[str] = (),
    existing_pins: Collection[str] | None = None,
) -> tuple[BrokenRule, ...]:
    """The rules on digits that a PIN breaks, one per kind of demand.

    A PIN that is not all digits breaks that rule alone: the others speak of digits.  `taken_first_fours` are the first
    four digits of the other codes on the lock; `existing_pins` the PINs of the account at the vendor, None when we do
    not know them.  The meanings are Seam's (properties of a device, `code_constraints`; brands from its connect types):

    - `no_zeros` (Nuki): no digit is 0.
    - `cannot_start_with_12` (Nuki): does not begin with 1, 2.
    - `no_triple_consecutive_ints` (Brivo): at most three digits in a row are the same, rise by one or fall by one.
    - `cannot_specify_pin_code` (Dormakaba, Lockly): the vendor makes the PIN; a caller's is refused.
    - `pin_code_matches_existing_set` (Salto): a PIN that is sent must be one of the account's.  The vendor makes new
      ones, so a caller's is refused when we do not know the set.
    - `no_ascending_or_descending_sequence` (Tedee, Korelock): the PIN as a whole does not rise or fall by one.
    - `at_least_three_unique_digits` (Tedee): three different digits or more.
    - `cannot_contain_089`, `cannot_contain_0789` (TTLock cylinders): their keypads lack those keys.
    - `unique_first_four_digits` (Schlage): no other code on the lock begins with the same four.
    - `no_all_same_digits` (Korelock): not one digit repeated.
    """
    if broken := check_digits(pin):
        return broken
    kinds = dict.fromkeys(constraint.constraint_type for constraint in constraints)
    complaints = (
        (kind, _pin_complaint(kind, pin, chosen_by_caller, taken_first_fours, existing_pins)) for kind in kinds
    )
    return tuple(_broken_pin(pin, kind, complaint) for kind, complaint in complaints if complaint is not None)


def broken_name_rules(
    name: str | None, constraints: Iterable[CodeConstraint], *, taken_names: Collection[str] = ()
) -> tuple[BrokenRule, ...]:
    """The rules on names that a wished name breaks (Nuki, Kwikset, Schlage); None wishes for none and breaks none.

    `name_length` counts characters, bounds included.  `name_must_be_unique` ignores case and surrounding space, because
    vendors' apps do.  `taken_names` are the names of the other codes on the lock.
    """
    if name is None:
        return ()
    broken = []
    for constraint in constraints:
        complaint = _name_complaint(name, constraint, taken_names)
        if complaint is not None:
            shape = _counted(len(name), "character")
            broken.append(
                BrokenRule(field="name", rule=constraint.constraint_type, shape=shape, message=complaint),
            )
    return tuple(broken)


def broken_start_rules(
    starts_at: datetime | None, constraints: Iterable[CodeConstraint], *, now: datetime
) -> tuple[BrokenRule, ...]:
    """`start_date_in_future` (Kwikset): a code that names its start must start after `now`.

    None, a start "from now", is not judged here: the driver chooses the instant that it sends.
    """
    wants_future = any(c.constraint_type is ConstraintType.START_DATE_IN_FUTURE for c in constraints)
    if not wants_future or starts_at is None or starts_at > now:
        return ()
    return (
        BrokenRule(
            field="starts_at",
            rule=ConstraintType.START_DATE_IN_FUTURE,
            shape="not in the future",
            message="The lock takes only codes that start in the future.",
        ),
    )


def check_digits(pin: str) -> tuple[BrokenRule, ...]:
    """A PIN is one or more of the digits 0-9 and nothing else: keypads have no others."""
    if pin.isascii() and pin.isdigit():
        return ()
    return (_broken_pin(pin, "digits_only", "A code consists of the digits 0-9 only."),)


def check_length(pin: str, lengths: Collection[int]) -> tuple[BrokenRule, ...]:
    """The PIN is as long as one of `lengths`, in digits: the lock's `supported_code_lengths`, never empty."""
    if len(pin) in lengths:
        return ()
    wanted = ", ".join(str(length) for length in sorted(lengths))
    return (_broken_pin(pin, "code_length", f"The lock takes codes of these lengths only: {wanted}."),)


def _pin_complaint(
    kind: ConstraintType,
    pin: str,
    chosen_by_caller: bool,
    taken_first_fours: Collection[str],
    existing_pins: Collection[str] | None,
) -> str | None:
    """The sentence for a broken rule, None when it holds or does not speak of digits."""
    match kind:
        case ConstraintType.NO_ZEROS:
            holds, sentence = "0" not in pin, "The lock takes no codes with a zero."
        case ConstraintType.CANNOT_START_WITH_12:
            holds, sentence = not pin.startswith("12"), "The lock takes no codes that start with 12."
        case ConstraintType.NO_TRIPLE_CONSECUTIVE_INTS:
            holds = longest_run(pin) <= _LONGEST_RUN
            sentence = "The lock takes no codes with more than three same or consecutive digits in a row."
        case ConstraintType.CANNOT_SPECIFY_PIN_CODE:
            holds, sentence = not chosen_by_caller, "The lock's vendor makes the code: leave it out."
        case ConstraintType.PIN_CODE_MATCHES_EXISTING_SET:
            holds = not chosen_by_caller if existing_pins is None else pin in existing_pins
            sentence = "The lock takes only codes that exist in its vendor's account: leave the code out."
        case ConstraintType.NO_ASCENDING_OR_DESCENDING_SEQUENCE:
            holds, sentence = not is_sequence(pin), "The lock takes no codes whose digits run up or down."
        case ConstraintType.AT_LEAST_THREE_UNIQUE_DIGITS:
            holds, sentence = len(set(pin)) >= 3, "The lock wants at least three different digits."
        case ConstraintType.CANNOT_CONTAIN_089:
            holds, sentence = set(pin).isdisjoint("089"), "The lock's keypad has no 0, 8 and 9."
        case ConstraintType.CANNOT_CONTAIN_0789:
            holds, sentence = set(pin).isdisjoint("0789"), "The lock's keypad has no 0, 7, 8 and 9."
        case ConstraintType.UNIQUE_FIRST_FOUR_DIGITS:
            holds = pin[:4] not in taken_first_fours
            sentence = "Another code on the lock starts with the same four digits."
        case ConstraintType.NO_ALL_SAME_DIGITS:
            holds, sentence = len(set(pin)) > 1, "The lock takes no codes of one repeated digit."
        case ConstraintType.NAME_LENGTH | ConstraintType.NAME_MUST_BE_UNIQUE | ConstraintType.START_DATE_IN_FUTURE:
            return None
        case _:
            assert_never(kind)
    return None if holds else sentence


def _name_complaint(name: str, constraint: CodeConstraint, taken_names: Collection[str]) -> str | None:
    if constraint.constraint_type is ConstraintType.NAME_LENGTH:
        if constraint.min_length is not None and len(name) < constraint.min_length:
            return f"The lock wants names of at least {_counted(constraint.min_length, 'character')}."
        if constraint.max_length is not None and len(name) > constraint.max_length:
            return f"The lock takes names of at most {_counted(constraint.max_length, 'character')}."
    if constraint.constraint_type is ConstraintType.NAME_MUST_BE_UNIQUE:
        wished = name.strip().casefold()
        if any(wished == taken.strip().casefold() for taken in taken_names):
            return "Another code on the lock has the same name."
    return None


def _broken_pin(pin: str, rule: str, message: str) -> BrokenRule:
    unit = "digit" if not pin or (pin.isascii() and pin.isdigit()) else "character"
    return BrokenRule(field="code", rule=rule, shape=_counted(len(pin), unit), message=message)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
