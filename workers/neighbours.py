"""How an activity speaks to other workflows: by their ids, over the worker's own Temporal client.

Each word may be said twice: starts find what runs, signals only wake, and a pull is answered from the store.
"""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from api.refused import ended_first, refused_by
from domain.requests import CodeChange, Sibling
from workflows.contracts import (
    ACCESS_CODE_WORKFLOW,
    BACKUP_POOL_WORKFLOW,
    CHANGED_SIGNAL,
    DEVICE_CONNECTED_SIGNAL,
    POOL_PULL_UPDATE,
    POOL_WAKE_SIGNAL,
    QUEUE,
    REPLACE_DEVICE_WORKFLOW,
    AccessCodeInput,
    AccessCodeReceipt,
    BackupPoolInput,
    PoolPull,
    PoolPullAnswer,
    ReplaceDeviceInput,
    UpdateName,
    access_code_workflow_id,
    backup_pool_workflow_id,
    replace_device_workflow_id,
)

T = TypeVar("T")

_PAGE = 1000
_ASKED_AT_ONCE = 20

_ANSWER_WITHIN = timedelta(seconds=10)
"""How long another workflow may take to answer; then the activity that asked is tried again."""

_MOVED_WITHIN = timedelta(seconds=25)
"""A code answers once its attempt in flight has ended."""


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

    async def lost(self, access_code_ids: Collection[UUID]) -> list[UUID]:
        """Name those of these codes for which no workflow runs."""
        names = {access_code_workflow_id(code_id): code_id for code_id in access_code_ids}
        return await self._not_running(ACCESS_CODE_WORKFLOW, names)

    async def lost_pools(self, pool_ids: Collection[str]) -> list[str]:
        """Name those of these pools for which no workflow runs."""
        return await self._not_running(
            BACKUP_POOL_WORKFLOW, {backup_pool_workflow_id(pool_id): pool_id for pool_id in pool_ids}
        )

    async def resume(
        self,
        access_code_id: UUID,
        *,
        device_id: UUID,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        arrives_at: datetime | None = None,
        backup_id: UUID | None = None,
    ) -> None:
        """Start the workflow of a code that is registered and may have run before; it goes on from what is written.

        One that runs is told to look at its row.
        """
        await self._client.start_workflow(
            ACCESS_CODE_WORKFLOW,
            AccessCodeInput(
                device_id=device_id, starts_at=starts_at, ends_at=ends_at, arrives_at=arrives_at, backup_id=backup_id
            ),
            id=access_code_workflow_id(access_code_id),
            task_queue=QUEUE,
            start_signal=CHANGED_SIGNAL,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary="Access code, started again after its workflow was gone",
        )

    async def _not_running(self, workflow_type: str, names: Mapping[str, T]) -> list[T]:
        """Give what these workflow ids stand for, where none runs.  A list lags behind, so each suspect is asked."""
        query = f"WorkflowType = '{workflow_type}' AND ExecutionStatus = 'Running'"
        running = {found.id async for found in self._client.list_workflows(query, page_size=_PAGE)}
        turn = asyncio.Semaphore(_ASKED_AT_ONCE)

        async def is_lost(workflow_id: str) -> bool:
            async with turn:
                return not await self._runs(workflow_id)

        suspects = [workflow_id for workflow_id in names if workflow_id not in running]
        lost = await asyncio.gather(*map(is_lost, suspects))
        return [names[workflow_id] for workflow_id, gone in zip(suspects, lost, strict=True) if gone]

    async def _runs(self, workflow_id: str) -> bool:
        try:
            found = await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return found.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)

    async def move(self, access_code_id: UUID, device_id: UUID) -> bool:
        """Have a code move to another lock and wait until that is written down; False: no workflow runs for it.

        Raises:
            RefusedError: it has ended, or that lock cannot have it.
        """
        asked = self._client.get_workflow_handle(access_code_workflow_id(access_code_id)).execute_update(
            UpdateName.CHANGE,
            CodeChange(device_id=device_id),
            # A code that is there already stays; an answer to an earlier move would say nothing of this one.
            id=f"move-{uuid4()}",
            result_type=AccessCodeReceipt,
        )
        try:
            await asyncio.wait_for(asked, _MOVED_WITHIN.total_seconds())
        except WorkflowUpdateFailedError as error:
            if ended_first(error):
                return False
            raise refused_by(error) from None
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def replace(self, device_id: UUID, replaces_id: UUID, workspace_id: UUID) -> None:
        """See that a replacement which is under way has its workflow."""
        await self._client.start_workflow(
            REPLACE_DEVICE_WORKFLOW,
            ReplaceDeviceInput(device_id=device_id, replaces_id=replaces_id, workspace_id=workspace_id),
            id=replace_device_workflow_id(device_id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary="Replacement, started again after its workflow was gone",
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
