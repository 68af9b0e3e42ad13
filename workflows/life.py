"""The durable life of one access code: what `AccessCodeWorkflow` does, behind its messages.

One loop owns everything: it answers messages, asks `domain.lifecycle.decide` what to do, keeps at most one operation
on the lock, and sleeps until the next instant that matters.  Handlers only leave a message and wake the loop.

Three rules keep a lock safe whatever happens to this workflow or its workers.

* While an operation runs, and after it ended without a report, the code counts as "may be on the lock".
* No operation begins before the last one has ended: a cancelled attempt in flight still writes.
* Cancellation is a wish like any other.  The workflow ends as cancelled once the code is proven gone, not before.

The sandbox passes this package through, because loading it anew for every code would double a code's memory and its
time to start.  So nothing here may ask for the time, chance or the world but through `temporalio.workflow`, nor keep
anything in a module; ruff holds the former, as it does for `domain/`.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from activities.backups import BackupActivities
from activities.device_codes import DeviceCodeActivities
from activities.orders import ChangeOrder, CodeOrder, EndOrder, LockOrder, PullOrder, Registered, RegisterOrder
from activities.registration import RegistrationActivities
from domain import priority
from domain.access_code import AccessCode, Ending
from domain.lifecycle import (
    REMOVALS,
    WRITES,
    Action,
    Decision,
    ahead_since,
    decide,
    in_doubt,
    status,
    unwanted_since,
    wanted_since,
)
from domain.problems import ProblemCode
from domain.refusals import Refusal, RefusalType
from domain.requests import CodeChange, CodeRequest
from workflows import contracts, display
from workflows.contracts import AccessCodeInput, AccessCodeReceipt, Carried, ReceivedInput
from workflows.options import BOOKKEEPING, PULLING, REGISTRATION, SOMEBODY_WAITS, lock_options
from workflows.pending import Message, Operation

T = TypeVar("T")


class CodeLife:
    """Puts one code on one lock in time, proves it, takes it off in time, and proves that too."""

    def __init__(self, received: ReceivedInput | None = None) -> None:
        if received is None:  # a start without an argument, or with null
            received = ReceivedInput.model_validate(None)
        self._received = received
        self._carried: Carried | None = None if received.request is None else received.request.carried
        self._known: AccessCode | None = None if self._carried is None else self._carried.code
        self._id, self._refusal = _id_of_this_workflow()
        if received.refusal is not None:
            self._refusal = _as_error(received.refusal)
        self._inbox: deque[Message] = deque()
        self._operation: Operation | None = None
        self._tried_once: tuple[Action, int] | None = None
        self._not_before: datetime | None = None
        self._in_doubt = False
        self._nudged = False
        self._has_answered = False
        """A message was answered since the last sleep."""
        self._asking: workflow.ActivityHandle[AccessCode] | None = None
        """The code asks its pool for a backup by itself."""
        self._is_stale = False
        """Somebody else changed the row."""
        self._cancelled = self._carried is not None and self._carried.cancelled
        self._heard_cancel = False
        """This very run was asked to end as cancelled."""
        self._shown = display.shown_at_start(workflow.info().typed_search_attributes)

    # --- The life ---------------------------------------------------------------------------------------------

    async def live(self) -> AccessCodeReceipt:
        """Live until the code is proven gone."""
        if self._refusal is None and self._carried is None:
            await self._register()
        if self._refusal is not None:
            await self._handlers_finished()
            raise self._refusal
        while not self._has_ended():
            decision = await self._settle()
            if decision.action is Action.FINISH:
                await self._close()
                continue
            self._begin_operation(decision)
            self._begin_asking(decision)
            self._show(decision)
            self._continue_as_new_where_due()
            await self._sleep(decision)
        if self._heard_cancel and self._code.wish.ending is Ending.CANCELLED:
            raise asyncio.CancelledError
        return self._receipt()

    async def _register(self) -> None:
        """Write the code down, or keep the refusal: the caller gets it, and so does whoever reads the history."""
        request = CodeRequest.model_validate(self._request.model_dump(exclude={"carried", "backup_id"}))
        order = RegisterOrder(
            access_code_id=self._id, request=request, now=workflow.now(), backup_id=self._request.backup_id
        )
        try:
            registered = await self._undisturbed(
                workflow.execute_local_activity_method(RegistrationActivities.register, order, **REGISTRATION)
            )
        except FailureError as error:
            self._refusal = _as_refusal(error)
            return
        if registered.introduction is not None:
            await self._undisturbed(
                workflow.execute_local_activity_method(
                    RegistrationActivities.introduce, registered.introduction, **BOOKKEEPING
                )
            )
        self._carried = Carried(
            code=registered.code, device=registered.device, attempt_timeout=registered.attempt_timeout
        )
        self._learn(registered.code)

    async def _settle(self) -> Decision:
        """Answer messages, announce what is due and end what is overtaken, until one decision stands.

        The books may know of no write where one is feared here, and then nothing is due by them: they are asked once.
        """
        denied: ProblemCode | None = None
        while True:
            await self._answer_messages()
            if self._is_stale:
                self._is_stale = False
                self._learn(await self._local(RegistrationActivities.read, self._order()))
            self._end_asking()
            if self._cancelled and self._code.wish.ending is None:
                await self._end(Ending.CANCELLED)
                continue
            decision = decide(self._code, workflow.now())
            if decision.notice not in (None, denied):
                denied = None if await self._announce() else decision.notice
            elif self._operation is not None and self._is_over(self._operation, decision):
                await self._end_operation(self._operation)
                denied = None
            else:
                return decision

    async def _close(self) -> None:
        """Close the books, or let those who still ask be answered: a deletion may come as the code ends."""
        if not self._code.closed:
            self._learn(await self._local(RegistrationActivities.close, self._order()))
            self._show(Decision(action=Action.FINISH))
        else:
            self._show(Decision(action=Action.FINISH))
            await self._undisturbed(workflow.wait_condition(lambda: bool(self._inbox) or self._is_at_rest()))

    def _is_at_rest(self) -> bool:
        """Nobody waits for an answer, and the code waits for none."""
        asking = self._asking is not None and not self._asking.done()
        return not asking and workflow.all_handlers_finished()

    def _has_ended(self) -> bool:
        """Tell whether nothing is left to do and nobody waits for an answer."""
        if self._known is None or not self._known.closed or self._operation is not None:
            return False
        return not self._inbox and self._asking is None and workflow.all_handlers_finished()

    def _continue_as_new_where_due(self) -> None:
        """Start over with a short history, from an idle moment only.

        An update half done would be lost, and the answer to one that was completed in this same task might be.
        """
        at_work = self._operation is not None or self._asking is not None or self._is_stale
        busy = at_work or self._has_answered or not workflow.all_handlers_finished()
        if busy or not workflow.info().is_continue_as_new_suggested():
            return
        carried = self._registered.model_copy(update={"code": self._code, "cancelled": self._cancelled})
        workflow.continue_as_new(self._request.model_copy(update={"carried": carried, "code": None, "siblings": ()}))

    # --- Messages ---------------------------------------------------------------------------------------------

    async def registered(self) -> AccessCodeReceipt:
        """Answer once the registration's outcome is known."""
        await self._registration()
        return self._receipt()

    async def change(self, change: CodeChange) -> AccessCodeReceipt:
        """Answer once the change is written down; the lock follows."""

        async def act() -> AccessCode:
            order = ChangeOrder(access_code_id=self._id, change=change, now=workflow.now())
            if change.device_id is not None:
                return await self._moved(order)
            return await workflow.execute_local_activity_method(RegistrationActivities.change, order, **BOOKKEEPING)

        return await self._ask(act)

    async def _moved(self, order: ChangeOrder) -> AccessCode:
        """Have another lock from now on; what may be on the old one is another workflow's."""
        moved: Registered = await workflow.execute_local_activity_method(
            RegistrationActivities.move, order, **BOOKKEEPING
        )
        self._carried = self._registered.model_copy(update={"device": moved.device})
        return moved.code

    async def delete(self) -> AccessCodeReceipt:
        """Answer once the deletion is written down; the code is gone when the workflow has ended."""

        async def act() -> AccessCode:
            order = EndOrder(access_code_id=self._id, ending=Ending.DELETED, now=workflow.now())
            return await workflow.execute_local_activity_method(RegistrationActivities.end, order, **BOOKKEEPING)

        return await self._ask(act)

    async def pull_backup(self) -> AccessCodeReceipt:
        """Answer once a backup code stands in.  The lock is not asked, so this need not wait for the loop."""
        await self._registration()
        order = PullOrder(access_code_id=self._id, by_itself=False, now=workflow.now())
        try:
            self._learn(
                await workflow.execute_activity_method(
                    BackupActivities.pull, order, **PULLING, schedule_to_close_timeout=SOMEBODY_WAITS
                )
            )
        except FailureError as error:
            raise _as_refusal(error) from None
        self._has_answered = True
        return self._receipt()

    def changed(self) -> None:
        """Read the row again: somebody else changed it."""
        self._is_stale = True

    def device_connected(self) -> None:
        """Wake what waits to be tried again."""
        self._nudged = True

    def state(self) -> AccessCodeReceipt:
        """Tell how the code stands."""
        if self._known is None:
            raise ApplicationError("the code is not registered yet", type=RefusalType.ACCESS_CODE_NOT_FOUND)
        return self._receipt()

    async def _registration(self) -> None:
        await workflow.wait_condition(lambda: self._known is not None or self._refusal is not None)
        if self._refusal is not None:
            raise self._refusal

    async def _ask(self, act: Callable[[], Coroutine[Any, Any, AccessCode]]) -> AccessCodeReceipt:
        """Leave a message for the loop and wait for its answer."""
        await self._registration()
        message = Message(act)
        self._inbox.append(message)
        # Between here and the answer the loop may do anything; the receipt tells how the code stands afterwards.
        await workflow.wait_condition(lambda: message.done)
        if message.error is not None:
            raise message.error
        return self._receipt()

    async def _answer_messages(self) -> None:
        while self._inbox:
            message = self._inbox[0]
            await self._answer(message)
            self._has_answered = message.done = True
            self._inbox.popleft()

    async def _answer(self, message: Message) -> None:
        try:
            self._learn(await self._undisturbed(message.act()))
        except FailureError as error:
            message.error = _as_refusal(error)
        except Exception as error:  # a defect of ours must not wedge the code: its asker is told instead
            workflow.logger.exception("a message could not be answered")
            message.error = ApplicationError(type(error).__name__, type="internal_error", non_retryable=True)

    # --- The lock ---------------------------------------------------------------------------------------------

    def _begin_operation(self, decision: Decision) -> None:
        """Start what is to be done on the lock, unless it is already under way."""
        if self._operation is not None or decision.action not in (*WRITES, *REMOVALS):
            return
        code, now, limit = self._code, workflow.now(), self._registered.attempt_timeout
        purpose = (decision.action, code.wish.generation)
        ends_within = None if decision.wake_at is None else decision.wake_at - now
        is_repetition = self._tried_once == purpose
        is_patient = is_repetition or (ends_within is not None and ends_within <= limit)
        is_programming = decision.action in WRITES
        due_at = _due_since(decision.action, code, now)
        device = self._registered.device
        handle = workflow.start_activity_method(
            DeviceCodeActivities.program if is_programming else DeviceCodeActivities.remove,
            # What another purpose was told to wait for is not this one's: a message interrupts every wait.
            LockOrder(
                access_code_id=self._id,
                device_id=device.device_id,
                due_at=due_at,
                not_before=self._not_before if is_repetition else None,
                is_backup=code.is_backup,
            ),
            summary=f"{decision.action} on {device.name}",
            **lock_options(
                contracts.provider_queue(device.provider),
                priority_key=self._priority(now) if is_programming else priority.REMOVAL,
                fairness_key=str(device.account_id),
                attempt_timeout=limit,
                ends_within=None if is_patient else ends_within or timedelta(days=1),
            ),
        )
        self._in_doubt = self._in_doubt or is_programming
        self._not_before, self._tried_once = None, purpose
        self._operation = Operation(decision.action, code.wish.generation, device.device_id, handle, is_patient)

    def _begin_asking(self, decision: Decision) -> None:
        """Ask the pool for a backup, beside whatever else is done: the lock's own work must not wait for it."""
        if not decision.pulls_backup or self._asking is not None:
            return
        order = PullOrder(access_code_id=self._id, by_itself=True, now=workflow.now())
        self._asking = workflow.start_activity_method(
            BackupActivities.pull, order, summary="ask for a backup code", **PULLING
        )

    def _end_asking(self) -> None:
        """Take the pool's answer.  Who got none is served by the pool as soon as it has one."""
        if self._asking is None:
            return
        if not self._asking.done():
            if self._known is not None and self._known.closed:
                self._asking.cancel()
            return
        handle, self._asking = self._asking, None
        try:
            self._learn(handle.result())
        except (ActivityError, asyncio.CancelledError):
            self._is_stale = True

    def _is_over(self, operation: Operation, decision: Decision) -> bool:
        """Tell whether the operation has ended, was overtaken, or is to be tried again at once."""
        overtaken = (operation.action, operation.generation) != (decision.action, self._code.wish.generation)
        overtaken = overtaken or self._has_left(operation)
        return operation.handle.done() or overtaken or (self._nudged and operation.is_patient)

    async def _end_operation(self, operation: Operation) -> None:
        """Wait for the operation's end, hastening it where it is not wanted any more, and fold its report."""
        if not operation.handle.done():
            operation.handle.cancel()
            await self._undisturbed(workflow.wait_condition(operation.handle.done))
        was_nudged, self._nudged = self._nudged, False
        self._operation = None
        try:
            report = operation.handle.result()
        except ActivityError as error:
            # News that came while the attempt was failing may be newer than its failure: try again at once.
            self._not_before = None if was_nudged else _told_to_wait_until(error, workflow.now())
        except asyncio.CancelledError:
            self._not_before = None
        else:
            self._in_doubt = False
            self._learn(report)
        if self._has_left(operation):
            # What it did there is its remnant's: on this lock nothing was begun.
            self._in_doubt, self._not_before = False, None

    def _has_left(self, operation: Operation) -> bool:
        """Tell whether the code was moved from the lock of the operation."""
        return operation.device_id != self._registered.device.device_id

    def _priority(self, now: datetime) -> int:
        if self._code.is_backup and self._code.wish.ends_at is None:
            return priority.LAST  # nobody waits for what lies ready
        arrives_at = self._request.arrives_at or self._code.wish.starts_at or now
        return priority.by_arrival(arrives_at, now)

    # --- What is known ----------------------------------------------------------------------------------------

    @property
    def _request(self) -> AccessCodeInput:
        """What was asked for; only asked after malformed input was refused."""
        assert self._received.request is not None  # noqa: S101
        return self._received.request

    @property
    def _registered(self) -> Carried:
        """What registration brought; only asked after it."""
        assert self._carried is not None  # noqa: S101
        return self._carried

    @property
    def _code(self) -> AccessCode:
        """The code as far as it is known; what may have been written counts as there."""
        assert self._known is not None  # noqa: S101  # only asked after the registration
        return in_doubt(self._known) if self._in_doubt else self._known

    def _learn(self, code: AccessCode) -> None:
        """Take what stands written, unless something newer is known."""
        if self._known is None or code.version >= self._known.version:
            self._known = code

    async def _announce(self) -> bool:
        """Have the notice raised that is due by the books; False: none was, and they say nothing new."""
        before = self._known
        self._learn(await self._local(RegistrationActivities.announce, self._order()))
        return self._known != before

    async def _end(self, ending: Ending) -> None:
        order = EndOrder(access_code_id=self._id, ending=ending, now=workflow.now())
        self._learn(await self._local(RegistrationActivities.end, order))

    def _order(self) -> CodeOrder:
        return CodeOrder(access_code_id=self._id, now=workflow.now())

    async def _local(self, method: Any, order: Any) -> AccessCode:
        result: AccessCode = await self._undisturbed(
            workflow.execute_local_activity_method(method, order, **BOOKKEEPING)
        )
        return result

    # --- What people see --------------------------------------------------------------------------------------

    def _show(self, decision: Decision) -> None:
        """Bring the UI up to date.  Details cost nothing; search attributes are told at rest or in trouble only."""
        device, now = self._registered.device, workflow.now()
        trying = self._operation is not None and self._operation.is_patient
        workflow.set_current_details(display.details(self._code, device, decision, now, trying=trying))
        if self._operation is not None and not trying:
            return
        wanted = display.search_attributes(self._code, device, now)
        if changes := display.updates(self._shown, wanted):
            workflow.upsert_search_attributes(changes)
            self._shown = wanted

    def _receipt(self) -> AccessCodeReceipt:
        code, device = self._code, self._registered.device
        return AccessCodeReceipt(
            access_code_id=self._id,
            device_id=device.device_id,
            device_name=device.name,
            workspace_id=device.workspace_id,
            type=code.wish.type,
            status=status(code, workflow.now()),
            starts_at=code.wish.starts_at,
            ends_at=code.wish.ends_at,
            generation=code.wish.generation,
            problems=tuple(problem.code for problem in code.problems),
            is_ended=code.closed,
            pulled_backup_access_code_id=code.backup.access_code_id,
        )

    # --- Waiting ----------------------------------------------------------------------------------------------

    async def _sleep(self, decision: Decision) -> None:
        """Wait for a message, the end of the operation, or the next instant that matters.

        The one place where a cancellation is heard.  A single attempt ends by itself before that instant, so it needs
        no timer beside it.
        """
        alone = self._operation is not None and not self._operation.is_patient
        wait = None if decision.wake_at is None or alone else decision.wake_at - workflow.now()
        if wait is not None and wait <= timedelta(0):
            return
        self._has_answered = False
        try:
            await workflow.wait_condition(self._is_woken, timeout=wait, timeout_summary=display.waiting_for(decision))
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            self._cancelled = self._heard_cancel = True

    def _is_woken(self) -> bool:
        operation = self._operation
        ended = operation is not None and operation.handle.done()
        nudged = self._nudged and operation is not None and operation.is_patient
        answered = self._asking is not None and self._asking.done()
        return bool(self._inbox) or ended or nudged or answered or self._is_stale

    async def _undisturbed(self, work: Awaitable[T]) -> T:
        """See work through.  A cancellation that comes meanwhile is kept for the loop."""
        task = asyncio.ensure_future(work)
        while True:
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                if task.done():
                    raise
                self._cancelled = self._heard_cancel = True

    async def _handlers_finished(self) -> None:
        await self._undisturbed(workflow.wait_condition(workflow.all_handlers_finished))


