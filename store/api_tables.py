"""The tables that the HTTP API keeps for itself: who may call, what was asked for, and what was answered.

No secret is here: of an API key only a keyed hash, and of an answer everything but the digits.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from store.tables import Instant


def _instant(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=nullable, index=index))


class ApiKeyRow(SQLModel, table=True):
    """An API key, or the token of a browser's session."""

    __tablename__ = "api_keys"

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    name: str
    prefix: str = Field(unique=True)
    """The public start of the token, by which it is found and spoken of."""
    secret_hash: str
    """`store.keyring.KeyRing.fingerprint` of the whole token."""
    scopes: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """`domain.scopes.Scope`s."""
    created_at: datetime = _instant()
    expires_at: datetime | None = _instant(nullable=True)
    revoked_at: datetime | None = _instant(nullable=True)


class ActionAttemptRow(SQLModel, table=True):
    """Something that was asked for and takes its time.  How it stands with a code is computed when somebody asks."""

    __tablename__ = "action_attempts"
    __table_args__ = (
        Index("ix_action_attempts_listed", "workspace_id", "created_at", "id"),
        Index("ix_action_attempts_device", "device_id"),
    )

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id")
    action_type: str
    """`domain.action_attempts.ActionType`."""
    device_id: UUID
    access_code_id: UUID | None = None
    """None where a door is to be moved, or a code of somebody else's is to be taken off."""
    generation: int | None = None
    """The generation that the code had when it was asked for."""
    moved: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """`domain.action_attempts.Moved`: how that ended; None until then, and for codes of ours."""
    created_at: datetime = _instant()


class AnswerRow(SQLModel, table=True):
    """A request that may be repeated, and its answer once there is one."""

    __tablename__ = "answers"

    api_key_id: UUID = Field(foreign_key="api_keys.id", primary_key=True)
    key: str = Field(primary_key=True)
    """The caller's `Idempotency-Key`, or what stands for it in a request that is repeated without one."""
    fingerprint: str
    """`KeyRing.fingerprint` of the request: it holds digits, so a plain hash could be undone by trying."""
    operation_id: UUID
    """What the ids of everything made by this request are derived from."""
    busy_until: datetime = _instant()
    """Until then the process that took the request may still be at it."""
    expires_at: datetime = _instant(index=True)
    status: int | None = None
    """None until it is answered."""
    body: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
