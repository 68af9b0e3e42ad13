"""Webhooks, and whether a workspace's events carry digits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the endpoints' table and give workspaces their setting."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("event_types", sa.JSON(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary()),
        sa.Column("previous_secret_until", _INSTANT),
        sa.Column("relayed_through", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("failing_since", _INSTANT),
        sa.Column("last_failure_at", _INSTANT),
        sa.Column("disabled_at", _INSTANT),
        sa.Column("disabled_reason", sa.String()),
    )
    op.create_index("ix_webhooks_workspace_id", "webhooks", ["workspace_id"])
    with op.batch_alter_table("workspaces") as workspaces:
        workspaces.add_column(sa.Column("digits_in_events", sa.Boolean(), nullable=False, server_default=sa.true()))
