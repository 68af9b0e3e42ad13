"""What a lock demands of a code's digits and name.

The vocabulary is Seam's `constraint_type` (docs: access-code requirements for door locks).  A check answers with the
rules that are broken, never with the digits: its words go into errors that people and logs see.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


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
