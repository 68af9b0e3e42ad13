"""When a lock's own word, told by its vendor's webhook, proves that a code is set.

It stands in for a read, so it must prove as much.  It counts when

* nothing later was told of that code, and it says that the lock holds it;
* it shows the digits and the mark of the generation, as far as it shows any, and at least one of them; and
* it happened, by the vendor's clock, after the attempt began: an earlier word may be about something since undone.

That a code is gone, or has other digits, is never believed from a word: the lock is read.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.names import carries_mark


@dataclass(frozen=True, slots=True)
class Told:
    """What was told last of a code.  `pin_index` is the keyed hash of its digits, None where the lock hides them."""

    is_there: bool
    happened_at: datetime
    pin_index: str | None
    mark: str | None


def contradicts(told: Told, pin_indexes: Collection[str]) -> bool:
    """Tell whether the word says otherwise of a code than was proven: that it is gone, or has none of these digits."""
    return not told.is_there or (told.pin_index is not None and told.pin_index not in pin_indexes)


def confirms(told: Told, *, pin_index: str, mark: str, since: datetime) -> bool:
    """Tell whether the word proves the code with these digits and this mark to be on its lock."""
    if not told.is_there or told.happened_at < since:
        return False
    digits = None if told.pin_index is None else told.pin_index == pin_index
    name = None if told.mark is None else carries_mark(told.mark, mark)
    return False not in (digits, name) and True in (digits, name)
