"""A code may have a second place on its lock: that of older digits, until newer ones are proven."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table anew: the constraint that goes has no name on SQLite."""
    op.create_table(
        "slots_anew",
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("devices.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("access_code_id", sa.Uuid(), sa.ForeignKey("access_codes.id"), nullable=False),
        sa.Column("is_former", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.String()),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute(
        "INSERT INTO slots_anew (device_id, number, access_code_id, is_former, reference, held_since) "
        "SELECT device_id, number, access_code_id, false, reference, held_since FROM slots"
    )
    op.drop_table("slots")
    op.rename_table("slots_anew", "slots")
    op.create_index("uq_slots_code", "slots", ["access_code_id", "is_former"], unique=True)
