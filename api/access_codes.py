"""The application service of access codes: how a request becomes a workflow, and how a workflow's words come back.

A code is started by update-with-start: one round trip starts its workflow (or finds the one that a repeated request
already started) and answers with the outcome of its registration.  Nothing is written here; the workflow is the entry.
Digits enter as `SecretStr` and are sealed before they leave the process.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel, SecretStr
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    Priority,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError, RPCStatusCode

from api.code_reading import CodeReader
from api.errors import TemporalUnavailableError
from api.refused import ended_first, refused_by
from domain.access_code import Status
from domain.priority import by_arrival
from domain.refusals import RefusalType, refuse
from domain.requests import CodeChange, CodeRequest
from store import devices
from store.codes import StoredCode
from store.database import Database
from store.keyring import KeyRing
from workflows.contracts import (
    ACCESS_CODE_WORKFLOW,
    QUEUE,
    AccessCodeInput,
    AccessCodeReceipt,
    DeleteRequest,
    PullBackupRequest,
    SearchAttribute,
    UpdateName,
    access_code_workflow_id,
)

ANSWER_SECONDS = 30.0
"""How long an update may go without an answer: registration takes milliseconds, so that no worker runs by then."""


class AccessCodeService(CodeReader):
    """What callers can do with access codes.  Every method may raise `TemporalUnavailableError` or
    `StoreUnavailableError`, after which the same request with the same id may be repeated.
    """

    def __init__(self, client: Client, database: Database, keyring: KeyRing) -> None:
        super().__init__(database)
        self._client = client
        self._keyring = keyring

    async def create(self, request: CodeRequest, *, access_code_id: UUID, pin: SecretStr | None) -> AccessCodeReceipt:
        """Register a code; repeating the call with the same id gives the same code.

        `pin` is what the caller chose, None to have digits chosen.

        Raises:
            RefusedError: the request breaks a rule; there is no such code then.
        """
        if pin is not None:
            request = await self._sealed_into(request, pin, access_code_id)
        return await self._start(
            access_code_id,
            AccessCodeInput(**dict(request)),
            UpdateName.REGISTERED,
            update_id=f"{UpdateName.REGISTERED}-{access_code_id}",
        )

    async def change(
        self, access_code_id: UUID, change: CodeChange, *, pin: SecretStr | None = None, update_id: str | None = None
    ) -> AccessCodeReceipt:
        """Change name, window or digits of a running code.  `update_id` makes a repetition harmless.

        Raises:
            RefusedError: the change breaks a rule, the code has ended, or there is none.
        """
        stored = await self.get(access_code_id)
        if pin is not None:
            sealed = self._keyring.seal_pin(pin, workspace_id=stored.row.workspace_id, access_code_id=access_code_id)
            change = change.model_copy(update={"code": sealed})
        receipt = await self._update(access_code_id, UpdateName.CHANGE, change, update_id=update_id)
        if receipt is None and not stored.code.closed:
            update_id = update_id or f"{UpdateName.CHANGE}-{uuid4()}"
            receipt = await self._start(access_code_id, _again(stored), UpdateName.CHANGE, change, update_id=update_id)
        if receipt is None:
            raise refuse(RefusalType.ACCESS_CODE_ENDED, "the access code has ended and cannot be changed")
        return receipt

    async def delete(self, access_code_id: UUID) -> AccessCodeReceipt:
        """Have a code removed from its lock and then forgotten; of one that ended, only the latter is left to do.

        Raises:
            RefusedError: there is no such code.
        """
        stored = await self.get(access_code_id)
        # Each call is an update of its own: the server would repeat the answer to an old one after the end.
        update_id = f"{UpdateName.DELETE}-{uuid4()}"
        receipt = await self._update(access_code_id, UpdateName.DELETE, DeleteRequest(), update_id=update_id)
        if receipt is not None:
            return receipt
        return await self._start(
            access_code_id, _again(stored), UpdateName.DELETE, DeleteRequest(), update_id=update_id
        )

    async def pull_backup(self, access_code_id: UUID) -> AccessCodeReceipt:
        """Have a backup code stand in for a code; the receipt names it.  Repeating the call gives the same one.

        Raises:
            RefusedError: there is no such code, it has ended, its lock has no pool, or no backup is ready.
        """
        await self.get(access_code_id)
        receipt = await self._update(access_code_id, UpdateName.PULL_BACKUP, PullBackupRequest(), update_id=None)
        if receipt is None:
            raise refuse(RefusalType.ACCESS_CODE_ENDED, "the access code has ended: no backup can stand in for it")
        return receipt

    async def _sealed_into(self, request: CodeRequest, pin: SecretStr, access_code_id: UUID) -> CodeRequest:
        """Seal the digits for this one code; they open with its workspace's name, which the device knows."""
        workspace_id = request.workspace_id
        if workspace_id is None:
            async with self._database.read() as session:
                device = await devices.get_device(session, request.device_id)
            if device is None:
                raise refuse(RefusalType.DEVICE_NOT_FOUND, f"there is no device {request.device_id}", field="device_id")
            workspace_id = device.workspace_id
        sealed = self._keyring.seal_pin(pin, workspace_id=workspace_id, access_code_id=access_code_id)
        return request.model_copy(update={"code": sealed})

    async def _start(
        self,
        access_code_id: UUID,
        order: AccessCodeInput,
        update: UpdateName,
        argument: BaseModel | None = None,
        *,
        update_id: str,
    ) -> AccessCodeReceipt:
        """Start the code's workflow, or find it running, and wait for what the update answers."""
        now = datetime.now(UTC)
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            ACCESS_CODE_WORKFLOW,
            order,
            id=access_code_workflow_id(access_code_id),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=_summary(order),
            priority=Priority(priority_key=by_arrival(order.arrives_at or order.starts_at or now, now)),
            search_attributes=_search_attributes(order, now),
        )
        answer = self._client.execute_update_with_start_workflow(
            update.value,
            args=[] if argument is None else [argument],
            start_workflow_operation=start,
            id=update_id,
            result_type=AccessCodeReceipt,
        )
        try:
            with _failures():
                receipt: AccessCodeReceipt = await asyncio.wait_for(answer, ANSWER_SECONDS)
        except _NotRunningError:
            # Between start and update the workflow ended by somebody else's word; the next try starts it anew.
            raise TemporalUnavailableError("the access code ended meanwhile; repeat with the same id") from None
        return receipt

    async def _update(
        self, access_code_id: UUID, update: UpdateName, argument: BaseModel, *, update_id: str | None
    ) -> AccessCodeReceipt | None:
        """Send an update to a running code; None when none runs under this id."""
        handle = self._client.get_workflow_handle(access_code_workflow_id(access_code_id))
        try:
            with _failures():
                receipt: AccessCodeReceipt = await asyncio.wait_for(
                    handle.execute_update(update.value, argument, id=update_id, result_type=AccessCodeReceipt),
                    ANSWER_SECONDS,
                )
        except _NotRunningError:
            return None
        return receipt


