"""The console: its users, their sessions, and the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_INSTANT = sa.DateTime(timezone=True)
_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the console's tables."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("removed_at", _INSTANT),
    )
    living = sa.text("removed_at IS NULL")
    op.create_index("uq_users_name", "users", ["name"], unique=True, sqlite_where=living, postgresql_where=living)
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    _audit()


def _audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", _COUNTER, primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("occurred_at", _INSTANT, nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("access_code_id", sa.Uuid()),
        sa.Column("device_id", sa.Uuid()),
        sa.Column("subject", sa.String()),
        sa.Column("once", sa.String(), unique=True),
    )
    op.create_index("ix_audit_entries_workspace_id", "audit_entries", ["workspace_id"])
    op.create_index("ix_audit_entries_code", "audit_entries", ["access_code_id", "id"])
