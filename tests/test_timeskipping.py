"""The ways around the time-skipping server's faults lead around them."""

import asyncio
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.conftest import binary
from tests.timeskipping import UnderWay, timers_due
from tests.waiting import eventually

QUEUE = "attempts"
TIMEOUT = timedelta(seconds=30)
DUE_AFTER = timedelta(seconds=0.8)
A_MOMENT = timedelta(seconds=0.1)


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


MAY_ANSWER = threading.Event()
"""Set: a workflow's task goes on."""


@workflow.defn
class AnswersLate:
    """Waits for a signal or its timer; the task that a signal brings may take its time."""

    def __init__(self) -> None:
        self._is_told = False

    @workflow.run
    async def run(self) -> str:
        try:
            await workflow.wait_condition(lambda: self._is_told, timeout=DUE_AFTER)
        except TimeoutError:
            await workflow.wait_condition(lambda: self._is_told)
            return "after it fired"
        # It does not end at once: what ends meets another refusal, which the server gets over.
        await asyncio.sleep(A_MOMENT.total_seconds())
        return "before it fired"

    @workflow.signal
    def tell(self) -> None:
        MAY_ANSWER.wait()
        self._is_told = True


@pytest.mark.parametrize("knows_the_way", [True, False])
async def test_timer_that_fires_meanwhile_is_waited_for(knows_the_way: bool) -> None:
    """Without the way around it the server refuses to cancel it, and the workflow stands still; then it can go."""
    under_way = UnderWay()
    async with (
        await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=binary("temporal-test-server"), interceptors=[under_way]
        ) as env,
        Worker(env.client, task_queue=QUEUE, workflows=[AnswersLate], workflow_runner=UnsandboxedWorkflowRunner()),
    ):
        if knows_the_way:
            under_way.env = env
        handle = await env.client.start_workflow(
            AnswersLate.run, id="answers", task_queue=QUEUE, run_timeout=timedelta(days=1)
        )
        due = await _due(handle)
        MAY_ANSWER.clear()
        await handle.signal(AnswersLate.tell)

        async def is_past() -> bool:
            return await env.get_current_time() > due + A_MOMENT

        await eventually(is_past, within=5, what="the timer is due")
        MAY_ANSWER.set()
        if knows_the_way:
            assert await handle.result() == "after it fired"
        else:
            with pytest.raises(TimeoutError), env.auto_time_skipping_disabled():
                await asyncio.wait_for(handle.result(), timeout=2)


async def _due(handle: WorkflowHandle[Any, Any]) -> datetime:
    """Wait for the workflow's only timer and say when it fires."""
    due: list[datetime] = []

    async def is_started() -> bool:
        due[:] = timers_due((await handle.fetch_history()).events)
        return bool(due)

    await eventually(is_started, within=5, what="the timer runs")
    return due[0]
