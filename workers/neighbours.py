"""How an activity speaks to other workflows: by their ids, over the worker's own Temporal client.

Each word may be said twice: starts find what runs, signals only wake, and a pull is answered from the store.
"""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from api.refused import refused_by
from domain.requests import Sibling
from workflows.contracts import (
    ACCESS_CODE_WORKFLOW,
    BACKUP_POOL_WORKFLOW,
    CHANGED_SIGNAL,
    DEVICE_CONNECTED_SIGNAL,
    POOL_PULL_UPDATE,
    POOL_WAKE_SIGNAL,
    QUEUE,
    AccessCodeInput,
    AccessCodeReceipt,
    BackupPoolInput,
    PoolPull,
    PoolPullAnswer,
    UpdateName,
    access_code_workflow_id,
    backup_pool_workflow_id,
)

_ANSWER_WITHIN = timedelta(seconds=10)
"""How long another workflow may take to answer; then the activity that asked is tried again."""


class TemporalNeighbours:
    """The other codes and the pools, as running workflows."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def wake_pool(self, pool_id: str) -> None:
        """Have a pool look at its rows again; start its workflow where none runs."""
        await self._client.start_workflow(
            BACKUP_POOL_WORKFLOW,
            BackupPoolInput(pool_id=pool_id),
            id=backup_pool_workflow_id(pool_id),
            task_queue=QUEUE,
            start_signal=POOL_WAKE_SIGNAL,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary="Backup pool",
        )

    async def pull(self, pool_id: str, access_code_id: UUID) -> UUID | None:
        """Ask a pool for a backup code for this code; None when none is ready."""
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            BACKUP_POOL_WORKFLOW,
            BackupPoolInput(pool_id=pool_id),
            id=backup_pool_workflow_id(pool_id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary="Backup pool",
        )
        asked = self._client.execute_update_with_start_workflow(
            POOL_PULL_UPDATE,
            PoolPull(access_code_id=access_code_id),
            start_workflow_operation=start,
            # An answer to an earlier wish says nothing of this one: the pool may have been filled since.
            id=f"{POOL_PULL_UPDATE}-{uuid4()}",
            result_type=PoolPullAnswer,
        )
        answer: PoolPullAnswer = await asyncio.wait_for(asked, _ANSWER_WITHIN.total_seconds())
        return answer.backup_access_code_id

    async def refresh(self, access_code_id: UUID) -> None:
        """Tell a code that its row was changed by somebody else; one that has ended is no matter."""
        await self._signal(access_code_id, CHANGED_SIGNAL)

    async def nudge(self, access_code_id: UUID) -> None:
        """Tell a code that its lock may take it now; one that has ended is no matter."""
        await self._signal(access_code_id, DEVICE_CONNECTED_SIGNAL)

    async def start(self, place: Sibling) -> None:
        """Start the workflow of a code that is registered already, unless it runs or has run."""
        await self._register(place, AccessCodeInput(device_id=place.device_id))

    async def resume(self, place: Sibling) -> None:
        """Start the workflow of a code whose end was written down; one that runs still is told to look at its row."""
        await self._client.start_workflow(
            ACCESS_CODE_WORKFLOW,
            AccessCodeInput(device_id=place.device_id),
            id=access_code_workflow_id(place.access_code_id),
            task_queue=QUEUE,
            start_signal=CHANGED_SIGNAL,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary="Access code found again on its lock",
        )

    async def register_backup(self, backup_id: UUID, places: tuple[Sibling, ...]) -> None:
        """Start the codes of a backup, one on each lock, and wait until they are registered.

        Raises:
            RefusedError: a lock cannot have such a code.
        """
        first, *others = places
        key = str(backup_id) if others else None
        order = AccessCodeInput(
            device_id=first.device_id, siblings=tuple(others), common_code_key=key, backup_id=backup_id
        )
        try:
            await self._register(first, order)
        except WorkflowUpdateFailedError as error:
            raise refused_by(error) from None

    async def _register(self, place: Sibling, order: AccessCodeInput) -> None:
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            ACCESS_CODE_WORKFLOW,
            order,
            id=access_code_workflow_id(place.access_code_id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            static_summary="Access code of a group" if order.backup_id is None else "Backup code",
        )
        registered = self._client.execute_update_with_start_workflow(
            UpdateName.REGISTERED,
            start_workflow_operation=start,
            id=f"{UpdateName.REGISTERED}-{place.access_code_id}",
            result_type=AccessCodeReceipt,
        )
        try:
            await asyncio.wait_for(registered, _ANSWER_WITHIN.total_seconds())
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise

    async def _signal(self, access_code_id: UUID, name: str) -> None:
        try:
            await self._client.get_workflow_handle(access_code_workflow_id(access_code_id)).signal(name)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
