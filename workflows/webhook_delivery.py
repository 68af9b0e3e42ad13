"""One event on its way to one endpoint: a single activity, however often it is tried."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.orders import DeliveryOrder
    from activities.webhooks import WebhookActivities
    from domain.webhooks import Delivered
    from workflows.contracts import DeliveryInput

_ATTEMPT = timedelta(seconds=30)
"""Twice what the endpoint may take: the rest is for the store."""

_AFTER_A_CRASH = RetryPolicy(
    # Only for an attempt whose worker died or that met a defect: every other failure brings its own delay.
    initial_interval=timedelta(seconds=5),
    maximum_interval=timedelta(minutes=10),
)


@workflow.defn(name=contracts.WEBHOOK_DELIVERY_WORKFLOW)
class WebhookDeliveryWorkflow:
    """Delivers one event to one endpoint, or fails when the endpoint would not take it."""

    @workflow.run
    async def run(self, request: DeliveryInput) -> Delivered:
        """Try until it is delivered, unwanted, or given up."""
        return await workflow.execute_activity_method(
            WebhookActivities.deliver,
            DeliveryOrder(**dict(request)),
            task_queue=contracts.WEBHOOK_QUEUE,
            start_to_close_timeout=_ATTEMPT,
            retry_policy=_AFTER_A_CRASH,
            # Endpoints take turns: one that is slow, or gets thousands of events, holds up itself alone.
            priority=Priority(fairness_key=str(request.webhook_id)),
            summary="post the event",
        )
