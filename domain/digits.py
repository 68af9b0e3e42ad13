"""Patterns in a string of digits, which locks' rules and our own sense of "too easy to guess" share.

Every function takes digits only and knows nothing of locks.
"""

from itertools import pairwise


def steps(digits: str) -> tuple[int, ...]:
    """The difference of each digit to the one before it; empty for fewer than two digits."""
    return tuple(int(after) - int(before) for before, after in pairwise(digits))


def is_sequence(digits: str) -> bool:
    """Every digit is one more, or every digit one less, than the one before it; one digit alone is no sequence."""
    return set(steps(digits)) in ({1}, {-1})


def longest_run(digits: str) -> int:
    """The length in digits of the longest stretch that stays the same, rises by one or falls by one."""
    longest = length = min(len(digits), 1)
    last_step: int | None = None
    for step in steps(digits):
        if step not in (-1, 0, 1):
            length = 1
        elif step == last_step:
            length += 1
        else:
            length = 2
        last_step = step
        longest = max(longest, length)
    return longest


def is_repetition(digits: str) -> bool:
    """A shorter block comes at least twice, whole or cut off at the end: 1212, 123123, 1231231."""
    return any(
        all(digit == digits[place % period] for place, digit in enumerate(digits))
        for period in range(1, len(digits) // 2 + 1)
    )
