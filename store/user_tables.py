"""The tables of the console: who may sign in, who is signed in, and what they did.

No secret is here: of a password its argon2 hash, of a session's token a keyed hash.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlmodel import Field, SQLModel

from store.tables import Counter, Instant


def _instant(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=nullable, index=index))


class UserRow(SQLModel, table=True):
    """A person who may use the console."""

    __tablename__ = "users"
    __table_args__ = (
        Index(
            "uq_users_name",
            "name",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id")
    name: str
    """In lower case."""
    role: str
    """`domain.roles.Role`."""
    password_hash: str | None = None
    """None: only a proxy can vouch for this person."""
    created_at: datetime = _instant()
    removed_at: datetime | None = _instant(nullable=True)


class SessionRow(SQLModel, table=True):
    """Somebody who is signed in."""

    __tablename__ = "sessions"

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", index=True)
    token_hash: str
    """`store.keyring.KeyRing.fingerprint` of the cookie's secret part."""
    created_at: datetime = _instant()
    expires_at: datetime = _instant(index=True)


class AuditRow(SQLModel, table=True):
    """Something that a person did at the console.  No digits."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_code", "access_code_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(Counter, primary_key=True))
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    occurred_at: datetime = _instant()
    user_id: UUID = Field(foreign_key="users.id")
    user_name: str
    action: str
    """`domain.audit.AuditAction`."""
    access_code_id: UUID | None = None
    device_id: UUID | None = None
    subject: str | None = None
    """What else it was about, such as the backup code that was pulled."""
    once: str | None = Field(default=None, unique=True)
    """What is done once whoever presses: the first to write it did it."""
