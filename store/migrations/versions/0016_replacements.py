"""Remnants of codes that were moved to another lock; questions about new locks, and replacements of old ones."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the column and the tables."""
    with op.batch_alter_table("access_codes") as codes:
        codes.add_column(sa.Column("remnant_of", sa.Uuid()))
    are_remnants = sa.text("remnant_of IS NOT NULL")
    op.create_index(
        "ix_access_codes_remnant_of",
        "access_codes",
        ["remnant_of"],
        sqlite_where=are_remnants,
        postgresql_where=are_remnants,
    )
    op.create_table(
        "device_questions",
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("devices.id"), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("answer", sa.String()),
        sa.Column("place", sa.String()),
        sa.Column("answered_at", _INSTANT),
    )
    op.create_index("ix_device_questions_workspace_id", "device_questions", ["workspace_id"])
    op.create_table(
        "replacements",
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("devices.id"), primary_key=True),
        sa.Column("replaces_id", sa.Uuid(), sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("moves_pool", sa.Boolean(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_replacements_replaces_id", "replacements", ["replaces_id"])
    op.create_index("ix_replacements_workspace_id", "replacements", ["workspace_id"])
    op.create_table(
        "moved_codes",
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("replacements.device_id"), primary_key=True),
        sa.Column("access_code_id", sa.Uuid(), sa.ForeignKey("access_codes.id"), primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("detail", sa.String()),
        sa.Column("changed_at", _INSTANT, nullable=False),
    )
