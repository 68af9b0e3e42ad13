"""Guests, and whose a code is."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0041"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of guests."""
    op.create_table(
        "guests",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.Uuid(), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("reservation", sa.String()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("forgotten_at", _INSTANT),
    )
    op.create_index("ix_guests_reservation", "guests", ["workspace_id", "reservation"])
    op.create_table(
        "guest_codes",
        sa.Column("access_code_id", sa.Uuid(), primary_key=True),
        sa.Column("guest_id", sa.Uuid(), sa.ForeignKey("guests.id"), nullable=False),
    )
    op.create_index("ix_guest_codes_guest_id", "guest_codes", ["guest_id"])
