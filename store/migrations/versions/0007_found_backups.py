"""An index for the few backup codes among the many codes of a lock."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Find a lock's backup codes without walking through its guests'."""
    chosen = sa.text("backup_id IS NOT NULL")
    op.create_index(
        "ix_access_codes_backups", "access_codes", ["device_id", "closed"], sqlite_where=chosen, postgresql_where=chosen
    )
