"""One operation on a code that somebody else put on a lock: it is carried out, or written down why it was not."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.orders import GiveUpUnmanagedOrder, UnmanagedDone, UnmanagedOrder
    from activities.unmanaged_codes import UnmanagedCodeActivities
    from domain.priority import LAST
    from workflows.contracts import UnmanagedCodeInput, UnmanagedCodeResult
    from workflows.options import BOOKKEEPING

_WITHIN = timedelta(minutes=10)
"""Who asked looks for the outcome; what a lock that was away for longer did not do may be asked again."""


@workflow.defn(name=contracts.UNMANAGED_CODE_WORKFLOW)
class UnmanagedCodeWorkflow:
    """Adopts a code of somebody else's, takes it off, or plays at putting one on a simulated lock."""

    @workflow.run
    async def run(self, request: UnmanagedCodeInput) -> UnmanagedCodeResult:
        """Try until it is done, impossible, or time is up."""
        order = UnmanagedOrder.model_validate(dict(request))
        try:
            done = await workflow.execute_activity_method(
                UnmanagedCodeActivities.carry_out,
                order,
                task_queue=contracts.provider_queue(request.provider),
                priority=Priority(priority_key=LAST, fairness_key=str(request.device_id)),
                start_to_close_timeout=timedelta(minutes=2),
                schedule_to_close_timeout=_WITHIN,
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
                summary=request.operation.replace("_", " "),
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            cause = error.cause
            done = UnmanagedDone(failure=cause.message if isinstance(cause, ApplicationError) else "not done in time")
        if done.failure is not None:
            await workflow.execute_activity_method(
                UnmanagedCodeActivities.give_up,
                GiveUpUnmanagedOrder(order=order, failure=done.failure),
                summary="write down why not",
                **BOOKKEEPING,
            )
        return UnmanagedCodeResult(failure=done.failure, refusal=done.refusal, access_code_id=done.access_code_id)
