"""What `ReconcileWorkflow` does, and the news of a lock in doubt.

One activity reads one lock and writes down what follows.  Where reads lag behind, what one look did not find as it
should be is looked at again as soon as a second look proves anything.  A lock that cannot be read holds up no other.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.orders import DueLock, Planned, PlanOrder, Reconciled, ReconcileOrder
from activities.reconciling import ReconcileActivities
from domain import priority
from workflows import contracts
from workflows.account_look import look_at_account
from workflows.contracts import ReconcileInput, ReconcileResult
from workflows.options import BOOKKEEPING

_AT_ONCE = 200
"""Locks that are read side by side: more would only wait in the vendor's queue."""

_LOOKS = 3
"""How often a lock is looked at in one run at most: a doubt that is not settled then waits for the next run."""

_GIVES_UP_AFTER = timedelta(minutes=5)
"""A read that cannot be made by then is made at the next tick: it says how the lock is, not how it was."""

_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(seconds=30))
"""A lock whose turn is another's is asked again when that may be over; the activity says when."""


async def reconciled(request: ReconcileInput) -> ReconcileResult:
    """Compare the locks that are due with the books."""
    if not request.device_ids:
        await look_at_account(request.account_id)
    order = PlanOrder(account_id=request.account_id, device_ids=request.device_ids, now=workflow.now())
    planned: Planned = await workflow.execute_activity_method(
        ReconcileActivities.plan, order, summary="see which locks are due", **BOOKKEEPING
    )
    looks: list[Reconciled] = []
    for start in range(0, len(planned.due), _AT_ONCE):
        bunch = planned.due[start : start + _AT_ONCE]
        looks += await asyncio.gather(*(_looked_at(lock, planned.provider, request) for lock in bunch))
    return _summed_up(looks)


async def _looked_at(lock: DueLock, provider: str, request: ReconcileInput) -> Reconciled:
    """Look once, and again where the first look left a doubt."""
    look = await _look(lock, provider, request)
    for _ in range(_LOOKS - 1):
        if look.again_after is None:
            break
        await workflow.sleep(look.again_after + timedelta(seconds=1), summary=f"looks again at {lock.name}")
        look = await _look(lock, provider, request)
    return look


async def _look(lock: DueLock, provider: str, request: ReconcileInput) -> Reconciled:
    try:
        look: Reconciled = await workflow.execute_activity_method(
            ReconcileActivities.reconcile,
            ReconcileOrder(device_id=lock.device_id, everything=request.everything),
            task_queue=contracts.provider_queue(provider),
            priority=Priority(priority_key=priority.RECONCILIATION, fairness_key=str(request.account_id)),
            schedule_to_close_timeout=_GIVES_UP_AFTER,
            start_to_close_timeout=timedelta(minutes=2),
            retry_policy=_RETRIES,
            summary=f"read {lock.name}",
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        return Reconciled()
    return look


def _summed_up(looks: Iterable[Reconciled]) -> ReconcileResult:
    every = list(looks)
    return ReconcileResult(
        locks=len(every),
        unread=sum(not look.is_read for look in every),
        as_expected=sum(look.as_expected for look in every),
        drifted=sum(look.drifted for look in every),
        doubtful=sum(look.doubtful for look in every),
        unmanaged=sum(look.unmanaged for look in every),
    )
