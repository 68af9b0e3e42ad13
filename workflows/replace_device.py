"""Replacing a lock: its codes move to the new one, one after the other, each until it is proven there.

The replacement is its rows; this loop only asks for the next step.  It goes the other way as soon as somebody says so,
in the middle of a step, too, and a run that is gone is taken up by the next where the rows stand.
"""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    import workflows.contracts as contracts
    from activities.orders import CarryOrder, NextMove, ReplacementOrder, ReplaceOrder
    from activities.replacing import ReplacementActivities
    from domain.refusals import RefusalType
    from domain.replacement import ReplacementStatus
    from workflows.contracts import ReplaceDeviceInput, ReplacementReceipt
    from workflows.options import BOOKKEEPING

_MOVING: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=40),
    # A code answers once its attempt in flight has ended; it is asked for as long as it takes.
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
}


@workflow.defn(name=contracts.REPLACE_DEVICE_WORKFLOW)
class ReplaceDeviceWorkflow:
    """Moves every live and future code of a lock to another, and back where somebody wants that."""

    @workflow.init
    def __init__(self, request: ReplaceDeviceInput) -> None:
        self._request = request
        self._status: ReplacementStatus | None = None
        self._refusal: ApplicationError | None = None
        self._is_turned = False
        """Since it was last asked whose turn it is, somebody had the replacement go back."""
        self._waiting: workflow.ActivityHandle[None] | None = None
        """A code was moved and has not settled yet."""

    @workflow.run
    async def run(self, request: ReplaceDeviceInput) -> ReplacementReceipt:
        """Move code after code until none is left."""
        await self._begin()
        while self._refusal is None:
            await self._move_all()
            await self._book(ReplacementActivities.finish, "close the replacement")
            await workflow.wait_condition(workflow.all_handlers_finished)
            if not self._is_turned:
                break
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._refusal is not None:
            raise self._refusal
        self._status = _ENDS[self._known_status]
        return self._receipt()

    @workflow.update(name=contracts.ReplacementUpdate.BEGUN, description="Wait until it is written down, or refused.")
    async def begun(self) -> ReplacementReceipt:
        """Answer once the outcome of the beginning is known."""
        await self._beginning()
        return self._receipt()

    @workflow.update(name=contracts.ReplacementUpdate.ROLL_BACK, description="Move the codes back to the older lock.")
    async def roll_back(self) -> ReplacementReceipt:
        """Answer once it is written down that the codes go back; they follow."""
        await self._beginning()
        order = self._order(turns_back=True)
        try:
            self._status = await workflow.execute_local_activity_method(
                ReplacementActivities.begin, order, **BOOKKEEPING
            )
        except ActivityError as error:
            raise _as_refusal(error) from None
        except ApplicationError as error:  # as a local activity's failure arrives live
            raise _as_refusal(error) from None
        self._is_turned = True
        if self._waiting is not None:
            self._waiting.cancel()
        return self._receipt()

    @workflow.query(name=contracts.STATE_QUERY, description="How the replacement stands.")
    def state(self) -> ReplacementReceipt:
        """Tell how it stands; the rows say how far each code is."""
        return self._receipt()

    async def _beginning(self) -> None:
        await workflow.wait_condition(lambda: self._status is not None or self._refusal is not None)
        if self._refusal is not None:
            raise self._refusal

    async def _begin(self) -> None:
        try:
            self._status = await workflow.execute_local_activity_method(
                ReplacementActivities.begin, self._order(turns_back=self._request.rolls_back), **BOOKKEEPING
            )
        except ActivityError as error:
            self._refusal = _as_refusal(error)
        except ApplicationError as error:  # as a local activity's failure arrives live
            self._refusal = _as_refusal(error)

    async def _move_all(self) -> None:
        while True:
            self._continue_as_new_where_due()
            self._is_turned = False
            found: NextMove = await self._book(ReplacementActivities.next_move, "see whose turn it is")
            if self._is_turned:
                continue  # what was found may be of the other way
            if found.access_code_id is None or found.to is None:
                return
            order = CarryOrder(
                device_id=self._request.device_id,
                access_code_id=found.access_code_id,
                to=found.to,
                is_back=found.is_back,
            )
            moves = await workflow.execute_activity_method(
                ReplacementActivities.move, order, summary="move a code", **_MOVING
            )
            if moves:
                await self._settle(order)

    async def _settle(self, order: CarryOrder) -> None:
        """Wait until a code has settled on its lock, or the replacement goes the other way."""
        if self._is_turned:
            return
        self._waiting = workflow.start_activity_method(
            ReplacementActivities.confirm, order, summary="see it on its lock", **_MOVING
        )
        try:
            await self._waiting
        except ActivityError:
            if not self._is_turned:
                raise
        finally:
            self._waiting = None

    async def _book(self, method: Any, summary: str) -> Any:
        order = ReplacementOrder(device_id=self._request.device_id, now=workflow.now())
        return await workflow.execute_activity_method(method, order, summary=summary, **BOOKKEEPING)

    def _continue_as_new_where_due(self) -> None:
        """Start over with a short history, between two codes; the rows say where it goes on, and which way."""
        if workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished():
            workflow.continue_as_new(self._request.model_copy(update={"rolls_back": False}))

    def _order(self, *, turns_back: bool) -> ReplaceOrder:
        request = self._request
        return ReplaceOrder(
            device_id=request.device_id,
            replaces_id=request.replaces_id,
            workspace_id=request.workspace_id,
            now=workflow.now(),
            turns_back=turns_back,
        )

    @property
    def _known_status(self) -> ReplacementStatus:
        assert self._status is not None  # noqa: S101  # only asked once it has begun
        return self._status

    def _receipt(self) -> ReplacementReceipt:
        request = self._request
        return ReplacementReceipt(
            device_id=request.device_id, replaces_id=request.replaces_id, status=self._known_status
        )


_ENDS = {
    ReplacementStatus.RUNNING: ReplacementStatus.DONE,
    ReplacementStatus.DONE: ReplacementStatus.DONE,
    ReplacementStatus.ROLLING_BACK: ReplacementStatus.ROLLED_BACK,
    ReplacementStatus.ROLLED_BACK: ReplacementStatus.ROLLED_BACK,
}


def _as_refusal(error: ActivityError | ApplicationError) -> ApplicationError:
    """Make one shape of the two in which a local activity's failure arrives, live and on replay."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.type in set(RefusalType):
        return ApplicationError(cause.message, *cause.details, type=cause.type, non_retryable=True)
    return ApplicationError(
        "the store did not answer; repeat with the same ids", type=RefusalType.STORE_UNAVAILABLE, non_retryable=True
    )
