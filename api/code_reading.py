"""Reading access codes as the store has them: no Temporal is needed, and no digits are shown but by `reveal`."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from pydantic import SecretStr

from domain.refusals import RefusalType, RefusedError, refuse
from domain.sealed import pin_aad
from store import code_lists, codes
from store.code_lists import CodeFilter
from store.database import Database
from store.keyring import KeyRing
from store.pages import Page


class CodeReader:
    """What callers can learn of access codes.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, access_code_id: UUID, *, workspace_id: UUID | None = None) -> codes.StoredCode:
        """Read a code without its digits; with `workspace_id`, only one of that workspace.

        Raises:
            RefusedError: there is no such code, its deletion is complete, or it is a backup code that nobody has.
        """
        async with self._database.read() as session:
            try:
                stored = await codes.get(session, access_code_id)
            except codes.CodeNotFoundError:
                raise not_found(access_code_id) from None
        if stored.row.deleted_at is not None or stored.is_hidden or workspace_id not in (None, stored.row.workspace_id):
            raise not_found(access_code_id)
        return stored

    async def list(self, workspace_id: UUID, device_id: UUID | None = None) -> Sequence[codes.StoredCode]:
        """List a workspace's codes, newest first, without digits."""
        async with self._database.read() as session:
            return await codes.list_codes(session, workspace_id, device_id=device_id)

    async def page(self, workspace_id: UUID, wanted: CodeFilter, page: Page) -> Sequence[codes.StoredCode]:
        """List codes, newest first, without digits; one more than the page holds when there are more."""
        async with self._database.read() as session:
            return await code_lists.page_of_codes(session, workspace_id, wanted, page)

    async def with_backup(self, stored: Sequence[codes.StoredCode]) -> Collection[UUID]:
        """Name those codes for which a pull would bring a backup code: `is_backup_access_code_available`.

        After a code has pulled by itself this stays true, so that who checks and then pulls gets the same backup.
        """
        async with self._database.read() as session:
            return await code_lists.with_backup(session, stored)

    async def has_backup(self, stored: codes.StoredCode) -> bool:
        """Tell whether a pull would bring a backup code for one code."""
        return stored.row.id in await self.with_backup([stored])

    async def find(self, workspace_id: UUID, device_id: UUID, pin: SecretStr, keyring: KeyRing) -> codes.StoredCode:
        """Read the code that has these digits on a lock.

        Raises:
            RefusedError: there is none.
        """
        pin_index = keyring.blind_index(device_id, pin.get_secret_value())
        async with self._database.read() as session:
            found = await code_lists.code_with_digits(session, workspace_id, device_id, pin_index)
        if found is None:
            raise refuse(RefusalType.ACCESS_CODE_NOT_FOUND, "there is no access code with these digits on the device")
        return await self.get(found, workspace_id=workspace_id)

    async def reveal(self, access_code_id: UUID, keyring: KeyRing) -> SecretStr:
        """Give the digits of a code.  Whoever calls this answers for the caller's right to see them.

        Raises:
            RefusedError: there is no such code.
            KeyRingError: the key that encrypted the digits is missing.
        """
        stored = await self.get(access_code_id)
        return (await self.reveal_all([stored], keyring))[access_code_id]

    async def reveal_all(self, stored: Sequence[codes.StoredCode], keyring: KeyRing) -> Mapping[UUID, SecretStr]:
        """Give the digits of codes by their ids.  Whoever calls this answers for the caller's right to see them.

        Raises:
            KeyRingError: a key that encrypted digits is missing.
        """
        generations = {one.row.id: one.code.wish.pin_generation for one in stored}
        workspaces = {one.row.id: one.row.workspace_id for one in stored}
        async with self._database.read() as session:
            rows = await code_lists.digits_of(session, generations)
        return {
            code_id: SecretStr(keyring.decrypt(row.ciphertext, pin_aad(workspaces[code_id], code_id)).decode())
            for code_id, row in rows.items()
        }


def not_found(access_code_id: UUID) -> RefusedError:
    """Make the refusal of an id under which there is no code."""
    return refuse(RefusalType.ACCESS_CODE_NOT_FOUND, f"there is no access code {access_code_id}")
