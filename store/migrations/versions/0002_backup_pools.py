"""Backup pools, common codes, and locks that are not managed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the pools' tables and give codes, locks and events what refers to them."""
    _pools()
    _codes()
    with op.batch_alter_table("devices") as devices:
        devices.add_column(sa.Column("is_managed", sa.Boolean(), nullable=False, server_default=sa.true()))
        devices.add_column(sa.Column("problems", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("events") as events:
        events.add_column(sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()))


def _pools() -> None:
    op.create_table(
        "backup_pools",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("refused_at", _INSTANT),
        sa.Column("created_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_backup_pools_workspace_id", "backup_pools", ["workspace_id"])
    op.create_table(
        "pooled_devices",
        sa.Column("pool_id", sa.String(), sa.ForeignKey("backup_pools.id"), primary_key=True),
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("devices.id"), primary_key=True),
    )
    op.create_index("ix_pooled_devices_device_id", "pooled_devices", ["device_id"])
    op.create_table(
        "backups",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("pool_id", sa.String(), sa.ForeignKey("backup_pools.id"), nullable=False),
        sa.Column("claim", sa.String()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("claimed_at", _INSTANT),
        sa.Column("closed_at", _INSTANT),
    )
    op.create_index("ix_backups_pool_id", "backups", ["pool_id"])
    _unique("uq_backups_claim", "backups", ["pool_id", "claim"], "closed_at IS NULL")


def _codes() -> None:
    with op.batch_alter_table("access_codes") as codes:
        codes.add_column(sa.Column("common_code_key", sa.String()))
        codes.add_column(
            sa.Column("backup_id", sa.Uuid(), sa.ForeignKey("backups.id", name="fk_access_codes_backup_id"))
        )
        codes.add_column(sa.Column("stands_in_for", sa.Uuid()))
        codes.add_column(sa.Column("stands_in_since", _INSTANT))
        codes.add_column(sa.Column("opens", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_access_codes_backup_id", "access_codes", ["backup_id"])
    op.create_index("ix_access_codes_key", "access_codes", ["workspace_id", "common_code_key"])
    _unique("uq_access_codes_stand_in", "access_codes", ["stands_in_for"], "NOT closed")


def _unique(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=condition, postgresql_where=condition)
