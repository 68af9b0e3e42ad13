"""Changing what a lock is used for, once: the store is told, and the codes and pools that it concerns."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.device_use import DeviceUseActivities
    from activities.orders import UpdateDeviceOrder
    from domain.requests import DeviceChange


@workflow.defn(name=contracts.UPDATE_DEVICE_WORKFLOW)
class UpdateDeviceWorkflow:
    """Carries one change of a lock's use through, whatever happens to who asked for it."""

    @workflow.run
    async def run(self, change: DeviceChange) -> None:
        """Write the change down and tell whom it concerns."""
        await workflow.execute_activity_method(
            DeviceUseActivities.update,
            UpdateDeviceOrder(change=change, now=workflow.now()),
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
            summary="change what the lock is used for",
        )
