"""Reading access codes as the store has them: no Temporal is needed, and no digits are shown but by `reveal`."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import SecretStr

from domain.refusals import RefusalType, RefusedError, refuse
from domain.sealed import pin_aad
from store import codes
from store.backup_pools import backup_codes_on, pool_of_code
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

    async def has_backup(self, stored: codes.StoredCode) -> bool:
        """Tell whether a pull would bring a backup code: `is_backup_access_code_available`.

        After a code has pulled by itself this stays true, so that who checks and then pulls gets the same backup.
        """
        if stored.code.is_backup or stored.code.closed:
            return False
        if stored.code.backup.access_code_id is not None:
            return stored.code.backup.by_itself
        async with self._database.read() as session:
            pool_id = await pool_of_code(session, stored.row)
            on_lock = await backup_codes_on(session, stored.device.id)
        return any(code.is_ready and code.pool_id == pool_id for code in on_lock)

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
