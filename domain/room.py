"""How many places of a lock the backup pool may use: what no stay in the books will ever need.

Reservations come first.  A stay holds its place from P until it is proven gone, so one that is overdue or open-ended
holds it without end.
"""

from collections.abc import Iterable
from datetime import datetime

Stay = tuple[datetime, datetime | None]
"""From when until when a code needs its place; None: without end."""


def peak(stays: Iterable[Stay], now: datetime) -> int:
    """Give the most stays at one time, from `now` on.  One that ends as another begins does not meet it."""
    turns = [turn for begins, ends in stays for turn in _turns(max(begins, now), ends, now)]
    most = held = 0
    for _, change in sorted(turns):
        held += change
        most = max(most, held)
    return most


def room_beside(capacity: int | None, stays: Iterable[Stay], now: datetime) -> int | None:
    """Give the places that are never needed by a stay; None where the lock names no capacity."""
    return None if capacity is None else max(0, capacity - peak(stays, now))


def _turns(begins: datetime, ends: datetime | None, now: datetime) -> list[tuple[datetime, int]]:
    """A stay whose end has passed and that is still in the books is not proven gone: it goes on."""
    if ends is None or ends <= now:
        return [(begins, 1)]
    return [(begins, 1), (ends, -1)] if begins < ends else []
