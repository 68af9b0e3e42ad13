"""One message to one guest: looked at until it is sent, or not to be sent."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.messages import MessageActivities
    from activities.orders import MessageOrder, MessageOutcome
    from workflows.contracts import MessageInput

_ATTEMPT = timedelta(seconds=75)
"""What the channel may take, and the rest for the store."""

_AFTER_A_CRASH = RetryPolicy(
    # Only for an attempt whose worker died or that met a defect: every other failure brings its own delay.
    initial_interval=timedelta(seconds=5),
    maximum_interval=timedelta(minutes=10),
)


@workflow.defn(name=contracts.MESSAGE_WORKFLOW)
class MessageWorkflow:
    """Tells one guest the digits of one code when it is time, or fails when no channel would take it."""

    @workflow.init
    def __init__(self, request: MessageInput) -> None:
        self._has_news = False

    @workflow.run
    async def run(self, request: MessageInput) -> MessageOutcome:
        """Look until the message is sent or not to be sent."""
        while True:
            self._has_news = False
            outcome = await self._look(request)
            # News that came during the look may be what it did not see yet.
            if outcome.look_at is None and not self._has_news:
                return outcome
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(request)
            if outcome.look_at is not None:
                wait = max(outcome.look_at - workflow.now(), timedelta(0))
                with suppress(TimeoutError):
                    await workflow.wait_condition(lambda: self._has_news, timeout=wait)

    @workflow.signal(name=contracts.MESSAGE_NEWS_SIGNAL, description="Something happened to its code or its guest.")
    def news(self) -> None:
        """Look again."""
        self._has_news = True

    async def _look(self, request: MessageInput) -> MessageOutcome:
        return await workflow.execute_activity_method(
            MessageActivities.send,
            MessageOrder(**dict(request)),
            task_queue=contracts.MESSAGE_QUEUE,
            start_to_close_timeout=_ATTEMPT,
            retry_policy=_AFTER_A_CRASH,
            # Channels are shared within a workspace: one that sends thousands holds up itself alone.
            priority=Priority(fairness_key=str(request.workspace_id)),
            summary="tell the guest, if it is time",
        )
