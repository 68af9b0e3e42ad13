"""What a simulated lock refuses in a code: its own judgement, written apart from the engine's.

Were the two one function, a mistake in it could not be found by programming a lock.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from domain.constraints import CodeConstraint, ConstraintType


def _run(pin: str, length: int) -> bool:
    """Whether `length` digits in a row rise, or fall, by one."""
    steps = [int(after) - int(before) for before, after in pairwise(pin)]
    windows = (steps[at : at + length - 1] for at in range(len(steps) - length + 2))
    return any(set(window) in ({1}, {-1}) for window in windows)


BREAKS: Mapping[ConstraintType, Callable[[str], bool]] = {
    ConstraintType.NO_ZEROS: lambda pin: "0" in pin,
    ConstraintType.CANNOT_START_WITH_12: lambda pin: pin.startswith("12"),
    ConstraintType.NO_TRIPLE_CONSECUTIVE_INTS: lambda pin: _run(pin, 3),
    ConstraintType.NO_ASCENDING_OR_DESCENDING_SEQUENCE: lambda pin: _run(pin, len(pin)),
    ConstraintType.AT_LEAST_THREE_UNIQUE_DIGITS: lambda pin: len(set(pin)) < 3,
    ConstraintType.CANNOT_CONTAIN_089: lambda pin: bool(set("089") & set(pin)),
    ConstraintType.CANNOT_CONTAIN_0789: lambda pin: bool(set("0789") & set(pin)),
    ConstraintType.NO_ALL_SAME_DIGITS: lambda pin: len(set(pin)) == 1,
}
"""The rules about the digits alone.  Those about dates, sets and generated PINs belong to vendors we do not play."""


def breaks_pin_rules(
    pin: str, lengths: Iterable[int], constraints: Iterable[CodeConstraint], others: Iterable[str]
) -> bool:
    """Whether the lock refuses the digits as such; `others` are the PINs it holds beside this one."""
    if not (pin.isascii() and pin.isdigit()) or len(pin) not in lengths:
        return True
    kinds = {constraint.constraint_type for constraint in constraints}
    if ConstraintType.UNIQUE_FIRST_FOUR_DIGITS in kinds and any(other[:4] == pin[:4] for other in others):
        return True
    return any(BREAKS[kind](pin) for kind in kinds if kind in BREAKS)


def breaks_name_rules(name: str, constraints: Iterable[CodeConstraint], others: Iterable[str]) -> bool:
    """Whether the lock refuses the name; `others` are the names of its other codes."""
    taken = set(others)
    for constraint in constraints:
        match constraint.constraint_type:
            case ConstraintType.NAME_MUST_BE_UNIQUE if name in taken:
                return True
            case ConstraintType.NAME_LENGTH:
                low, high = constraint.min_length or 0, constraint.max_length or len(name)
                if not low <= len(name) <= high:
                    return True
            case _:
                pass
    return False
