"""One sweep: codes and pools whose workflow is gone get it back."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.sweeping import SweepActivities
    from workflows.contracts import SweepResult


@workflow.defn(name=contracts.SWEEP_WORKFLOW)
class SweepWorkflow:
    """Looks once at everything that should have a workflow."""

    @workflow.run
    async def run(self) -> SweepResult:
        """Sweep, and tell what was found."""
        swept = await workflow.execute_activity_method(
            SweepActivities.sweep,
            # After the loss of a whole Temporal every code is started anew; what is done already is found running.
            start_to_close_timeout=timedelta(minutes=10),
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="find codes whose workflow is gone",
        )
        await workflow.execute_activity_method(
            SweepActivities.look,
            start_to_close_timeout=timedelta(minutes=10),
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="look at the calendars of locks that hold only so many codes",
        )
        return SweepResult(looked_at=swept.looked_at, resumed=swept.resumed, pools=swept.pools)
