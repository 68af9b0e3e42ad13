"""Columns by which lists of codes are filtered and ordered, taken out of each code."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"

_INSTANT = sa.DateTime(timezone=True)
_CODES = sa.table(
    "access_codes",
    sa.column("id", sa.Uuid()),
    sa.column("code", sa.JSON()),
    sa.column("begins_at", _INSTANT),
    sa.column("starts_at", _INSTANT),
    sa.column("ends_at", _INSTANT),
    sa.column("is_ending", sa.Boolean()),
    sa.column("is_absent", sa.Boolean()),
    sa.column("problem_codes", sa.String()),
)


def upgrade() -> None:
    """Make the columns and fill them for the codes that are there."""
    with op.batch_alter_table("access_codes") as codes:
        codes.add_column(sa.Column("begins_at", _INSTANT))
        codes.add_column(sa.Column("starts_at", _INSTANT))
        codes.add_column(sa.Column("ends_at", _INSTANT))
        codes.add_column(sa.Column("is_ending", sa.Boolean(), nullable=False, server_default=sa.false()))
        codes.add_column(sa.Column("is_absent", sa.Boolean(), nullable=False, server_default=sa.true()))
        codes.add_column(sa.Column("problem_codes", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_access_codes_open", "access_codes", ["workspace_id", "closed", "created_at", "id"])
    op.create_index("ix_access_codes_starts", "access_codes", ["workspace_id", "closed", "starts_at"])
    op.create_index("ix_access_codes_ends", "access_codes", ["workspace_id", "closed", "ends_at"])
    connection = op.get_bind()
    for row in connection.execute(sa.select(_CODES.c.id, _CODES.c.code)).all():
        if row.code:
            connection.execute(sa.update(_CODES).where(_CODES.c.id == row.id).values(**_columns(row.code)))


def _columns(code: dict[str, Any]) -> dict[str, Any]:
    wish = code["wish"]
    starts_at, ends_at = _instant(wish.get("starts_at")), _instant(wish.get("ends_at"))
    return {
        "begins_at": None if starts_at is None else starts_at - _lead(code),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "is_ending": wish.get("ending") is not None,
        "is_absent": code["on_lock"]["presence"] == "absent",
        "problem_codes": "".join(f"{problem['code']} " for problem in code["problems"]),
    }


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _lead(code: dict[str, Any]) -> timedelta:
    from pydantic import TypeAdapter

    return TypeAdapter(timedelta).validate_python(code["policy"]["program_lead"])
