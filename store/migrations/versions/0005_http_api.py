"""API keys, action attempts, kept answers, and what the API's callers say of locks and accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the API's tables, and room for what its callers tell."""
    _keys()
    _attempts()
    _answers()
    op.create_index("ix_access_codes_listed", "access_codes", ["workspace_id", "created_at", "id"])
    with op.batch_alter_table("connected_accounts") as accounts:
        accounts.add_column(sa.Column("nickname", sa.String()))
        accounts.add_column(sa.Column("custom_metadata", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("devices") as devices:
        devices.add_column(sa.Column("nickname", sa.String()))
        devices.add_column(sa.Column("custom_metadata", sa.JSON(), nullable=False, server_default="{}"))
        devices.add_column(sa.Column("reported", sa.JSON(), nullable=False, server_default="{}"))


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False, unique=True),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT),
        sa.Column("revoked_at", _INSTANT),
    )
    op.create_index("ix_api_keys_workspace_id", "api_keys", ["workspace_id"])


def _attempts() -> None:
    op.create_table(
        "action_attempts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("action_type", sa.String(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("access_code_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_action_attempts_listed", "action_attempts", ["workspace_id", "created_at", "id"])
    op.create_index("ix_action_attempts_device", "action_attempts", ["device_id"])


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("api_key_id", sa.Uuid(), sa.ForeignKey("api_keys.id"), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("busy_until", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.JSON()),
    )
    op.create_index("ix_answers_expires_at", "answers", ["expires_at"])
