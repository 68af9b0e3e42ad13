"""Webhooks that vendors send, and counters that do not run out."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table of vendors' messages; widen the numbers that the database counts up."""
    op.create_table(
        "inbound_messages",
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("connected_accounts.id"), primary_key=True),
        sa.Column("message_id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("device_id", sa.Uuid()),
        sa.Column("happened_at", _INSTANT),
        sa.Column("reference", sa.String()),
        sa.Column("is_there", sa.Boolean(), nullable=False),
        sa.Column("mark", sa.String()),
        sa.Column("pin_index", sa.String()),
    )
    op.create_index("ix_inbound_messages_expires_at", "inbound_messages", ["expires_at"])
    op.create_index("ix_inbound_messages_code", "inbound_messages", ["device_id", "reference"])
    if op.get_bind().dialect.name == "postgresql":
        _widen("events", "sequence")
        _widen("attempts", "id")


def _widen(table: str, column: str) -> None:
    """Count in 64 bits: the column, and the sequence behind it."""
    op.alter_column(table, column, type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False)
    op.execute(f"ALTER SEQUENCE {table}_{column}_seq AS bigint")
