"""Reading access codes as the store has them: no Temporal is needed, and no digits are shown but by `reveal`."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import SecretStr

from domain.refusals import RefusalType, RefusedError, refuse
from domain.sealed import pin_aad
from store import codes
from store.database import Database
from store.keyring import KeyRing


class CodeReader:
    """What callers can learn of access codes.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, access_code_id: UUID) -> codes.StoredCode:
        """Read a code without its digits.

        Raises:
            RefusedError: there is no such code, or its deletion is complete.
        """
        async with self._database.read() as session:
            try:
                stored = await codes.get(session, access_code_id)
            except codes.CodeNotFoundError:
                raise _not_found(access_code_id) from None
        if stored.row.deleted_at is not None or stored.is_hidden:
            raise _not_found(access_code_id)
        return stored

    async def list(self, workspace_id: UUID, device_id: UUID | None = None) -> Sequence[codes.StoredCode]:
        """List a workspace's codes, newest first, without digits."""
        async with self._database.read() as session:
            return await codes.list_codes(session, workspace_id, device_id=device_id)

    async def reveal(self, access_code_id: UUID, keyring: KeyRing) -> SecretStr:
        """Give the digits of a code.  Whoever calls this answers for the caller's right to see them.

        Raises:
            RefusedError: there is no such code.
            KeyRingError: the key that encrypted the digits is missing.
        """
        stored = await self.get(access_code_id)
        async with self._database.read() as session:
            row = await codes.pin_row(session, access_code_id, stored.code.wish.pin_generation)
        aad = pin_aad(stored.row.workspace_id, access_code_id)
        return SecretStr(keyring.decrypt(row.ciphertext, aad).decode())


def _not_found(access_code_id: UUID) -> RefusedError:
    return refuse(RefusalType.ACCESS_CODE_NOT_FOUND, f"there is no access code {access_code_id}")
