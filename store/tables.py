"""The tables, and the unique indexes that no race gets past.

What may be on a lock is written down before the lock is told: a `pins` row turns `loaded` and a `slots` row appears
in the transaction before the first write, and both stay until absence was read back.  Hence

* `uq_pins_loaded`: no two codes that may be on one lock at once have the same digits;
* the key of `slots`: no two codes have the same slot.

Two more keep backup codes apart, whatever is retried or raced:

* `uq_backups_claim`: one pool serves one claim with one backup; a backup has room for one claim;
* `uq_access_codes_stand_in`: one code has one stand-in at a time.

Digits and credentials are encrypted; `pin_index` is a keyed hash that tells equality and nothing else.
Every instant is UTC.  JSON columns hold domain models as pydantic writes them.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Column, DateTime, Index, Integer, LargeBinary, TypeDecorator, text
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant on every database; SQLite would give it back naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive instant, whose meaning is anybody's guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without an offset cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the offset back that SQLite forgets."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _instant(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=nullable, index=index))


Counter = BigInteger().with_variant(Integer, "sqlite")
"""A number that the database counts up by itself, wide enough for ever; SQLite's INTEGER is 64 bits wide already."""


class WorkspaceRow(SQLModel, table=True):
    """A tenant."""

    __tablename__ = "workspaces"

    id: UUID = Field(primary_key=True)
    name: str
    policy: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Overrides of `domain.policy.Policy`, as JSON."""
    digits_in_events: bool = True
    """Published events carry the digits that they are about."""
    created_at: datetime = _instant()


class ConnectedAccountRow(SQLModel, table=True):
    """An account at a lock vendor, with what it takes to sign in."""

    __tablename__ = "connected_accounts"

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    provider: str
    name: str
    credentials: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = _instant()
    disconnected_at: datetime | None = _instant(nullable=True)
    """Since when the vendor refuses the credentials; None while it takes them."""
    synced_at: datetime | None = _instant(nullable=True)
    removed_at: datetime | None = _instant(nullable=True)
    nickname: str | None = None
    """What the API's callers call it; None: by its name."""
    custom_metadata: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What the API's callers keep with it."""


class DeviceRow(SQLModel, table=True):
    """A lock and what its vendor last said of it."""

    __tablename__ = "devices"
    __table_args__ = (Index("uq_devices_lock", "account_id", "lock_id", unique=True),)

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    account_id: UUID = Field(foreign_key="connected_accounts.id", index=True)
    lock_id: str
    name: str
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """`domain.devices.DeviceFacts`."""
    policy: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    online: bool = True
    is_managed: bool = True
    """False: no new codes are put on it; those that are there live out their time."""
    problems: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """`domain.problems.Problem`s of the lock itself."""
    created_at: datetime = _instant()
    seen_at: datetime | None = _instant(nullable=True)
    """When the vendor last listed it."""
    removed_at: datetime | None = _instant(nullable=True)
    """Since when the vendor no longer knows it."""
    nickname: str | None = None
    """What the API's callers call it; None: as its vendor does."""
    custom_metadata: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What the API's callers keep with it."""
    reconciled_at: datetime | None = _instant(nullable=True)
    """When its codes were last compared with what is on it."""
    reported: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Facts that somebody reported because the vendor does not tell them; they stand over the vendor's."""


