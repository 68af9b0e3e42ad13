"""The application service of messages: sending one that somebody asks for, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from temporalio.client import Client

from api.guests import told_to_another
from api.message_starts import send_message
from api.temporal import translated
from domain.lifecycle import is_over
from domain.message_channels import channel_for
from domain.message_text import MessageKind, masked
from domain.messages import MessageStatus
from domain.refusals import RefusalType, refuse
from store import codes, guests, messages
from store.database import Database
from store.guest_secrets import open_guest, open_letter
from store.guest_tables import MessageRow
from store.keyring import KeyRing
from store.pages import Page


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its workspace sees it; digits are masked."""

    message_id: UUID
    access_code_id: UUID
    guest_id: UUID | None
    kind: MessageKind
    status: MessageStatus
    reason: str | None
    """Why it was dropped, or what the channel's last failure was."""
    was_asked_for: bool
    attempts: int
    address: str | None
    """To whom; None before it was written, and once the guest is forgotten."""
    subject: str | None
    body: str | None
    due_at: datetime | None
    created_at: datetime
    changed_at: datetime

    @property
    def id(self) -> UUID:
        """What places it in a list, with `created_at`."""
        return self.message_id

    def without_text(self) -> "Message":
        """Leave out what was written to whom."""
        return replace(self, address=None, subject=None, body=None)


class MessageService:
    """What a workspace can do with messages to its guests.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, client: Client, database: Database, keyring: KeyRing) -> None:
        self._client = client
        self._database = database
        self._keyring = keyring

    async def send(
        self, workspace_id: UUID, access_code_id: UUID, now: datetime, *, id: UUID, channel_id: UUID | None = None
    ) -> None:
        """Have a code's guest told its digits now; what became of it is read by the id.  Repeating is harmless.

        Raises:
            RefusedError: there is no such code or channel, it is over, nobody knows its guest or a way to them, or
                somebody else may know the digits.
            TemporalUnavailableError: Temporal does not take it; call again.
        """
        async with self._database.read() as session:
            try:
                stored = await codes.get(session, access_code_id)
            except codes.CodeNotFoundError:
                stored = None
            if stored is None or stored.row.workspace_id != workspace_id or stored.row.deleted_at or stored.is_hidden:
                raise refuse(RefusalType.ACCESS_CODE_NOT_FOUND, f"there is no access code {access_code_id}")
            if stored.code.closed or is_over(stored.code, now):
                raise refuse(RefusalType.ACCESS_CODE_ENDED, "the access code has ended: nobody is told its digits")
            guest_id = (await guests.guest_ids_of(session, [access_code_id])).get(access_code_id)
            row = None if guest_id is None else await guests.get_guest(session, guest_id)
            contact = None if row is None else open_guest(self._keyring, row)
            if contact is None:
                raise refuse(RefusalType.GUEST_NOT_FOUND, "nobody said whose this access code is")
            if await messages.others_may_know(session, stored, guest_id):
                raise told_to_another()
            rows = await messages.list_channels(session, workspace_id)
        usable = [messages.channel_of(one) for one in rows if channel_id in (None, one.id)]
        if channel_for(contact, usable) is None:
            message = "there is no channel by which this guest can be reached"
            raise refuse(RefusalType.MESSAGE_CHANNEL_NOT_FOUND, message)
        with translated():
            await send_message(self._client, workspace_id, access_code_id, id=id, channel_id=channel_id)

    async def get(self, workspace_id: UUID, message_id: UUID) -> Message:
        """Give a message.

        Raises:
            RefusedError: there is none, or it was not looked at yet.
        """
        async with self._database.read() as session:
            row = await messages.get_message(session, message_id)
        if row is None or row.workspace_id != workspace_id:
            raise refuse(RefusalType.MESSAGE_NOT_FOUND, f"there is no message {message_id}")
        return self._shown(row)

    async def list(self, workspace_id: UUID, page: Page, *, access_code_id: UUID | None = None) -> Sequence[Message]:
        """List messages, newest first; of one code, with its stand-ins, where it is named."""
        async with self._database.read() as session:
            ids = None
            if access_code_id is not None:
                ids = await messages.codes_with_stand_ins(session, access_code_id)
            rows = await messages.page_of_messages(session, workspace_id, page, access_code_ids=ids)
        return [self._shown(row) for row in rows]

    def _shown(self, row: MessageRow) -> Message:
        letter = open_letter(self._keyring, row)
        return Message(
            message_id=row.id,
            access_code_id=row.access_code_id,
            guest_id=row.guest_id,
            kind=MessageKind(row.kind),
            status=MessageStatus(row.status),
            reason=row.reason,
            was_asked_for=row.asked,
            attempts=row.attempts,
            address=None if letter is None else letter.address,
            subject=None if letter is None else letter.text.subject,
            body=None if letter is None else masked(letter.text.body),
            due_at=row.due_at,
            created_at=row.created_at,
            changed_at=row.changed_at,
        )
