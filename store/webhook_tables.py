"""The table of webhook endpoints."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Column, LargeBinary
from sqlmodel import Field, SQLModel

from store.tables import Instant


class WebhookRow(SQLModel, table=True):
    """A customer's address, what it is told, and how far it was told.  Its secrets are encrypted."""

    __tablename__ = "webhooks"

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    url: str
    event_types: list[str] = Field(sa_column=Column(JSON, nullable=False))
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    previous_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    previous_secret_until: datetime | None = Field(default=None, sa_column=Column(Instant))
    """Until then both secrets sign."""
    relayed_through: int = 0
    """The sequence of the last event whose delivery was begun, or that was none for this endpoint."""
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    failing_since: datetime | None = Field(default=None, sa_column=Column(Instant))
    """The first failure since anything was delivered; None while all is well."""
    last_failure_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    disabled_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    disabled_reason: str | None = None
    """`domain.webhooks.DisabledReason`; None while it is told events."""
