"""Codes that share their digits under one key: who they are, and the turn in which a key gets its digits."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import AccessCodeRow


async def lock_key(session: AsyncSession, workspace_id: UUID, key: str) -> None:
    """Have others wait who register under the same key, until the transaction ends.

    SQLite has one writer; on PostgreSQL two first codes of a key would choose different digits.
    """
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        # A collision of two keys costs waiting, nothing else.
        turn = int.from_bytes(sha256(f"{workspace_id}/{key}".encode()).digest()[:8], signed=True)
        await connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": turn})


async def sharing(session: AsyncSession, workspace_id: UUID, key: str) -> Sequence[AccessCodeRow]:
    """Give the guests' codes that live under a key, the oldest first."""
    query = (
        select(AccessCodeRow)
        .where(
            AccessCodeRow.workspace_id == workspace_id,
            AccessCodeRow.common_code_key == key,
            col(AccessCodeRow.closed).is_(False),
            col(AccessCodeRow.backup_id).is_(None),
        )
        .order_by(col(AccessCodeRow.created_at), col(AccessCodeRow.id))
    )
    return (await session.exec(query)).all()
