"""The application service of replacements: a new lock takes an old one's place, and gives it back."""

from typing import Any
from uuid import UUID, uuid4

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from api.device_records import device_not_found
from api.errors import TemporalUnavailableError
from api.refused import ended_first, refused_by
from api.replacement_reading import Replacement, ReplacementReader
from api.temporal import answered
from domain.refusals import RefusalType, refuse
from store.database import Database
from workflows.contracts import (
    QUEUE,
    REPLACE_DEVICE_WORKFLOW,
    ReplaceDeviceInput,
    ReplacementReceipt,
    ReplacementUpdate,
    replace_device_workflow_id,
)

ANSWER_SECONDS = 30.0
"""How long it may take to write a replacement down."""


class ReplacementService(ReplacementReader):
    """What operators can do about new locks.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, client: Client, database: Database) -> None:
        super().__init__(database)
        self._client = client

    async def start(self, workspace_id: UUID, device_id: UUID, replaces_id: UUID) -> Replacement:
        """Have a new lock take another's place; one that is under way goes on.

        Raises:
            RefusedError: there are no such locks, or they cannot replace one another now.
            TemporalUnavailableError: Temporal or its worker does not answer.
        """
        request = ReplaceDeviceInput(device_id=device_id, replaces_id=replaces_id, workspace_id=workspace_id)
        receipt = await self._ask(request, ReplacementUpdate.BEGUN)
        if receipt.replaces_id != replaces_id:
            raise refuse(
                RefusalType.INVALID_INPUT,
                f"device {device_id} is taking the place of device {receipt.replaces_id}",
                field="replaces_device_id",
                rule="one_replacement",
            )
        return await self.get(workspace_id, device_id)

    async def roll_back(self, workspace_id: UUID, device_id: UUID) -> Replacement:
        """Have the codes that were moved go back to the lock that was replaced; repeating it changes nothing.

        Raises:
            RefusedError: it replaces none, or there is no lock to go back to.
            TemporalUnavailableError: Temporal or its worker does not answer.
        """
        found = await self.get(workspace_id, device_id)
        if found.replaced.removed_at is not None:
            raise device_not_found(found.replaced.id)
        request = ReplaceDeviceInput(
            device_id=device_id, replaces_id=found.replaced.id, workspace_id=workspace_id, rolls_back=True
        )
        await self._ask(request, ReplacementUpdate.ROLL_BACK)
        return await self.get(workspace_id, device_id)

    async def _ask(self, request: ReplaceDeviceInput, update: ReplacementUpdate) -> ReplacementReceipt:
        """Start the replacement's workflow, or find it running, and wait for what the update answers."""
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            REPLACE_DEVICE_WORKFLOW,
            request,
            id=replace_device_workflow_id(request.device_id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary="A lock takes another's place",
        )
        asked = self._client.execute_update_with_start_workflow(
            update.value,
            start_workflow_operation=start,
            id=f"{update}-{uuid4()}",
            result_type=ReplacementReceipt,
        )
        late = f"no worker answered within {ANSWER_SECONDS:.0f} s"
        try:
            receipt: ReplacementReceipt = await answered(asked, within=ANSWER_SECONDS, otherwise=late)
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise TemporalUnavailableError(late) from None
        except WorkflowUpdateFailedError as error:
            if ended_first(error):
                raise TemporalUnavailableError("the replacement ended meanwhile; repeat it") from None
            raise refused_by(error) from None
        return receipt
