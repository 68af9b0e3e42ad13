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
    op.create_index("ix_access_codes_remnant_of", "access_codes", ["remnant_of"])