class _NotRunningError(Exception):
    """No workflow runs under the id; the store knows whether one ever did."""


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what an update can fail with into what callers can act upon."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        if ended_first(error):
            raise _NotRunningError from None
        raise refused_by(error) from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise _NotRunningError from None
        raise TemporalUnavailableError(f"Temporal cannot take this now: {error.message}") from None
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise TemporalUnavailableError(
            f"no worker answered within {ANSWER_SECONDS:.0f} s; see that one runs, then repeat with the same id"
        ) from None


def _again(stored: StoredCode) -> AccessCodeInput:
    """Make the input that starts the workflow of a registered code: it goes on from what stands written."""
    return AccessCodeInput(
        device_id=stored.device.id, workspace_id=stored.row.workspace_id, backup_id=stored.row.backup_id
    )


def _summary(order: AccessCodeInput) -> str:
    """One line for operators.  The code's name is left out: people write digits into names."""
    begin = "now" if order.starts_at is None else f"{order.starts_at:%Y-%m-%d %H:%M %Z}"
    end = "until deleted" if order.ends_at is None else f"to {order.ends_at:%Y-%m-%d %H:%M %Z}"
    return f"Access code from {begin} {end}"


def _search_attributes(order: AccessCodeInput, now: datetime) -> TypedSearchAttributes:
    """What operators filter by, given at the start, where it costs nothing."""
    begun = order.starts_at is None or order.starts_at <= now
    words = {
        SearchAttribute.CODE_STATUS: Status.SETTING if begun else Status.UNSET,
        SearchAttribute.DEVICE_ID: str(order.device_id),
    }
    if order.workspace_id is not None:
        words[SearchAttribute.WORKSPACE_ID] = str(order.workspace_id)
    instants = {SearchAttribute.STARTS_AT: order.starts_at, SearchAttribute.ENDS_AT: order.ends_at}
    return TypedSearchAttributes(
        [
            *(SearchAttributePair(SearchAttributeKey.for_keyword(name), str(word)) for name, word in words.items()),
            *(
                SearchAttributePair(SearchAttributeKey.for_datetime(name), instant)
                for name, instant in instants.items()
                if instant is not None
            ),
            SearchAttributePair(SearchAttributeKey.for_bool(SearchAttribute.HAS_PROBLEM), False),
        ]
    )
