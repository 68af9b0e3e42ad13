"""The tables of guests, and of the messages that tell them their codes.

What is personal is encrypted, and erased when the guest is forgotten; what stays says that somebody was told a code,
not who.  Channels hold credentials and are encrypted, too.  No digits are here: a message's text has a placeholder.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from domain.guests import DEFAULT_KEPT_DAYS
from store.tables import Instant


def _instant(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=nullable))


class GuestRow(SQLModel, table=True):
    """A guest's contact."""

    __tablename__ = "guests"
    __table_args__ = (Index("ix_guests_reservation", "workspace_id", "reservation"),)

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id")
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """`domain.guests.Guest`, encrypted; None once forgotten."""
    reservation: str | None = None
    """The caller's reference, in the clear, so that guests are found by it."""
    created_at: datetime = _instant()
    forgotten_at: datetime | None = _instant(nullable=True)


class GuestCodeRow(SQLModel, table=True):
    """Whose an access code is.  It may be written before the code is registered, so that nothing is told to nobody."""

    __tablename__ = "guest_codes"

    access_code_id: UUID = Field(primary_key=True)
    guest_id: UUID = Field(foreign_key="guests.id", index=True)


class MessageSettingsRow(SQLModel, table=True):
    """What a workspace has sent by itself, and how far its events were looked through for it."""

    __tablename__ = "message_settings"

    workspace_id: UUID = Field(foreign_key="workspaces.id", primary_key=True)
    automatic: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """`domain.message_text.MessageKind`s."""
    ready_lead_seconds: int | None = None
    """How long before the start a code is told; None: when it is proven on its lock."""
    guests_kept_days: int = DEFAULT_KEPT_DAYS
    """How long after the last code's end a guest is known."""
    relayed_through: int = 0
    """The sequence of the last event whose message was begun, or that was about none."""


class MessageTemplateRow(SQLModel, table=True):
    """A workspace's own words for one kind of message in one language."""

    __tablename__ = "message_templates"

    workspace_id: UUID = Field(foreign_key="workspaces.id", primary_key=True)
    kind: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    subject: str
    body: str


class MessageChannelRow(SQLModel, table=True):
    """A way to guests."""

    __tablename__ = "message_channels"

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    name: str
    kind: str
    """`domain.message_channels.ChannelKind`."""
    url: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """An apprise URL, encrypted."""
    created_at: datetime = _instant()


class MessageRow(SQLModel, table=True):
    """One message to one guest about one code's digits, and what became of it."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_listed", "workspace_id", "created_at", "id"),
        Index("ix_messages_sequence", "sequence"),
    )

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id")
    access_code_id: UUID = Field(index=True)
    generation: int
    """The generation of the digits that it tells."""
    guest_id: UUID | None = Field(default=None, foreign_key="guests.id", index=True)
    kind: str
    """`domain.message_text.MessageKind`."""
    asked: bool = False
    """Somebody asked for it."""
    channel_id: UUID | None = None
    status: str
    """`domain.messages.MessageStatus`."""
    reason: str | None = None
    """Why it was dropped, or what the channel's last failure was."""
    attempts: int = 0
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """Address, subject and body with a placeholder for the digits, encrypted; None once the guest is forgotten."""
    due_at: datetime | None = _instant(nullable=True)
    """When it is looked at again while it waits."""
    created_at: datetime = _instant()
    changed_at: datetime = _instant()
    sequence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Higher than every other message's when this one was last written (`store.messages.write_message`)."""
