"""Make a row that several processes may want to make at the same moment."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


async def make_once(session: AsyncSession, table: type[SQLModel], **values: Any) -> None:
    """Insert a row unless one that it would collide with is there; on PostgreSQL, wait to see whether it stays."""
    if session.get_bind().dialect.name == "postgresql":
        await session.exec(postgresql.insert(table).values(**values).on_conflict_do_nothing())
    else:
        await session.exec(sqlite.insert(table).values(**values).on_conflict_do_nothing())
