"""The application service of guests: who they are, whose a code is, and forgetting them on demand.

A guest stays one person: a changed contact corrects it.  Giving a code to somebody else is another thing, and is
refused once its digits may be known to the one before.  A change that may let a waiting message go is told to it.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client

from api.message_starts import start_message
from api.temporal import translated
from domain.guests import Guest
from domain.refusals import RefusalType, RefusedError, refuse
from store import codes, guests, messages
from store.database import Database
from store.guest_secrets import open_guest, seal_guest
from store.guest_tables import GuestRow
from store.keyring import KeyRing
from store.pages import Page
from store.tables import AccessCodeRow


@dataclass(frozen=True, slots=True)
class KnownGuest:
    """A guest as the workspace knows them."""

    guest_id: UUID
    contact: Guest
    created_at: datetime

    @property
    def id(self) -> UUID:
        """What places it in a list, with `created_at`."""
        return self.guest_id


class GuestService:
    """What a workspace can do with its guests.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, client: Client, database: Database, keyring: KeyRing) -> None:
        self._client = client
        self._database = database
        self._keyring = keyring

    async def create(self, workspace_id: UUID, guest_id: UUID, contact: Guest) -> KnownGuest:
        """Keep a guest's contact; repeating the call with the same id changes it to the same."""
        now = datetime.now(UTC)
        async with self._database.write() as session:
            row = await guests.get_guest(session, guest_id, for_update=True)
            if row is None:
                row = GuestRow(id=guest_id, workspace_id=workspace_id, created_at=now)
            self._fill(row, contact)
            session.add(row)
        return KnownGuest(guest_id, contact, row.created_at)

    async def get(self, workspace_id: UUID, guest_id: UUID) -> KnownGuest:
        """Give a guest.

        Raises:
            RefusedError: there is none, or they were forgotten.
        """
        async with self._database.read() as session:
            return self._known(await _owned(session, workspace_id, guest_id))

    async def list(self, workspace_id: UUID, page: Page, *, reservation: str | None = None) -> Sequence[KnownGuest]:
        """List guests, newest first; one more than the page holds when there are more."""
        async with self._database.read() as session:
            rows = await guests.page_of_guests(session, workspace_id, page, reservation=reservation)
        return [self._known(row) for row in rows]

    async def update(self, workspace_id: UUID, guest_id: UUID, change: Mapping[str, Any]) -> KnownGuest:
        """Correct a guest's contact: what is named is laid over what is known, and None takes it away.

        Raises:
            RefusedError: there is no such guest.
            ValidationError: a value cannot be.
            TemporalUnavailableError: the change stands, and messages were not told; call again.
        """
        async with self._database.write() as session:
            row = await _owned(session, workspace_id, guest_id, for_update=True)
            known = self._known(row)
            contact = Guest.model_validate(known.contact.model_dump() | dict(change))
            self._fill(row, contact)
            session.add(row)
            theirs = await guests.codes_of_guest(session, guest_id)
        await self._tell_messages([code for code in theirs if not code.closed])
        return KnownGuest(guest_id, contact, row.created_at)

    async def delete(self, workspace_id: UUID, guest_id: UUID) -> None:
        """Forget a guest now: the contact, and what was written to them.

        Raises:
            RefusedError: there is no such guest.
        """
        async with self._database.write() as session:
            await _owned(session, workspace_id, guest_id, for_update=True)
            await guests.forget(session, guest_id, datetime.now(UTC))

    @asynccontextmanager
    async def introduced(
        self, workspace_id: UUID, access_code_id: UUID, guest_id: UUID, *, is_new: bool = False
    ) -> AsyncIterator[None]:
        """Say whose a code is that the block registers, before it does, so that no message is sent to nobody.

        When the registration is refused that is taken back, and a guest who was made for it is forgotten.

        Raises:
            RefusedError: there is no such guest, or the block's own.
        """
        await self.introduce(workspace_id, access_code_id, guest_id)
        try:
            yield
        except RefusedError:
            async with self._database.write() as session:
                if await session.get(AccessCodeRow, access_code_id) is None:
                    await guests.take_guest_of(session, access_code_id)
            if is_new:
                await self.delete(workspace_id, guest_id)
            raise

    async def introduce(self, workspace_id: UUID, access_code_id: UUID, guest_id: UUID) -> None:
        """Say whose a code is that is about to be registered; one that is there already is given as by `give`.

        Raises:
            RefusedError: there is no such guest, or the code is there and cannot be given.
        """
        async with self._database.write() as session:
            await _owned(session, workspace_id, guest_id)
            if await session.get(AccessCodeRow, access_code_id) is not None:
                await _may_be_given(session, workspace_id, access_code_id, guest_id)
            await guests.put_guest_of(session, access_code_id, guest_id)

    async def give(self, workspace_id: UUID, access_code_id: UUID, guest_id: UUID) -> None:
        """Say whose a code is.

        Raises:
            RefusedError: there is no such code or guest, or somebody else may know the digits.
            TemporalUnavailableError: the change stands, and its message was not told; call again.
        """
        async with self._database.write() as session:
            await _owned(session, workspace_id, guest_id)
            stored = await _may_be_given(session, workspace_id, access_code_id, guest_id)
            await guests.put_guest_of(session, access_code_id, guest_id)
        await self._tell_messages([stored.row])

    async def of_codes(self, access_code_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Name the guests of codes, by code."""
        async with self._database.read() as session:
            return await guests.guest_ids_of(session, access_code_ids)

    async def codes_of(self, workspace_id: UUID, guest_id: UUID) -> Sequence[UUID]:
        """Name a guest's codes, newest first.

        Raises:
            RefusedError: there is no such guest.
        """
        async with self._database.read() as session:
            await _owned(session, workspace_id, guest_id)
            return [code.id for code in await guests.codes_of_guest(session, guest_id)]

    async def _tell_messages(self, rows: Sequence[AccessCodeRow]) -> None:
        """Have messages looked at that may have waited for this, where anything is sent by itself."""
        for row in rows:
            async with self._database.read() as session:
                settings = await messages.get_settings(session, row.workspace_id)
            if settings.automatic:
                generation = int(row.code["wish"]["pin_generation"])
                with translated():
                    await start_message(self._client, row.workspace_id, row.id, generation)

    def _fill(self, row: GuestRow, contact: Guest) -> None:
        row.sealed, row.reservation = seal_guest(self._keyring, row.id, contact), contact.reservation

    def _known(self, row: GuestRow) -> KnownGuest:
        contact = open_guest(self._keyring, row)
        if contact is None:
            raise _not_found(row.id)
        return KnownGuest(row.id, contact, row.created_at)


def told_to_another() -> RefusedError:
    """Make the refusal of digits that another guest may know."""
    return refuse(
        RefusalType.TOLD_TO_ANOTHER_GUEST,
        "another guest may know these digits; give the code new digits first",
        field="guest_id",
    )


async def _owned(session: AsyncSession, workspace_id: UUID, guest_id: UUID, *, for_update: bool = False) -> GuestRow:
    row = await guests.get_guest(session, guest_id, for_update=for_update)
    if row is None or row.workspace_id != workspace_id or row.forgotten_at is not None:
        raise _not_found(guest_id)
    return row


async def _code(session: AsyncSession, workspace_id: UUID, access_code_id: UUID) -> codes.StoredCode:
    try:
        stored = await codes.get(session, access_code_id, for_update=True)
    except codes.CodeNotFoundError:
        stored = None
    if stored is None or stored.row.workspace_id != workspace_id or stored.row.deleted_at or stored.is_hidden:
        raise refuse(RefusalType.ACCESS_CODE_NOT_FOUND, f"there is no access code {access_code_id}")
    return stored


async def _may_be_given(
    session: AsyncSession, workspace_id: UUID, access_code_id: UUID, guest_id: UUID
) -> codes.StoredCode:
    stored = await _code(session, workspace_id, access_code_id)
    if await messages.others_may_know(session, stored, guest_id):
        raise told_to_another()
    return stored


def _not_found(guest_id: UUID) -> RefusedError:
    return refuse(RefusalType.GUEST_NOT_FOUND, f"there is no guest {guest_id}")
