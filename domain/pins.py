"""Which PINs we hand out ourselves.

A generated PIN is never easy to guess and keeps whatever rules its caller passes in.  A caller's own PIN is not judged
here: only the lock may refuse that one.  Randomness comes in as `pick`; nothing here remembers or shows a PIN.
"""

from collections.abc import Callable, Collection

from domain.digits import is_repetition, steps

USUAL_LENGTH = 6
"""Digits of a generated PIN when nobody prefers another: a guess hits one of 100 codes once in 10,000 tries."""

ATTEMPTS = 2000
"""Random tries before giving up.  The narrowest keypad (no 0, 7, 8, 9) takes 1.7 % of all 8-digit PINs: a miss of all
2000 tries is then rarer than 1 in 10^14."""

_SCANNED_LENGTH = 4
"""Up to this many digits every PIN is looked at (10,000 looks) before we say that none is left."""

_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CENTURIES = ("19", "20")


class NoPinLeftError(Exception):
    """No PIN of the wished length is acceptable.  A person must free codes on the lock or allow another length."""

    def __init__(self, length: int) -> None:
        super().__init__(f"no acceptable PIN of {length} digits is left")
        self.length = length


def preferred_length(lengths: Collection[int], preferred: int | None) -> int:
    """How many digits a generated PIN has, of the `lengths` that the lock takes.

    A preferred length that the lock does not take gives the shortest (Seam, `preferred_code_length`).  With None
    preferred it is 6, or the shortest where the lock does not take 6.

    Raises:
        ValueError: `lengths` is empty.
    """
    wished = USUAL_LENGTH if preferred is None else preferred
    return wished if wished in lengths else min(lengths)


def generate(
    length: int, acceptable: Callable[[str], bool], pick: Callable[[int], int], attempts: int = ATTEMPTS
) -> str:
    """A PIN of `length` digits that is not trivial and that `acceptable` takes, each such PIN equally likely.

    `pick(n)` gives an integer in [0, n), from a source fit for secrets.  Up to four digits a PIN is found whenever one
    exists; beyond that, after `attempts` misses it is taken to be absent.

    Raises:
        NoPinLeftError: none was found.
    """

    def is_good(pin: str) -> bool:
        return not is_trivial(pin) and acceptable(pin)

    space = 10**length
    for _ in range(attempts):
        pin = f"{pick(space):0{length}d}"
        if is_good(pin):
            return pin
    if length <= _SCANNED_LENGTH:
        left = [pin for pin in (f"{number:0{length}d}" for number in range(space)) if is_good(pin)]
        if left:
            return left[pick(len(left))]
    raise NoPinLeftError(length)


def is_trivial(pin: str) -> bool:
    """Whether a PIN is among those that people try first.

    One or two different digits, digits that run up or down (9 and 0 are neighbours, as on a keypad), a repeated block,
    a palindrome, a year of 1900-2099, or a date: day and month in either order, alone or with a year of two or four
    digits before or after.  Of the 4-digit PINs this removes 1,368 of 10,000.
    """
    return (
        len(set(pin)) <= 2
        or _runs_round_the_keypad(pin)
        or is_repetition(pin)
        or pin == pin[::-1]
        or _is_year(pin)
        or _is_date(pin)
    )


def _runs_round_the_keypad(pin: str) -> bool:
    return len({step % 10 for step in steps(pin)}) == 1 and steps(pin)[0] % 10 in (1, 9)


def _is_year(digits: str) -> bool:
    return len(digits) == 4 and digits.startswith(_CENTURIES)


def _is_date(pin: str) -> bool:
    match len(pin):
        case 4:
            return _is_day_and_month(pin)
        case 6:
            return _is_day_and_month(pin[:4]) or _is_day_and_month(pin[2:])
        case 8:
            return (_is_day_and_month(pin[:4]) and _is_year(pin[4:])) or (
                _is_year(pin[:4]) and _is_day_and_month(pin[4:])
            )
        case _:
            return False


def _is_day_and_month(digits: str) -> bool:
    first, second = int(digits[:2]), int(digits[2:])
    return _exists(day=first, month=second) or _exists(day=second, month=first)


def _exists(*, day: int, month: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= _DAYS_IN_MONTH[month - 1]
