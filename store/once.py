"""Make a row that several processes may want to make at the same moment."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


async def make_once(session: AsyncSession, table: type[SQLModel], **values: Any) -> bool:
    """Insert a row unless one that it would collide with is there; on PostgreSQL, wait to see whether it stays.

    True: it was made by this call.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = await session.exec(insert(table).values(**values).on_conflict_do_nothing())
    return made.rowcount == 1
