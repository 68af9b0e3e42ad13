"""Looking at an account: what its vendor says of its locks, and telling the codes of those that are back."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

from activities.accounts import AccountActivities
from activities.orders import NudgeOrder, Synced, SyncOrder

_RETRIES = RetryPolicy(
    # The Schedule asks again soon enough; a person who asked is told within the minute.
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(seconds=10),
    maximum_attempts=5,
)


async def look_at_account(account_id: UUID) -> Synced:
    """Ask the vendor, write down what is new, and tell the codes of locks that are back."""
    synced: Synced = await workflow.execute_activity_method(
        AccountActivities.sync,
        SyncOrder(account_id=account_id),
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
    return synced
