"""Equal values are held once.

Thousands of sleeping codes lie in a worker's memory, and most have the same policy and the same empty lock.  A value
that cannot change may be the same object for all of them.
"""

from collections.abc import Hashable
from functools import lru_cache
from typing import TypeVar

V = TypeVar("V", bound=Hashable)

_VALUES = 1024
"""So many different values are known at a time; one more is merely held on its own."""


@lru_cache(maxsize=_VALUES)
def _first_equal_to(value: Hashable) -> Hashable:
    return value


def shared(value: V) -> V:
    """Give the first value that came and equals this one, or this one."""
    return _first_equal_to(value)  # type: ignore[return-value]
