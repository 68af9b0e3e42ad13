"""The table of codes that somebody else put on locks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from store.tables import Instant


def _instant(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=nullable))


class UnmanagedCodeRow(SQLModel, table=True):
    """A code of somebody else's, as its lock last showed it.  Digits are kept as those of our own codes are."""

    __tablename__ = "unmanaged_codes"
    __table_args__ = (
        Index("ix_unmanaged_codes_device", "device_id", "gone_at"),
        Index("ix_unmanaged_codes_listed", "workspace_id", "created_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id")
    device_id: UUID = Field(foreign_key="devices.id")
    reference: str | None = None
    """The vendor's own id of the code."""
    slot: int | None = None
    name: str | None = None
    pin_index: str | None = None
    """The keyed hash of its digits, as in `pins`; None: the lock hides them."""
    ciphertext: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """Its digits; None: the lock hides them, or it is gone."""
    created_at: datetime = _instant()
    """When it was first seen."""
    seen_at: datetime = _instant()
    missing_since: datetime | None = _instant(nullable=True)
    """The first of an unbroken row of looks that did not show it."""
    gone_at: datetime | None = _instant(nullable=True)
    """When it was proven gone, or became a code of ours."""
