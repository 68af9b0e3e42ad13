"""When a lock's codes were last compared with what is on it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0007"


def upgrade() -> None:
    """Give locks the instant of their last comparison."""
    with op.batch_alter_table("devices") as devices:
        devices.add_column(sa.Column("reconciled_at", sa.DateTime(timezone=True)))
