"""Messages to guests: what is sent by itself, in which words, by which channels, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of messages."""
    op.create_table(
        "message_settings",
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), primary_key=True),
        sa.Column("automatic", sa.JSON(), nullable=False),
        sa.Column("ready_lead_seconds", sa.Integer()),
        sa.Column("guests_kept_days", sa.Integer(), nullable=False),
        sa.Column("relayed_through", sa.Integer(), nullable=False),
    )
    op.create_table(
        "message_templates",
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("language", sa.String(), primary_key=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
    )
    op.create_table(
        "message_channels",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_message_channels_workspace_id", "message_channels", ["workspace_id"])
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("access_code_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("guest_id", sa.Uuid(), sa.ForeignKey("guests.id")),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("channel_id", sa.Uuid()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("due_at", _INSTANT),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_messages_sequence", "messages", ["sequence"])
    op.create_index("ix_messages_listed", "messages", ["workspace_id", "created_at", "id"])
    op.create_index("ix_messages_access_code_id", "messages", ["access_code_id"])
    op.create_index("ix_messages_guest_id", "messages", ["guest_id"])
