"""What the time-skipping server needs before our workflows run on it, and the ways around five faults of it.

Where a workflow task cancels an activity that has just ended, this server refuses the whole task, keeps half of it, and
the workflow never moves again (sdk-java's issue 2391); the real server takes it.  A busy machine makes that likely, so
whatever may have a workflow cancel something waits until no activity of it is under way.  The same happens to one that
cancels a timer which has just fired (sdk-java's issue 2606), so it waits for a timer that is about to fire, too.

And where a workflow ends before an activity that it cancelled does (sdk-java's issue 1138), or cancels one just as its
next attempt begins, time may be skipped no more: the server waits for the end of what nobody tells it about.  Who passes
time has to notice that.  So has he where the server waits for nothing any more and has not noticed it itself.

And where an attempt fails that was asked to end meanwhile, this server tells nobody, whereas the real one takes the
failure for the activity's end.  So it is told that the failure is final.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import temporalio.client as client
import temporalio.worker as worker
from temporalio import activity
from temporalio.api.enums.v1 import EventType, IndexedValueType, PendingActivityState
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.waiting import eventually
from workflows.contracts import SEARCH_ATTRIBUTE_TYPES

_PATIENCE_SECONDS = 5.0
_PATIENCE_OF_ACTIVITIES_SECONDS = 0.3
"""How long who speaks to a workflow waits; briefly in an activity, which the workflow may itself be waiting for."""
STUCK_AFTER_SECONDS = 4.0
"""Where nothing was under way for so long and time is not skipped, it never will be."""
ABOUT_TO_FIRE = timedelta(seconds=1)
"""A timer that is due within this may fire while the workflow answers; time passes by itself until then."""


async def add_search_attributes(speaker: client.Client) -> None:
    """Make the search attributes known; this server cannot list them first."""
    kinds = {
        name.value: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}")
        for name, kind in SEARCH_ATTRIBUTE_TYPES.items()
    }
    await speaker.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace="default", search_attributes=kinds)
    )


async def wake(speaker: client.Client) -> None:
    """Remind a server that may skip time of doing so: now and then it misses that nothing is under way any more."""
    await speaker.test_service.lock_time_skipping(LockTimeSkippingRequest())
    await speaker.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())


async def skip_again(speaker: client.Client) -> None:
    """Have the server wait for one activity less before it skips time.

    Only for one that `wake` did not help: from then on a server that waited for none would skip time too soon.
    """
    with suppress(RPCError):  # it refuses where it waits for none
        await speaker.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())


class UnderWay(client.Interceptor, worker.Interceptor):
    """Knows which activities of this process's workers are under way; give it to the client of a house."""

    env: WorkflowEnvironment | None = None
    """The server, once there is one; without it, timers are not heeded."""

    def __init__(self) -> None:
        self._running: set[tuple[str, str]] = set()
        self._ended: dict[tuple[str, str], int] = {}
        """The last attempt of an activity that ended."""
        self._changed_at = time.monotonic()

    def intercept_client(self, next: client.OutboundInterceptor) -> client.OutboundInterceptor:
        """Have the client speak to a workflow only while it is at rest."""
        return _AtRestFirst(next, self)

    def intercept_activity(self, next: worker.ActivityInboundInterceptor) -> worker.ActivityInboundInterceptor:
        """See an activity begin and end."""
        return _Seen(next, self)

    @property
    def idle_seconds(self) -> float:
        """For how long nothing has been under way."""
        return 0.0 if self._running else time.monotonic() - self._changed_at

    def begun(self, info: activity.Info) -> None:
        """Note that an attempt begins."""
        self._running.add(_key(info.workflow_run_id, info.activity_id))
        self._changed_at = time.monotonic()

    def ended(self, info: activity.Info) -> None:
        """Note that an attempt ends."""
        key = _key(info.workflow_run_id, info.activity_id)
        self._running.discard(key)
        self._ended[key] = info.attempt
        self._changed_at = time.monotonic()

    def waits_for_retry(self, run_id: str, activity_id: str, attempt: int) -> bool:
        """Tell whether what the server calls an activity's present attempt has not begun yet."""
        key = _key(run_id, activity_id)
        return attempt > 1 and key not in self._running and self._ended.get(key) == attempt - 1


def _key(run_id: str | None, activity_id: str) -> tuple[str, str]:
    return run_id or "", activity_id


