"""What a vendor's webhook can say, in the words of every driver.

News are hints, with one exception: where a lock's facts say `webhooks_from_lock`, `CodeNews` of a code that is there is
the lock's own word.  That a code is gone is never believed from news.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class CodeNews:
    """Something happened to a code on a lock.  With `is_there` the lock holds it now, with these digits and name.

    `pin` is None where the vendor hides digits, `name` where it tells none.
    """

    lock_id: str
    happened_at: datetime
    reference: str
    is_there: bool
    name: str | None = None
    pin: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class ReachNews:
    """A lock answers its vendor again, or no longer."""

    lock_id: str
    happened_at: datetime
    is_online: bool


@dataclass(frozen=True, slots=True)
class BatteryNews:
    """A lock's battery stands at this level, from 0 to 1."""

    lock_id: str
    happened_at: datetime
    level: float


News = CodeNews | ReachNews | BatteryNews

ReadNews = Callable[[bytes], News | None]
"""Reads the body of a webhook whose signature was checked; None: it speaks of nothing that concerns us.

Raises:
    NonsenseError: it makes no sense; the text holds nothing of it.
"""
