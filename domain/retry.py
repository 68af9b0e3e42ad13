"""When an operation on a lock is tried again: a pure function of attempt, elapsed time and the vendor's wish.

Early, while a guest may be waiting, attempts come close together; once the failure has been announced they spread
out, each delay at most as long as the time that has passed since.  Work that begins long before the guest comes is
tried once more the moment they are there, and from then on as closely as if it had just begun.  The vendor's
`Retry-After` only ever lengthens a delay.
"""

from datetime import timedelta

from domain.policy import Policy

LONGEST_VENDOR_DELAY = timedelta(hours=1)
"""A vendor that asks for more is asked again after this long: a typo of theirs must not keep a code on a lock."""


def delay_before_next(
    attempt: int,
    elapsed: timedelta,
    *,
    fail_after: timedelta,
    policy: Policy,
    retry_after: timedelta | None = None,
    comes_in: timedelta | None = None,
) -> timedelta:
    """Say how long to wait after the `attempt`-th attempt (from 1), `elapsed` after the operation was due.

    `comes_in` is how long it takes until the guest comes for whom this is done ahead; None where nobody is yet to come,
    and negative, if they have come since the operation was due.
    """
    if comes_in is not None and comes_in <= timedelta(0):
        elapsed = min(elapsed, -comes_in)
    doublings = min(max(attempt, 1) - 1, 30)  # 2**30 seconds is past every cap
    delay = min(policy.retry_initial * float(2**doublings), policy.retry_cap)
    if elapsed > fail_after:
        delay = min(max(delay, elapsed - fail_after), policy.retry_cap_late)
    if comes_in is not None and comes_in > timedelta(0):
        delay = min(delay, comes_in)
    if retry_after is not None:
        delay = max(delay, min(retry_after, LONGEST_VENDOR_DELAY))
    return delay