class _Seen(worker.ActivityInboundInterceptor):
    def __init__(self, next: worker.ActivityInboundInterceptor, under_way: UnderWay) -> None:
        super().__init__(next)
        self._under_way = under_way

    async def execute_activity(self, input: worker.ExecuteActivityInput) -> Any:
        self._under_way.begun(activity.info())
        try:
            return await super().execute_activity(input)
        except Exception as error:
            if await _is_to_end():
                raise _final(error) from error
            raise
        finally:
            self._under_way.ended(activity.info())


async def _is_to_end() -> bool:
    """Tell whether the activity under way was asked to end by its workflow."""
    info = activity.info()
    try:
        described = await activity.client().get_workflow_handle(info.workflow_id or "").describe()
    except RPCError:
        return False
    return any(
        pending.activity_id == info.activity_id
        and pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
        for pending in described.raw_description.pending_activities
    )


def _final(error: Exception) -> ApplicationError:
    if not isinstance(error, ApplicationError):
        return ApplicationError(str(error), type=type(error).__name__, non_retryable=True)
    return ApplicationError(
        error.message, *error.details, type=error.type, non_retryable=True, next_retry_delay=error.next_retry_delay
    )


class _AtRestFirst(client.OutboundInterceptor):
    def __init__(self, next: client.OutboundInterceptor, under_way: UnderWay) -> None:
        super().__init__(next)
        self._under_way = under_way

    async def cancel_workflow(self, input: client.CancelWorkflowInput) -> None:
        await self._rest(input.id)
        await super().cancel_workflow(input)

    async def signal_workflow(self, input: client.SignalWorkflowInput) -> None:
        await self._rest(input.id)
        await super().signal_workflow(input)

    async def start_workflow_update(self, input: client.StartWorkflowUpdateInput) -> client.WorkflowUpdateHandle[Any]:
        await self._rest(input.id)
        return await super().start_workflow_update(input)

    async def start_update_with_start_workflow(
        self, input: client.StartWorkflowUpdateWithStartInput
    ) -> client.WorkflowUpdateHandle[Any]:
        await self._rest(input.start_workflow_input.id)
        return await super().start_update_with_start_workflow(input)

    async def _rest(self, workflow_id: str) -> None:
        """Wait until no activity of a workflow is under way and no timer about to fire; not for ever."""
        patience = _PATIENCE_OF_ACTIVITIES_SECONDS if activity.in_activity() else _PATIENCE_SECONDS
        with suppress(AssertionError):
            await eventually(lambda: self._is_at_rest(workflow_id), within=patience, what="the workflow is at rest")

    async def _is_at_rest(self, workflow_id: str) -> bool:
        asked = client.DescribeWorkflowInput(id=workflow_id, run_id=None, rpc_metadata={}, rpc_timeout=None)
        try:
            found = await self.next.describe_workflow(asked)
        except RPCError:
            # There is none, or the server says so to who speaks to it.
            return True
        return all(
            self._under_way.waits_for_retry(found.run_id, pending.activity_id, pending.attempt)
            for pending in found.raw_description.pending_activities
        ) and not await self._has_timer_about_to_fire(found)

    async def _has_timer_about_to_fire(self, found: client.WorkflowExecutionDescription) -> bool:
        env = self._under_way.env
        if env is None or found.close_time is not None:
            return False
        history = await env.client.get_workflow_handle(found.id, run_id=found.run_id).fetch_history()
        due = timers_due(history.events)
        return bool(due) and min(due) - await env.get_current_time() <= ABOUT_TO_FIRE


def timers_due(history: Sequence[HistoryEvent]) -> list[datetime]:
    """List when the timers fire that run at the end of a history."""
    running: dict[str, datetime] = {}
    for event in history:
        match event.event_type:
            case EventType.EVENT_TYPE_TIMER_STARTED:
                started = event.timer_started_event_attributes
                after = started.start_to_fire_timeout.ToTimedelta()
                running[started.timer_id] = event.event_time.ToDatetime(tzinfo=UTC) + after
            case EventType.EVENT_TYPE_TIMER_FIRED:
                running.pop(event.timer_fired_event_attributes.timer_id)
            case EventType.EVENT_TYPE_TIMER_CANCELED:
                running.pop(event.timer_canceled_event_attributes.timer_id)
    return list(running.values())
