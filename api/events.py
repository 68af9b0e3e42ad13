"""The application service of events: reading what happened."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from domain.access_code import AccessCode
from domain.sealed import pin_aad
from store import code_lists
from store.database import Database
from store.event_lists import EventFilter, select_events, select_operations
from store.keyring import KeyRing
from store.published_events import publish
from store.tables import AttemptRow, EventRow


class EventReader:
    """What callers can learn of events.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, workspace_id: UUID, wanted: EventFilter, *, limit: int, offset: int = 0, newest_first: bool = False
    ) -> Sequence[EventRow]:
        """List events in the order of writing, or in the opposite one."""
        async with self._database.read() as session:
            return await select_events(
                session, workspace_id, wanted, limit=limit, offset=offset, newest_first=newest_first
            )

    async def attempts(self, access_code_id: UUID, *, limit: int) -> Sequence[AttemptRow]:
        """List the operations on the lock that a code caused, the newest first."""
        async with self._database.read() as session:
            return await select_operations(session, access_code_id, limit=limit)

    async def published(self, rows: Sequence[EventRow], keyring: KeyRing | None) -> Sequence[dict[str, Any]]:
        """Give the bodies that webhooks deliver; without a key ring, none with digits.

        Raises:
            KeyRingError: a key that encrypted digits is missing.
        """
        async with self._database.read() as session:
            return await publish(session, rows, keyring)

    async def reveal(self, code_ids: Collection[UUID], keyring: KeyRing) -> Mapping[UUID, SecretStr]:
        """Give the present digits of codes, deleted ones included.  Whoever calls this answers for the right to it.

        Raises:
            KeyRingError: a key that encrypted digits is missing.
        """
        async with self._database.read() as session:
            codes = await code_lists.rows_of(session, code_ids)
            generations = {id: AccessCode.model_validate(row.code).wish.pin_generation for id, row in codes.items()}
            rows = await code_lists.digits_of(session, generations)
        return {
            id: SecretStr(keyring.decrypt(row.ciphertext, pin_aad(codes[id].workspace_id, id)).decode())
            for id, row in rows.items()
        }
