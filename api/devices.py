"""The application service of locks: what they are used for, and how their backup codes stand."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError

from api.device_records import DeviceRecords
from api.errors import TemporalUnavailableError
from api.refused import refusal_in
from domain.problems import Problems
from domain.requests import DeviceChange
from store import devices
from store.backup_pools import PooledCode, backup_codes_on, pools_of
from store.database import Database
from store.tables import DeviceRow
from workflows.contracts import QUEUE, UPDATE_DEVICE_WORKFLOW, update_device_workflow_id

ANSWER_SECONDS = 30.0
"""How long a change of a lock's use may take: a few rows, and words to those whom it concerns."""


@dataclass(frozen=True, slots=True)
class PoolHealth:
    """The backup codes of one pool on one lock: counts, never which or what."""

    pool_id: str
    device: DeviceRow
    is_enabled: bool
    target: int
    ready: int
    filling: int
    lent: int
    problems: Problems

    @property
    def is_shared(self) -> bool:
        """It spans several locks."""
        return self.pool_id != str(self.device.id)


class DeviceService(DeviceRecords):
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

    async def pools(self, workspace_id: UUID, device_id: UUID | None = None) -> list[PoolHealth]:
        """Say how the backup codes stand on every lock that has a pool; on one lock where that is given."""
        async with self._database.read() as session:
            rows = await devices.list_devices(session, workspace_id)
            chosen = [row for row in rows if device_id in (None, row.id)]
            health = []
            for device in chosen:
                by_pool: dict[str, list[PooledCode]] = defaultdict(list)
                for code in await backup_codes_on(session, device.id):
                    by_pool[code.pool_id].append(code)
                for pool in await pools_of(session, device.id):
                    on_lock = by_pool[pool.id]
                    health.append(
                        PoolHealth(
                            pool_id=pool.id,
                            device=device,
                            is_enabled=pool.enabled and device.is_managed,
                            target=pool.target,
                            ready=sum(code.is_ready for code in on_lock),
                            filling=sum(code.claim is None and not code.is_ready for code in on_lock),
                            lent=sum(code.row.stands_in_for is not None for code in on_lock),
                            problems=devices.problems_of(device),
                        )
                    )
        return health
