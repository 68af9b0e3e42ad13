"""How often a key may call, and how often a lock may be asked for one kind of thing.

Each limit is a bucket that holds a minute's worth and refills evenly.  Buckets live in this process: with several
API processes, each grants the whole limit.
"""

import math
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Rate(StrEnum):
    """What is counted."""

    CALL = "call"
    """Any call, per key."""
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    LOCK = "lock"
    UNLOCK = "unlock"
    SIGN_IN = "sign_in"
    """A try at a password, per name and address."""
    SIGN_IN_ADDRESS = "sign_in_address"
    """A try at a password, per address, whatever the name."""


class RateLimits(StrEnum):
    """Which limits hold."""

    SEAM = "seam"
    """Those that Seam publishes per device, and 1,200 calls a minute per key."""
    OFF = "off"


_SIGN_IN = {Rate.SIGN_IN: 5, Rate.SIGN_IN_ADDRESS: 30}
"""Whoever guesses is slow whatever the limits; a name is counted per address, so that nobody can lock others out."""

PER_MINUTE: Mapping[RateLimits, Mapping[Rate, int]] = {
    RateLimits.SEAM: {
        Rate.CALL: 1200,
        Rate.CREATE: 10,
        Rate.UPDATE: 10,
        Rate.DELETE: 20,
        Rate.LOCK: 15,
        Rate.UNLOCK: 15,
        **_SIGN_IN,
    },
    RateLimits.OFF: _SIGN_IN,
}

_MOST_BUCKETS = 10_000


class TooOftenError(Exception):
    """The limit is reached; the same call succeeds after `retry_after` seconds."""

    def __init__(self, rate: Rate, per_minute: int, retry_after: int) -> None:
        super().__init__(f"more than {per_minute} a minute ({rate.value}); try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(slots=True)
class _Bucket:
    left: float
    filled_at: float


class Limiter:
    """Counts what is limited and refuses what is too much."""

    def __init__(self, limits: RateLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = PER_MINUTE[limits]
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}

    def count(self, rate: Rate, subject: Hashable) -> None:
        """Count one use.

        Raises:
            TooOftenError: the limit is reached; this use is not counted.
        """
        per_minute = self._per_minute.get(rate)
        if per_minute is None:
            return
        now = self._clock()
        bucket = self._buckets.get((rate, subject))
        if bucket is None:
            self._make_room(now)
            bucket = self._buckets[rate, subject] = _Bucket(per_minute, now)
        bucket.left = min(per_minute, bucket.left + (now - bucket.filled_at) * per_minute / 60)
        bucket.filled_at = now
        if bucket.left < 1:
            raise TooOftenError(rate, per_minute, math.ceil((1 - bucket.left) * 60 / per_minute))
        bucket.left -= 1

    def _make_room(self, now: float) -> None:
        """Forget buckets that are full again by now."""
        if len(self._buckets) >= _MOST_BUCKETS:
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if now - bucket.filled_at < 60}
