"""The application service of locks: what they are used for."""

import asyncio
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError

from api.device_records import DeviceRecords
from api.errors import TemporalUnavailableError
from api.pool_reading import PoolReader
from api.refused import refusal_in
from domain.requests import DeviceChange
from store.database import Database
from workflows.contracts import QUEUE, UPDATE_DEVICE_WORKFLOW, update_device_workflow_id

ANSWER_SECONDS = 30.0
"""How long a change of a lock's use may take: a few rows, and words to those whom it concerns."""


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
            await asyncio.wait_for(done, ANSWER_SECONDS)
        except WorkflowFailureError as error:
            cause = error.cause.cause if isinstance(error.cause, ActivityError) else error.cause
            if isinstance(cause, ApplicationError):
                raise refusal_in(cause) from None
            raise
        except RPCError as error:
            raise TemporalUnavailableError(f"Temporal cannot take this now: {error.message}") from None
        except TimeoutError:
            raise TemporalUnavailableError(f"no worker answered within {ANSWER_SECONDS:.0f} s") from None
