"""The ways around the time-skipping server's faults lead around them."""

import asyncio
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.conftest import binary
from tests.timeskipping import UnderWay

QUEUE = "attempts"
TIMEOUT = timedelta(seconds=30)


class Attempt:
    """An attempt that fails once the test says so."""

    def __init__(self) -> None:
        self.begun, self.may_fail = asyncio.Event(), asyncio.Event()

    @activity.defn(name="attempt")
    async def run(self) -> None:
        self.begun.set()
        await self.may_fail.wait()
        raise ApplicationError("in vain", type="vain")


@workflow.defn
class EndsItsAttempt:
    """Asks its attempt to end when told, and says how it ended."""

    def __init__(self) -> None:
        self._is_told = False

    @workflow.run
    async def run(self) -> str | None:
        attempt = workflow.start_activity(
            "attempt",
            start_to_close_timeout=TIMEOUT,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        await workflow.wait_condition(lambda: self._is_told)
        attempt.cancel()
        try:
            await attempt
        except ActivityError as error:
            return error.cause.type if isinstance(error.cause, ApplicationError) else None
        return None

    @workflow.signal
    def end(self) -> None:
        self._is_told = True

    @workflow.query
    def is_told(self) -> bool:
        return self._is_told


@pytest.mark.parametrize("knows_the_way", [True, False])
async def test_failure_after_the_wish_to_end_is_the_end(knows_the_way: bool) -> None:
    """Without the way around it the server never tells; then it can go."""
    attempt = Attempt()
    interceptors = [UnderWay()] if knows_the_way else []
    async with (
        await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=binary("temporal-test-server"), interceptors=interceptors
        ) as env,
        Worker(
            env.client,
            task_queue=QUEUE,
            workflows=[EndsItsAttempt],
            activities=[attempt.run],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ),
    ):
        handle = await env.client.start_workflow(
            EndsItsAttempt.run, id="attempt", task_queue=QUEUE, run_timeout=timedelta(days=1)
        )
        await attempt.begun.wait()
        # By a client of its own: that of the environment would wait for the attempt's end.
        speaker = await Client.connect(env.client.service_client.config.target_host)
        await speaker.get_workflow_handle("attempt").signal(EndsItsAttempt.end)
        assert await handle.query(EndsItsAttempt.is_told)
        attempt.may_fail.set()
        if knows_the_way:
            assert await handle.result() == "vain"
        else:
            with pytest.raises(WorkflowFailureError):
                await handle.result()
