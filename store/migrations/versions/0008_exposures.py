"""Codes that Latchwork was told to leave on their locks: since when, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Give codes room for it."""
    with op.batch_alter_table("access_codes") as codes:
        codes.add_column(sa.Column("left_at", sa.DateTime(timezone=True)))
        codes.add_column(sa.Column("left_because", sa.String()))
