"""One look at an account's locks: what is new is written down, and codes hear that their lock is back."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.accounts import AccountActivities
    from activities.orders import NudgeOrder, SyncOrder
    from workflows.contracts import SyncAccountInput, SyncAccountResult

_RETRIES = RetryPolicy(
    # The Schedule asks again soon enough; a person who asked is told within the minute.
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(seconds=10),
    maximum_attempts=5,
)


@workflow.defn(name=contracts.SYNC_ACCOUNT_WORKFLOW)
class SyncAccountWorkflow:
    """Discovers and refreshes the devices of one account, once."""

    @workflow.run
    async def run(self, request: SyncAccountInput) -> SyncAccountResult:
        """Ask the vendor, write down what is new, and tell the codes of locks that are back."""
        synced = await workflow.execute_activity_method(
            AccountActivities.sync,
            SyncOrder(account_id=request.account_id),
            start_to_close_timeout=timedelta(minutes=2),
            retry_policy=_RETRIES,
            summary="ask the vendor for its locks",
        )
        if synced.back:
            await workflow.execute_activity_method(
                AccountActivities.nudge,
                NudgeOrder(device_ids=synced.back),
                start_to_close_timeout=timedelta(minutes=2),
                retry_policy=_RETRIES,
                summary="tell the codes of locks that are back",
            )
        return SyncAccountResult(devices=synced.devices, added=synced.added, connected=len(synced.back))
