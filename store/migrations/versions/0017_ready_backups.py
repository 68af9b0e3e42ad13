"""The index of backup codes tells which of them open: whether a lock has one ready is asked with every code shown."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the index anew.

    Of two that serve equally well, this one and that of all codes of a lock, SQLite takes the newer one, and which that is
    was left to chance where a table had been rebuilt.
    """
    op.drop_index("ix_access_codes_backups", "access_codes")
    chosen = sa.text("backup_id IS NOT NULL")
    op.create_index(
        "ix_access_codes_backups",
        "access_codes",
        ["device_id", "closed", "opens"],
        sqlite_where=chosen,
        postgresql_where=chosen,
    )
