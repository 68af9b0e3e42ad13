"""Make a row that several processes may want to make at the same moment."""

from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


async def make_once(session: AsyncSession, table: type[SQLModel], **values: Any) -> bool:
    """Insert a row unless one that it would collide with is there; on PostgreSQL, wait to see whether it stays.

    True: it was made by this call.
    """
    await session.flush()  # what the row refers to may not be written yet
    connection = await session.connection()
    made = await connection.execute(_insert(table, connection.dialect.name), values)
    return made.rowcount == 1


@cache
def _insert(table: type[SQLModel], dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()
