"""Locking or unlocking a door, once, while somebody waits for it: what is not done in time is not done later."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.doors import DoorActivities
    from activities.orders import GiveUpOrder, MoveOrder
    from domain.action_attempts import Moved
    from domain.priority import FIRST
    from workflows.contracts import MoveDoorInput
    from workflows.options import BOOKKEEPING

_WITHIN = timedelta(seconds=30)
"""A door that opens long after it was asked to opens to nobody knows whom."""


@workflow.defn(name=contracts.MOVE_DOOR_WORKFLOW)
class MoveDoorWorkflow:
    """Carries one action attempt through to success or error."""

    @workflow.run
    async def run(self, request: MoveDoorInput) -> None:
        """Ask the lock until it has moved, refuses, or time is up."""
        order = MoveOrder(**dict(request), asked_at=workflow.now())
        try:
            await workflow.execute_activity_method(
                DoorActivities.move,
                order,
                task_queue=contracts.provider_queue(request.provider),
                priority=Priority(priority_key=FIRST, fairness_key=str(request.device_id)),
                schedule_to_close_timeout=_WITHIN,
                retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1),
                summary="lock the door" if request.locked else "unlock the door",
            )
        except ActivityError as error:
            cause = error.cause if isinstance(error.cause, ApplicationError) else None
            late = Moved(
                error=(cause.type if cause else None) or "timed_out",
                message=cause.message if cause else f"not done within {_WITHIN.total_seconds():.0f} s",
            )
            await workflow.execute_activity_method(
                DoorActivities.give_up, GiveUpOrder(move=order, moved=late), summary="write down the end", **BOOKKEEPING
            )
