"""Action attempts that move a door: they are about no code, and keep how they ended."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Let an attempt do without a code, and give it room for its end."""
    with op.batch_alter_table("action_attempts") as attempts:
        attempts.alter_column("access_code_id", existing_type=sa.Uuid(), nullable=True)
        attempts.alter_column("generation", existing_type=sa.Integer(), nullable=True)
        attempts.add_column(sa.Column("moved", sa.JSON()))
