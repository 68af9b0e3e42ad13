"""The application service of the audit trail: what people did at the console."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.users import Visitor
from domain.audit import AuditAction
from store import audit
from store.database import Database
from store.once import make_once
from store.user_tables import AuditRow


class AuditService:
    """Writes and reads the trail.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self,
        visitor: Visitor,
        action: AuditAction,
        *,
        access_code_id: UUID | None = None,
        device_id: UUID | None = None,
        subject: str | None = None,
    ) -> None:
        """Write down what somebody does."""
        async with self._database.write() as session:
            session.add(AuditRow(**_entry(visitor, action, access_code_id, device_id, subject)))

    async def note_once(self, visitor: Visitor, action: AuditAction, *, access_code_id: UUID, subject: str) -> AuditRow:
        """Write down what is done once, and give who did it: this person, or whoever came first."""
        once = f"{action}/{subject}"
        entry = _entry(visitor, action, access_code_id, None, subject)
        async with self._database.write() as session:
            await make_once(session, AuditRow, **entry, once=once)
            done = await audit.done_once(session, once)
        assert done is not None  # noqa: S101
        return done

    async def about_code(self, access_code_id: UUID, *, limit: int = 200) -> Sequence[AuditRow]:
        """List what people did with a code, the newest first."""
        async with self._database.read() as session:
            return await audit.about_code(session, access_code_id, limit=limit)

    async def newest(self, workspace_id: UUID, *, limit: int = 50) -> Sequence[AuditRow]:
        """List what people did, the newest first."""
        async with self._database.read() as session:
            return await audit.newest(session, workspace_id, limit=limit)


def _entry(
    visitor: Visitor, action: AuditAction, access_code_id: UUID | None, device_id: UUID | None, subject: str | None
) -> dict[str, Any]:
    return {
        "workspace_id": visitor.workspace_id,
        "occurred_at": datetime.now(UTC),
        "user_id": visitor.user_id,
        "user_name": visitor.name,
        "action": action.value,
        "access_code_id": access_code_id,
        "device_id": device_id,
        "subject": subject,
    }
