"""Codes that somebody else put on locks."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "unmanaged_codes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("reference", sa.String()),
        sa.Column("slot", sa.Integer()),
        sa.Column("name", sa.String()),
        sa.Column("pin_index", sa.String()),
        sa.Column("ciphertext", sa.LargeBinary()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("missing_since", _INSTANT),
        sa.Column("gone_at", _INSTANT),
    )
    op.create_index("ix_unmanaged_codes_device", "unmanaged_codes", ["device_id", "gone_at"])
    op.create_index("ix_unmanaged_codes_listed", "unmanaged_codes", ["workspace_id", "created_at", "id"])
