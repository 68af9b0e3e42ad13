"""How long Temporal waits for our activities, and what it repeats by itself.  Each number has its reason here."""

from datetime import timedelta
from typing import Any, TypedDict

from temporalio.common import Priority, RetryPolicy
from temporalio.workflow import ActivityCancellationType

REGISTRATION: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=10),
    # A caller waits for it.  Attempts, not time, bound it: local retries ignore schedule_to_close.
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=5),
}

BOOKKEEPING: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=10),
    # The store must be told, however long it is away; nothing of a code's life is lost meanwhile.
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)),
}

POOL_FILLING: dict[str, Any] = {
    "start_to_close_timeout": timedelta(minutes=2),
    # Fifty backups at most, each a start and a registration; what is done already is done quickly again.
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
}

PULLING: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=15),
    # A guest may stand at the door; the pool serves who asked even when its answer is lost.
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
}

SOMEBODY_WAITS = timedelta(seconds=25)
"""How long somebody who asks for a backup waits at most: less than an update's own limit."""

_AFTER_A_CRASH = RetryPolicy(
    # Only for an attempt that timed out or whose worker died: every other failure brings its own delay.
    initial_interval=timedelta(seconds=2),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=1),
)


class LockOptions(TypedDict):
    """How an activity that talks to a lock is scheduled."""

    task_queue: str
    priority: Priority
    start_to_close_timeout: timedelta
    cancellation_type: ActivityCancellationType
    retry_policy: RetryPolicy
    schedule_to_start_timeout: timedelta | None


def lock_options(
    queue: str, *, priority_key: int, fairness_key: str, attempt_timeout: timedelta, ends_within: timedelta | None
) -> LockOptions:
    """Schedule one operation on a lock.

    With `ends_within` it is a single attempt that is over by then, wherever it waits: nothing needs to watch the
    clock beside it.  Without, it is repeated for as long as it takes.  It never carries `schedule_to_close`, which
    would end it up to a whole backoff early; and its cancellation waits for the attempt in flight, which may write.
    """
    return LockOptions(
        task_queue=queue,
        priority=Priority(priority_key=priority_key, fairness_key=fairness_key),
        start_to_close_timeout=attempt_timeout,
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        retry_policy=_AFTER_A_CRASH if ends_within is None else RetryPolicy(maximum_attempts=1),
        schedule_to_start_timeout=None if ends_within is None else ends_within - attempt_timeout,
    )
