"""Starting the workflow that delivers one event to one endpoint, and waiting for how it ends."""

import asyncio
from uuid import UUID

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

from domain.webhooks import Delivered, Outcome
from workflows.contracts import (
    QUEUE,
    WEBHOOK_DELIVERY_WORKFLOW,
    DeliveryInput,
    webhook_delivery_workflow_id,
)


async def start_delivery(client: Client, event_id: UUID, webhook_id: UUID, *, summary: str) -> bool:
    """Start a delivery that was never started before; False: it was, which is no matter.

    Raises:
        RPCError: Temporal does not take it.
    """
    try:
        await client.start_workflow(
            WEBHOOK_DELIVERY_WORKFLOW,
            DeliveryInput(event_id=event_id, webhook_id=webhook_id),
            id=webhook_delivery_workflow_id(event_id, webhook_id),
            task_queue=QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=summary,
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def restart_delivery(client: Client, event_id: UUID, webhook_id: UUID, *, summary: str) -> None:
    """Start a delivery from its first attempt, in place of one that waits to be tried again.

    Raises:
        RPCError: Temporal does not take it.
    """
    await client.start_workflow(
        WEBHOOK_DELIVERY_WORKFLOW,
        DeliveryInput(event_id=event_id, webhook_id=webhook_id),
        id=webhook_delivery_workflow_id(event_id, webhook_id),
        task_queue=QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
        static_summary=summary,
    )


async def deliver_once(client: Client, event_id: UUID, webhook_id: UUID, *, within_seconds: float) -> str | None:
    """Make one attempt and wait for it.  None: delivered; else why not.

    Raises:
        RPCError: Temporal does not take it.
        TimeoutError: no worker carried it out in time.
    """
    attempt = client.execute_workflow(
        WEBHOOK_DELIVERY_WORKFLOW,
        DeliveryInput(event_id=event_id, webhook_id=webhook_id, once=True),
        id=webhook_delivery_workflow_id(event_id, webhook_id),
        task_queue=QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        static_summary="test of a webhook",
        result_type=Delivered,
    )
    try:
        delivered: Delivered = await asyncio.wait_for(attempt, within_seconds)
    except WorkflowFailureError as error:
        return _innermost(error)
    if delivered.outcome is Outcome.DELIVERED:
        return None
    return f"the endpoint is {delivered.outcome}; it answered with status {delivered.status}"


def _innermost(error: BaseException) -> str:
    while isinstance(error.__cause__, FailureError):
        error = error.__cause__
    return error.message if isinstance(error, FailureError) else str(error)
