"""The application service of codes that somebody else put on locks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid4

from pydantic import SecretStr
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy

from api.code_reading import not_found
from api.errors import TemporalUnavailableError
from api.temporal import answered, translated
from domain.refusals import RefusalType, refuse
from domain.sealed import pin_aad
from store.action_attempts import begin_removal
from store.api_tables import ActionAttemptRow
from store.database import Database
from store.keyring import KeyRing
from store.pages import Page
from store.tables import ConnectedAccountRow, DeviceRow
from store.unmanaged import get_unmanaged, page_of_unmanaged, with_digits
from store.unmanaged_tables import UnmanagedCodeRow
from workflows.contracts import (
    QUEUE,
    UNMANAGED_CODE_WORKFLOW,
    UnmanagedCodeInput,
    UnmanagedCodeResult,
    unmanaged_code_workflow_id,
)

ANSWER_SECONDS = 30.0
"""How long somebody waits for an operation on a lock."""


class UnmanagedCodeService:
    """What callers can do with such codes.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, client: Client, database: Database, keyring: KeyRing) -> None:
        self._client = client
        self._database = database
        self._keyring = keyring

    async def get(self, workspace_id: UUID, access_code_id: UUID) -> UnmanagedCodeRow:
        """Give one.

        Raises:
            RefusedError: there is none of that id, or it is gone.
        """
        async with self._database.read() as session:
            row = await get_unmanaged(session, access_code_id, workspace_id=workspace_id)
        if row is None:
            raise not_found(access_code_id)
        return row

    async def find(self, workspace_id: UUID, device_id: UUID, pin: SecretStr) -> UnmanagedCodeRow:
        """Give the one with these digits on a lock.

        Raises:
            RefusedError: there is none.
        """
        index = self._keyring.blind_index(device_id, pin.get_secret_value())
        async with self._database.read() as session:
            row = await with_digits(session, device_id, index)
        if row is None or row.workspace_id != workspace_id:
            raise refuse(
                RefusalType.ACCESS_CODE_NOT_FOUND, "there is no unmanaged access code with these digits on the device"
            )
        return row

    async def page(
        self, workspace_id: UUID, device_id: UUID, page: Page, *, search: str | None = None
    ) -> Sequence[UnmanagedCodeRow]:
        """List those of a lock, newest first; one more than the page holds when there are more."""
        async with self._database.read() as session:
            return await page_of_unmanaged(session, workspace_id, device_id, page, search=search)

    def reveal(self, row: UnmanagedCodeRow) -> SecretStr | None:
        """Give the digits; None where the lock hides them.  Whoever calls this answers for the right to see them."""
        if row.ciphertext is None:
            return None
        return SecretStr(self._keyring.decrypt(row.ciphertext, pin_aad(row.workspace_id, row.id)).decode())

    async def adopt(self, row: UnmanagedCodeRow, *, allows_external_modification: bool = False) -> None:
        """Have it become a code of ours, if the lock shows exactly it.  How that ends is told by events.

        Raises:
            TemporalUnavailableError: Temporal does not take it; call again.
        """
        asked = await self._asked(row, "adopt", allows_external_modification=allows_external_modification)
        await self._start(asked)

    async def remove(self, row: UnmanagedCodeRow, attempt_id: UUID | None = None) -> ActionAttemptRow:
        """Have it taken off its lock, if the lock shows exactly it; the attempt tells how that ended.

        Raises:
            TemporalUnavailableError: Temporal does not take it; call again.
        """
        attempt_id = attempt_id or uuid4()
        await self._start(await self._asked(row, "remove", action_attempt_id=attempt_id))
        async with self._database.write() as session:
            return await begin_removal(
                session,
                id=attempt_id,
                workspace_id=row.workspace_id,
                device_id=row.device_id,
                now=datetime.now(UTC),
            )

    async def settled(self, operation: str, access_code_id: UUID) -> UnmanagedCodeResult:
        """Wait until what was asked has ended.

        Raises:
            TemporalUnavailableError: it takes longer, or Temporal does not answer.
        """
        handle = self._client.get_workflow_handle(
            unmanaged_code_workflow_id(operation, access_code_id), result_type=UnmanagedCodeResult
        )
        try:
            late = f"the lock did not do it within {ANSWER_SECONDS:.0f} s"
            result: UnmanagedCodeResult = await answered(handle.result(), within=ANSWER_SECONDS, otherwise=late)
        except WorkflowFailureError as error:
            raise TemporalUnavailableError(f"Temporal cannot take this now: {error}") from None
        return result

    async def type_in(self, device: DeviceRow, provider: str, pin: SecretStr, name: str) -> UnmanagedCodeRow | None:
        """Play at somebody's putting a code on a simulated lock; None: the lock is real.

        Raises:
            RefusedError: the lock does not take it.
            TemporalUnavailableError: it takes too long, or Temporal does not answer.
        """
        code_id = uuid4()
        sealed = self._keyring.seal_pin(pin, workspace_id=device.workspace_id, access_code_id=code_id)
        asked = UnmanagedCodeInput(
            operation="type_in",
            access_code_id=code_id,
            device_id=device.id,
            workspace_id=device.workspace_id,
            provider=provider,
            code=sealed,
            name=name,
        )
        await self._start(asked)
        result = await self.settled("type_in", code_id)
        if result.refusal is not None:
            raise refuse(result.refusal, result.failure or "the lock does not take the code")
        if result.access_code_id is None:
            return None
        return await self.get(device.workspace_id, result.access_code_id)

    async def _asked(
        self,
        row: UnmanagedCodeRow,
        operation: Literal["adopt", "remove"],
        *,
        allows_external_modification: bool = False,
        action_attempt_id: UUID | None = None,
    ) -> UnmanagedCodeInput:
        async with self._database.read() as session:
            device = await session.get_one(DeviceRow, row.device_id)
            account = await session.get_one(ConnectedAccountRow, device.account_id)
        return UnmanagedCodeInput(
            operation=operation,
            access_code_id=row.id,
            device_id=row.device_id,
            workspace_id=row.workspace_id,
            provider=account.provider,
            allows_external_modification=allows_external_modification,
            action_attempt_id=action_attempt_id,
        )

    async def _start(self, asked: UnmanagedCodeInput) -> None:
        with translated():
            await self._client.start_workflow(
                UNMANAGED_CODE_WORKFLOW,
                asked,
                id=unmanaged_code_workflow_id(asked.operation, asked.access_code_id),
                task_queue=QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"{asked.operation.replace('_', ' ')} a code of somebody else's",
            )
