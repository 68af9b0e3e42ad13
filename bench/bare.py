"""The yardsticks: workflows of the shape of a code's life, and of its registration, that do nothing at all.

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


@workflow.defn
class BareRegistration:
    """Does one local activity, answers the update that started it, and sleeps."""

    def __init__(self) -> None:
        self._done = False

    @workflow.run
    async def run(self) -> None:
        """Do nothing where a code is registered, and sleep as it does until its start."""
        await workflow.execute_local_activity(do_nothing, start_to_close_timeout=_ACTIVITY_TIMEOUT)
        self._done = True
        await workflow.sleep(timedelta(days=7))

    @workflow.update
    async def registered(self) -> None:
        """Answer once the nothing is done."""
        await workflow.wait_condition(lambda: self._done)
