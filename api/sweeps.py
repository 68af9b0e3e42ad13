"""The application service of the orphan sweep: once, or at intervals by a Temporal Schedule."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    WorkflowFailureError,
)
from temporalio.common import WorkflowIDConflictPolicy

from api.errors import TemporalUnavailableError
from api.temporal import answered, put_schedule
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
            found: SweepResult = await answered(
                look,
                within=SWEEP_SECONDS,
                otherwise=f"no sweep ended within {SWEEP_SECONDS:.0f} s; see that a worker runs",
            )
        except WorkflowFailureError as error:
            raise TemporalUnavailableError(f"the sweep failed: {error.cause}") from None
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
        await put_schedule(self._client, SWEEP_ID, schedule, triggers_first=True)