def _id_of_this_workflow() -> tuple[UUID, ApplicationError | None]:
    """Read the code's id, or make the refusal of a workflow id that names none."""
    try:
        return contracts.access_code_id_of(workflow.info().workflow_id), None
    except ValueError as error:
        return UUID(int=0), _as_refusal_of(RefusalType.INVALID_INPUT, str(error))


def _as_refusal(error: FailureError) -> ApplicationError:
    """Make one shape of the many in which a local activity's failure arrives, live and on replay."""
    cause = error.cause if isinstance(error, ActivityError) and error.cause is not None else error
    if isinstance(cause, ApplicationError) and cause.type in set(RefusalType):
        return ApplicationError(cause.message, *cause.details, type=cause.type, non_retryable=True)
    return _as_refusal_of(RefusalType.STORE_UNAVAILABLE, "the store did not answer; repeat with the same ids")


def _as_refusal_of(refusal_type: RefusalType, message: str) -> ApplicationError:
    return _as_error(Refusal(type=refusal_type, message=message))


def _as_error(refusal: Refusal) -> ApplicationError:
    return ApplicationError(refusal.message, refusal.model_dump(mode="json"), type=refusal.type, non_retryable=True)


def _due_since(action: Action, code: AccessCode, now: datetime) -> datetime:
    """Say when an operation should have begun: the delays between its attempts grow from there."""
    match action:
        case Action.LOAD:
            return ahead_since(code)
        case Action.PROGRAM | Action.ADD:
            return wanted_since(code)
        case _:
            return unwanted_since(code, now)


def _told_to_wait_until(error: ActivityError, now: datetime) -> datetime | None:
    """Read how long a single attempt was told to wait; None when it may be repeated at once."""
    cause = error.cause
    delay = cause.next_retry_delay if isinstance(cause, ApplicationError) else None
    return None if delay is None else now + delay
