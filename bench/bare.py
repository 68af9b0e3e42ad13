"""The yardstick: a workflow of the shape of a code's life that does nothing at all.

Two timers and two activities, as a code has between its start and its end; no updates, no encryption, no store, no
lock.  What it costs is what Temporal costs, and what a code costs beyond it is ours.
"""

from datetime import timedelta

from temporalio import activity, workflow

QUEUE = "bench-bare"

_ACTIVITY_TIMEOUT = timedelta(seconds=30)


@activity.defn
async def do_nothing() -> None:
    """Return at once."""


@workflow.defn
class BareWorkflow:
    """Sleep, act, sleep, act."""

    @workflow.run
    async def run(self, pause_seconds: float) -> None:
        """Live through both phases."""
        for _ in range(2):
            await workflow.sleep(pause_seconds)
            await workflow.execute_activity(do_nothing, start_to_close_timeout=_ACTIVITY_TIMEOUT)
