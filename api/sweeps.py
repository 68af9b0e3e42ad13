"""The application service of the orphan sweep: once, or at intervals by a Temporal Schedule."""

import asyncio
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowFailureError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from api.errors import TemporalUnavailableError
from workflows.contracts import QUEUE, SWEEP_ID, SWEEP_WORKFLOW, SweepResult

SWEEP_SECONDS = 120.0
"""How long somebody waits for a sweep: a look at every running code, and a start for each that has no workflow."""


class SweepService:
    """What operators can do about codes whose workflow is gone.  Methods may raise `TemporalUnavailableError`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def sweep(self) -> SweepResult:
        """Sweep now; a sweep that is under way already is waited for instead."""
        look = self._client.execute_workflow(
            SWEEP_WORKFLOW,
            id=SWEEP_ID,
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            result_type=SweepResult,
        )
        try:
            found: SweepResult = await asyncio.wait_for(look, SWEEP_SECONDS)
        except WorkflowFailureError as error:
            raise TemporalUnavailableError(f"the sweep failed: {error.cause}") from None
        except TimeoutError:
            raise TemporalUnavailableError(
                f"no sweep ended within {SWEEP_SECONDS:.0f} s; see that a worker runs"
            ) from None
        except RPCError as error:
            raise _unavailable(error) from None
        return found

    async def schedule(self, every: timedelta) -> None:
        """See that there is a sweep at this interval; on a Temporal that has none yet, the first is at once.

        A Temporal that has none may be one whose histories were lost.
        """
        schedule = Schedule(
            action=ScheduleActionStartWorkflow(SWEEP_WORKFLOW, id=SWEEP_ID, task_queue=QUEUE),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
        )
        try:
            await self._client.create_schedule(SWEEP_ID, schedule, trigger_immediately=True)
        except ScheduleAlreadyRunningError:
            await self._change(schedule.spec)
        except RPCError as error:
            raise _unavailable(error) from None

    async def _change(self, spec: ScheduleSpec) -> None:
        async def change(found: ScheduleUpdateInput) -> ScheduleUpdate:
            found.description.schedule.spec = spec
            return ScheduleUpdate(schedule=found.description.schedule)

        try:
            await self._client.get_schedule_handle(SWEEP_ID).update(change)
        except RPCError as error:
            raise _unavailable(error) from None


def _unavailable(error: RPCError) -> TemporalUnavailableError:
    return TemporalUnavailableError(f"Temporal cannot take this now: {error.message}")
