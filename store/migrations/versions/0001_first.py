"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table; later revisions change them, this one stays as it is."""
    _tenants_and_locks()
    _codes()
    _turns_and_attempts()
    _events()


def _tenants_and_locks() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "connected_accounts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("disconnected_at", _INSTANT),
        sa.Column("synced_at", _INSTANT),
        sa.Column("removed_at", _INSTANT),
    )
    op.create_index("ix_connected_accounts_workspace_id", "connected_accounts", ["workspace_id"])
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("connected_accounts.id"), nullable=False),
        sa.Column("lock_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("seen_at", _INSTANT),
        sa.Column("removed_at", _INSTANT),
    )
    op.create_index("ix_devices_workspace_id", "devices", ["workspace_id"])
    op.create_index("ix_devices_account_id", "devices", ["account_id"])
    op.create_index("uq_devices_lock", "devices", ["account_id", "lock_id"], unique=True)


def _codes() -> None:
    op.create_table(
        "access_codes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("name", sa.String()),
        sa.Column("arrives_at", _INSTANT),
        sa.Column("code", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("deleted_at", _INSTANT),
    )
    op.create_index("ix_access_codes_workspace_id", "access_codes", ["workspace_id"])
    op.create_index("ix_access_codes_device", "access_codes", ["device_id", "closed"])
    op.create_table(
        "pins",
        sa.Column("access_code_id", sa.Uuid(), sa.ForeignKey("access_codes.id"), primary_key=True),
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("pin_index", sa.String(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("held_from", _INSTANT, nullable=False),
        sa.Column("held_until", _INSTANT),
        sa.Column("loaded", sa.Boolean(), nullable=False),
        sa.Column("released_at", _INSTANT),
    )
    loaded = sa.text("loaded AND released_at IS NULL")
    op.create_index(
        "uq_pins_loaded",
        "pins",
        ["device_id", "pin_index"],
        unique=True,
        sqlite_where=loaded,
        postgresql_where=loaded,
    )
    op.create_index("ix_pins_device_index", "pins", ["device_id", "pin_index"])
    op.create_table(
        "slots",
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("devices.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("access_code_id", sa.Uuid(), sa.ForeignKey("access_codes.id"), nullable=False, unique=True),
        sa.Column("reference", sa.String()),
        sa.Column("held_since", _INSTANT, nullable=False),
    )


def _turns_and_attempts() -> None:
    op.create_table(
        "leases",
        sa.Column("device_id", sa.Uuid(), primary_key=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String()),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("last_write_at", _INSTANT),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("access_code_id", sa.Uuid(), sa.ForeignKey("access_codes.id"), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("detail", sa.String()),
    )
    op.create_index("ix_attempts_code", "attempts", ["access_code_id", "id"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("sequence", sa.Integer(), primary_key=True),
        sa.Column("id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("occurred_at", _INSTANT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("access_code_id", sa.Uuid()),
        sa.Column("device_id", sa.Uuid()),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("payload", sa.JSON(), nullable=False),
    )
    for column in ("workspace_id", "access_code_id", "device_id"):
        op.create_index(f"ix_events_{column}", "events", [column])
