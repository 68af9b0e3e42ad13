"""The application service of action attempts: a row says what was asked for, the code, or the lock, says how it stands."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.temporal import translated
from domain.action_attempts import PENDING, ActionType, Moved, Outcome, outcome
from store import codes
from store.action_attempts import begin, begin_move, page_of_attempts, seen_generation
from store.api_tables import ActionAttemptRow
from store.codes import StoredCode
from store.database import Database
from store.pages import Page
from store.tables import DeviceRow
from workflows.contracts import (
    MOVE_DOOR_WORKFLOW,
    QUEUE,
    AccessCodeReceipt,
    MoveDoorInput,
    move_door_workflow_id,
)


class ActionAttemptService:
    """Keeps and tells what was asked for.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._database = database

    async def begin(self, attempt_id: UUID, action: ActionType, receipt: AccessCodeReceipt) -> None:
        """Write down what a registered code was asked; doing so again is no matter."""
        attempt = ActionAttemptRow(
            id=attempt_id,
            workspace_id=receipt.workspace_id,
            action_type=action.value,
            device_id=receipt.device_id,
            access_code_id=receipt.access_code_id,
            generation=receipt.generation,
            created_at=datetime.now(UTC),
        )
        async with self._database.write() as session:
            await begin(session, attempt)

    async def move(self, attempt_id: UUID, device: DeviceRow, provider: str, *, locked: bool) -> ActionAttemptRow:
        """Have a door locked or unlocked; repeating it with the same id moves it once.

        Raises:
            TemporalUnavailableError: Temporal does not take it; call again with the same id.
        """
        asked = MoveDoorInput(
            action_attempt_id=attempt_id,
            workspace_id=device.workspace_id,
            device_id=device.id,
            provider=provider,
            locked=locked,
        )
        # It may have been started by an earlier sending of this request.
        with translated(), suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                MOVE_DOOR_WORKFLOW,
                asked,
                id=move_door_workflow_id(attempt_id),
                task_queue=QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{'lock' if locked else 'unlock'} {device.name}"[:200],
            )
        # The workflow writes the row as well: whoever is first, nobody who got the id finds nothing under it.
        async with self._database.write() as session:
            return await begin_move(
                session,
                id=attempt_id,
                workspace_id=device.workspace_id,
                device_id=device.id,
                locked=locked,
                now=datetime.now(UTC),
            )

    async def page(
        self,
        workspace_id: UUID,
        page: Page,
        *,
        ids: Collection[UUID] | None = None,
        device_id: UUID | None = None,
    ) -> Sequence[ActionAttemptRow]:
        """List attempts, newest first; one more than the page holds when there are more."""
        async with self._database.read() as session:
            return await page_of_attempts(session, workspace_id, page, ids=ids, device_id=device_id)

    async def outcome(self, row: ActionAttemptRow, now: datetime) -> tuple[Outcome, StoredCode | None]:
        """Say how an attempt stands, with its code; None for a code that never came to be."""
        if row.access_code_id is None or row.generation is None:
            return (PENDING if row.moved is None else Moved.model_validate(row.moved).outcome), None
        async with self._database.read() as session:
            try:
                stored = await codes.get(session, row.access_code_id)
            except codes.CodeNotFoundError:
                return PENDING, None
            seen = await seen_generation(session, row.access_code_id)
        stands = outcome(
            ActionType(row.action_type),
            stored.code,
            generation=row.generation,
            was_seen=seen >= row.generation,
            now=now,
        )
        return stands, stored
