"""Guests and channels in a house, and short words for what tests ask of messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pydantic import SecretStr

from api.guests import GuestService
from api.message_channels import MessageChannelService
from api.message_settings import MessageSettingsService
from api.messages import Message, MessageService
from domain.guests import Guest
from domain.message_channels import ChannelKind
from domain.message_text import MessageKind
from domain.messages import MessageStatus, message_id
from store.accounts import DEFAULT_WORKSPACE_ID
from store.guest_tables import MessageRow
from store.pages import Page
from tests.house import House
from tests.mailbox import Mailbox
from tests.waiting import eventually


@dataclass
class Desk:
    """A workspace whose guests are written to by mail."""

    house: House
    guests: GuestService
    channels: MessageChannelService
    settings: MessageSettingsService
    messages: MessageService
    channel_id: UUID

    async def guest(self, name: str = "Ada") -> UUID:
        """Make a guest with a mail address of their own."""
        contact = Guest(name=name, email=f"{uuid4()}@guest.example")
        return (await self.guests.create(DEFAULT_WORKSPACE_ID, uuid4(), contact)).guest_id

    async def address(self, guest_id: UUID) -> str:
        """Give a guest's mail address."""
        email = (await self.guests.get(DEFAULT_WORKSPACE_ID, guest_id)).contact.email
        assert email is not None
        return email

    async def code_for(self, guest_id: UUID) -> UUID:
        """Introduce a guest to a code that is about to be registered; give its id."""
        code_id = uuid4()
        await self.guests.introduce(DEFAULT_WORKSPACE_ID, code_id, guest_id)
        return code_id

    async def switch_on(self, *kinds: MessageKind, ready_lead: timedelta | None = None) -> None:
        """Choose what is sent by itself."""
        await self.settings.update(DEFAULT_WORKSPACE_ID, automatic=kinds, ready_lead=ready_lead or timedelta(0))

    async def send(self, code_id: UUID) -> UUID:
        """Ask for a message; give its id."""
        id = uuid4()
        await self.messages.send(DEFAULT_WORKSPACE_ID, code_id, datetime.now(UTC), id=id, channel_id=self.channel_id)
        return id

    async def rows(self, code_id: UUID) -> list[Message]:
        """List the messages about a code, the oldest first."""
        found = await self.messages.list(DEFAULT_WORKSPACE_ID, Page(limit=50), access_code_id=code_id)
        return list(reversed(found))

    async def until(self, id: UUID, status: MessageStatus, *, within: float = 30.0) -> Message:
        """Wait until a message stands so."""

        async def stands() -> bool:
            async with self.house.database.read() as session:
                row = await session.get(MessageRow, id)
            return row is not None and row.status == status

        await eventually(stands, within=within, what=f"the message {id} is {status}")
        return await self.messages.get(DEFAULT_WORKSPACE_ID, id)


def automatic(code_id: UUID, generation: int = 1) -> UUID:
    """Give the id of the message that is sent by itself."""
    return message_id(code_id, generation)


@asynccontextmanager
async def open_desk(house: House, box: Mailbox) -> AsyncIterator[Desk]:
    """Have a house write to its guests through a mailbox; channel and switches go with the block."""
    channels = MessageChannelService(house.database, house.keyring, for_development=True)
    made = await channels.create(DEFAULT_WORKSPACE_ID, uuid4(), "Mail", ChannelKind.EMAIL, SecretStr(box.url))
    desk = Desk(
        house,
        GuestService(house.client, house.database, house.keyring),
        channels,
        MessageSettingsService(house.database),
        MessageService(house.client, house.database, house.keyring),
        made.channel_id,
    )
    try:
        yield desk
    finally:
        await desk.switch_on()
        await channels.delete(DEFAULT_WORKSPACE_ID, made.channel_id)
