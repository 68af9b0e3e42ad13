"""The application service of locks: what they are used for."""

from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from api.device_records import DeviceRecords
from api.pool_reading import PoolReader
from api.refused import refusal_in
from api.temporal import answered
from domain.refusals import RefusalType, refuse
from domain.requests import DeviceChange
from store import devices
from store.database import Database
from workflows.contracts import (
    QUEUE,
    RECONCILE_WORKFLOW,
    UPDATE_DEVICE_WORKFLOW,
    ReconcileInput,
    ReconcileResult,
    reconcile_workflow_id,
    update_device_workflow_id,
)

ANSWER_SECONDS = 30.0
"""How long a change of a lock's use may take: a few rows, and words to those whom it concerns."""


RECONCILE_SECONDS = 120.0
"""How long somebody waits for a lock to be read: its turn may be another's, and reads may have to be repeated."""


class DeviceService(PoolReader, DeviceRecords):
    """What operators can do with locks.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, client: Client, database: Database) -> None:
        super().__init__(database)
        self._client = client

    async def update(self, change: DeviceChange, *, change_id: UUID | None = None) -> None:
        """Change what a lock is used for; repeating the call with the same `change_id` changes nothing more.

        Raises:
            RefusedError: there is no such lock, or it cannot be used so.
            TemporalUnavailableError: Temporal or its worker does not answer.
        """
        done = self._client.execute_workflow(
            UPDATE_DEVICE_WORKFLOW,
            change,
            id=update_device_workflow_id(change.device_id, change_id or uuid4()),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        try:
            await answered(done, within=ANSWER_SECONDS, otherwise=f"no worker answered within {ANSWER_SECONDS:.0f} s")
        except WorkflowFailureError as error:
            cause = error.cause.cause if isinstance(error.cause, ActivityError) else error.cause
            if isinstance(cause, ApplicationError):
                raise refusal_in(cause) from None
            raise

    async def reconcile(self, device_id: UUID) -> ReconcileResult:
        """Read a lock now, the places of others too, and have put right what differs from the books.

        Raises:
            RefusedError: there is no such lock.
            TemporalUnavailableError: Temporal or its worker does not answer.
        """
        async with self._database.read() as session:
            device = await devices.get_device(session, device_id)
        if device is None or device.removed_at is not None:
            raise refuse(RefusalType.DEVICE_NOT_FOUND, f"there is no device {device_id}", field="device_id")
        done = self._client.execute_workflow(
            RECONCILE_WORKFLOW,
            ReconcileInput(account_id=device.account_id, device_ids=(device_id,), everything=True),
            id=reconcile_workflow_id(device.account_id, device_id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            result_type=ReconcileResult,
        )
        late = f"the lock was not read within {RECONCILE_SECONDS:.0f} s"
        result: ReconcileResult = await answered(done, within=RECONCILE_SECONDS, otherwise=late)
        return result
