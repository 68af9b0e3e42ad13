"""The tables of new locks that were asked about, and of locks that replace others with the codes that moved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from store.tables import Instant


def _instant(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=nullable))


class DeviceQuestionRow(SQLModel, table=True):
    """A new lock that an operator was asked about: where is it, and does it replace one?"""

    __tablename__ = "device_questions"

    device_id: UUID = Field(foreign_key="devices.id", primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    asked_at: datetime = _instant()
    answer: str | None = None
    """`domain.replacement.Answer`; None: nobody has answered."""
    place: str | None = None
    """Where the lock is, in the operator's words."""
    answered_at: datetime | None = _instant(nullable=True)


class ReplacementRow(SQLModel, table=True):
    """A lock that replaces another: one new lock, one replacement, which may be begun again."""

    __tablename__ = "replacements"

    device_id: UUID = Field(foreign_key="devices.id", primary_key=True)
    """The new lock."""
    replaces_id: UUID = Field(foreign_key="devices.id", index=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    status: str
    """`domain.replacement.ReplacementStatus`."""
    moves_pool: bool = False
    """The old lock kept backup codes and the new one did not: its pool is the new lock's from now on."""
    started_at: datetime = _instant()
    changed_at: datetime = _instant()


class MovedCodeRow(SQLModel, table=True):
    """One code of a replacement, and how far it is."""

    __tablename__ = "moved_codes"

    device_id: UUID = Field(foreign_key="replacements.device_id", primary_key=True)
    access_code_id: UUID = Field(foreign_key="access_codes.id", primary_key=True)
    place: int
    """Its turn: they move in this order, and back in the other."""
    status: str
    """`domain.replacement.MoveStatus`."""
    detail: str | None = None
    """Why it could not be moved, in words without digits."""
    changed_at: datetime = _instant()
