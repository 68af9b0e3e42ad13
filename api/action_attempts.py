"""The application service of action attempts: a row says what was asked for, the code says how it stands."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from domain.action_attempts import PENDING, ActionType, Outcome, outcome
from store import codes
from store.action_attempts import page_of_attempts, seen_generation
from store.api_tables import ActionAttemptRow
from store.codes import StoredCode
from store.database import Database
from store.once import make_once
from store.pages import Page
from workflows.contracts import AccessCodeReceipt


class ActionAttemptService:
    """Keeps and tells what was asked for.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, attempt_id: UUID, action: ActionType, receipt: AccessCodeReceipt) -> ActionAttemptRow:
        """Write down what a code was asked; doing so again is no matter."""
        row = ActionAttemptRow(
            id=attempt_id,
            workspace_id=receipt.workspace_id,
            action_type=action,
            device_id=receipt.device_id,
            access_code_id=receipt.access_code_id,
            generation=receipt.generation,
            created_at=datetime.now(UTC),
        )
        async with self._database.write() as session:
            await make_once(session, ActionAttemptRow, **row.model_dump())
        return row

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