class AccessCodeRow(SQLModel, table=True):
    """An access code: what is wanted and what is known, without its digits."""

    __tablename__ = "access_codes"
    __table_args__ = (
        Index("ix_access_codes_device", "device_id", "closed"),
        Index("ix_access_codes_key", "workspace_id", "common_code_key"),
        Index("ix_access_codes_listed", "workspace_id", "created_at", "id"),
        Index("ix_access_codes_open", "workspace_id", "closed", "created_at", "id"),
        Index("ix_access_codes_starts", "workspace_id", "closed", "starts_at"),
        Index("ix_access_codes_ends", "workspace_id", "closed", "ends_at"),
        Index(
            "ix_access_codes_backups",
            "device_id",
            "closed",
            "opens",
            sqlite_where=text("backup_id IS NOT NULL"),
            postgresql_where=text("backup_id IS NOT NULL"),
        ),
        # Without the condition SQLite takes it for the way to the codes that are none, which are nearly all.
        Index(
            "ix_access_codes_remnant_of",
            "remnant_of",
            sqlite_where=text("remnant_of IS NOT NULL"),
            postgresql_where=text("remnant_of IS NOT NULL"),
        ),
        Index(
            "uq_access_codes_stand_in",
            "stands_in_for",
            unique=True,
            sqlite_where=text("NOT closed"),
            postgresql_where=text("NOT closed"),
        ),
    )

    id: UUID = Field(primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    device_id: UUID = Field(foreign_key="devices.id")
    name: str | None = None
    arrives_at: datetime | None = _instant(nullable=True)
    code: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """`domain.access_code.AccessCode`."""
    version: int = 0
    """`code.version`, for reading without parsing."""
    closed: bool = False
    created_at: datetime = _instant()
    deleted_at: datetime | None = _instant(nullable=True)
    """When an explicit deletion was completed; from then on the code answers 404."""
    common_code_key: str | None = None
    """Codes of one workspace with one key have the same digits."""
    backup_id: UUID | None = Field(default=None, foreign_key="backups.id", index=True)
    """The backup that this code is a part of.  Until it stands in for a code it exists for nobody but its pool."""
    stands_in_for: UUID | None = None
    """The code in whose place this backup code was handed out."""
    stands_in_since: datetime | None = _instant(nullable=True)
    remnant_of: UUID | None = None
    """The code that left this on its lock when it was moved to another.  A remnant exists for nobody but operators."""
    opens: bool = False
    """`domain.lifecycle.has_digits`, for reading without parsing: proven on the lock and not contradicted since."""
    left_at: datetime | None = _instant(nullable=True)
    """When Latchwork was told to leave its lock while it was live; None: it was not, or somebody has seen to it."""
    left_because: str | None = None
    """`domain.exposure.ExposureReason`."""
    begins_at: datetime | None = _instant(nullable=True)
    """P.  This and what follows is written by `store.code_columns`, for lists."""
    starts_at: datetime | None = _instant(nullable=True)
    ends_at: datetime | None = _instant(nullable=True)
    is_ending: bool = False
    """It is to end before its time."""
    is_absent: bool = True
    """Nothing of it is on the lock."""
    is_left_off: bool = False
    """Somebody took it off who may."""
    is_proven_in_time: bool = False
    """Its digits are proven, and were seen since its time began where they were loaded ahead."""
    shut_until: datetime | None = _instant(nullable=True)
    """Until when the lock's own windows keep all of it shut; None: nothing keeps it shut."""
    problem_codes: str = ""
    """The codes of its own problems, with a blank after each."""


class BackupPoolRow(SQLModel, table=True):
    """The backup codes of one lock, or of a set of locks whose codes share their digits."""

    __tablename__ = "backup_pools"

    id: str = Field(primary_key=True)
    """The lock's id, or a hash of the sorted ids: `domain.backup_pool.pool_id`."""
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    enabled: bool = True
    """It is to be kept full.  When it no longer is, backup codes that nobody pulled are taken off."""
    target: int = 0
    """How many backups its locks have room for, by the last look."""
    refused_at: datetime | None = _instant(nullable=True)
    """When a lock last refused a backup code for good."""
    created_at: datetime = _instant()


class PooledDeviceRow(SQLModel, table=True):
    """Which locks a pool spans."""

    __tablename__ = "pooled_devices"

    pool_id: str = Field(foreign_key="backup_pools.id", primary_key=True)
    device_id: UUID = Field(foreign_key="devices.id", primary_key=True, index=True)


class BackupRow(SQLModel, table=True):
    """One backup: one set of digits, with a code on each lock of its pool."""

    __tablename__ = "backups"
    __table_args__ = (
        Index(
            "uq_backups_claim",
            "pool_id",
            "claim",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    pool_id: str = Field(foreign_key="backup_pools.id", index=True)
    claim: str | None = None
    """Who has it: the id of a code, or the common key of several; None: nobody yet."""
    created_at: datetime = _instant()
    claimed_at: datetime | None = _instant(nullable=True)
    closed_at: datetime | None = _instant(nullable=True)
    """When the last of its codes was proven gone, or none was ever made."""


class PinRow(SQLModel, table=True):
    """The digits of one code from one generation on, and for when they are spoken for on their lock."""

    __tablename__ = "pins"
    __table_args__ = (
        Index(
            "uq_pins_loaded",
            "device_id",
            "pin_index",
            unique=True,
            sqlite_where=text("loaded AND released_at IS NULL"),
            postgresql_where=text("loaded AND released_at IS NULL"),
        ),
        Index("ix_pins_device_index", "device_id", "pin_index"),
    )

    access_code_id: UUID = Field(foreign_key="access_codes.id", primary_key=True)
    generation: int = Field(primary_key=True)
    device_id: UUID = Field(foreign_key="devices.id")
    pin_index: str
    ciphertext: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    held_from: datetime = _instant()
    held_until: datetime | None = _instant(nullable=True)
    """The planned end; None: open."""
    loaded: bool = False
    """These digits may be on the lock."""
    released_at: datetime | None = _instant(nullable=True)
    """When they were proven gone, or given up without ever having been loaded."""


class SlotRow(SQLModel, table=True):
    """A place on a lock that a code of ours holds, from before the first write until absence was read back."""

    __tablename__ = "slots"
    __table_args__ = (Index("uq_slots_code", "access_code_id", "is_former", unique=True),)

    device_id: UUID = Field(foreign_key="devices.id", primary_key=True)
    number: int = Field(primary_key=True)
    access_code_id: UUID = Field(foreign_key="access_codes.id")
    is_former: bool = False
    """It holds the code's older digits, which stay in force until newer ones are proven in another place."""
    reference: str | None = None
    """The vendor's own id of the code, once it is known."""
    held_since: datetime = _instant()


class LeaseRow(SQLModel, table=True):
    """Whose turn it is to write to a lock.  Wall time; the token grows with every turn and fences off the slow."""

    __tablename__ = "leases"

    device_id: UUID = Field(primary_key=True)
    token: int = 0
    holder: str | None = None
    expires_at: datetime = _instant()
    last_write_at: datetime | None = _instant(nullable=True)


class AttemptRow(SQLModel, table=True):
    """One operation on a lock: what was tried, what was answered, what was read.  No digits."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_code", "access_code_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(Counter, primary_key=True))
    access_code_id: UUID = Field(foreign_key="access_codes.id")
    device_id: UUID
    generation: int
    operation: str
    """`program`, `read`, `hear` (the lock's word came by webhook), `remove`, or `resume`: its workflow was gone."""
    started_at: datetime = _instant()
    answer: str
    """The class of the answer: `accepted`, `known`, `empty`, `retry_later`, …"""
    detail: str | None = None


class EventRow(SQLModel, table=True):
    """Something that happened, to be told to whoever listens.  No digits."""

    __tablename__ = "events"

    sequence: int | None = Field(default=None, sa_column=Column(Counter, primary_key=True))
    """The order of writing."""
    id: UUID = Field(unique=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
    event_type: str
    occurred_at: datetime = _instant()
    created_at: datetime = _instant()
    access_code_id: UUID | None = Field(default=None, index=True)
    device_id: UUID | None = Field(default=None, index=True)
    account_id: UUID | None = None
    hidden: bool = False
    """It is about a backup code that nobody had pulled yet: neither listed nor delivered, ever."""
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class InboundMessageRow(SQLModel, table=True):
    """A vendor's webhook that was taken: its id, so that it is taken once, and what it said.  No digits."""

    __tablename__ = "inbound_messages"
    __table_args__ = (Index("ix_inbound_messages_code", "device_id", "reference"),)

    account_id: UUID = Field(foreign_key="connected_accounts.id", primary_key=True)
    message_id: str = Field(primary_key=True)
    kind: str
    """`code`, `reach`, `battery`, or `nothing` that concerns us."""
    received_at: datetime = _instant()
    expires_at: datetime = _instant(index=True)
    """When the row may be forgotten: by then no vendor sends the message again."""
    device_id: UUID | None = None
    happened_at: datetime | None = _instant(nullable=True)
    """When it happened, by the vendor's clock."""
    reference: str | None = None
    """The vendor's id of the code that it speaks of."""
    is_there: bool = False
    """The lock holds the code."""
    mark: str | None = None
    """Our mark in the code's name on the lock; None: no mark was told."""
    pin_index: str | None = None
    """The keyed hash of the code's digits, as in `pins`; None: they were not told."""
