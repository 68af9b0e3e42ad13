"""Starting the workflow that tells one guest one code."""

from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from domain.messages import message_id
from workflows.contracts import MESSAGE_NEWS_SIGNAL, MESSAGE_WORKFLOW, QUEUE, MessageInput, message_workflow_id


async def start_message(client: Client, workspace_id: UUID, access_code_id: UUID, generation: int) -> None:
    """Have the message about these digits looked at: one that runs is told to look, one that has ended looks again.

    That it was sent is known by its row and not by its workflow's id, so that a look too many sends nothing.

    Raises:
        RPCError: Temporal does not take it.
    """
    id = message_id(access_code_id, generation)
    await client.start_workflow(
        MESSAGE_WORKFLOW,
        MessageInput(message_id=id, workspace_id=workspace_id, access_code_id=access_code_id, generation=generation),
        id=message_workflow_id(id),
        task_queue=QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=MESSAGE_NEWS_SIGNAL,
        static_summary="message to a guest",
    )


async def send_message(
    client: Client, workspace_id: UUID, access_code_id: UUID, *, id: UUID, channel_id: UUID | None
) -> None:
    """Have a message sent that somebody asked for; asking twice under one id is asking once.

    Raises:
        RPCError: Temporal does not take it.
    """
    await client.start_workflow(
        MESSAGE_WORKFLOW,
        MessageInput(message_id=id, workspace_id=workspace_id, access_code_id=access_code_id, channel_id=channel_id),
        id=message_workflow_id(id),
        task_queue=QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="message to a guest, asked for",
    )
