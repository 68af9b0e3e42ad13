"""Rows of API keys.  Secrets never come here."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.api_tables import ApiKeyRow
from store.at_once import at_once

_BY_PREFIX = at_once(select(ApiKeyRow).where(ApiKeyRow.prefix == bindparam("prefix")))


async def by_prefix(session: AsyncSession, prefix: str) -> ApiKeyRow | None:
    """Give the key with this public part, living or not; None when there is none."""
    return (await session.exec(_BY_PREFIX, params={"prefix": prefix})).first()


async def living(session: AsyncSession, workspace_id: UUID, *, name: str | None, now: datetime) -> Sequence[ApiKeyRow]:
    """List a workspace's keys that work, the oldest first; of one name where that is given."""
    query = select(ApiKeyRow).where(
        ApiKeyRow.workspace_id == workspace_id,
        col(ApiKeyRow.revoked_at).is_(None),
        or_(col(ApiKeyRow.expires_at).is_(None), col(ApiKeyRow.expires_at) > now),
    )
    if name is not None:
        query = query.where(ApiKeyRow.name == name)
    return (await session.exec(query.order_by(col(ApiKeyRow.created_at), col(ApiKeyRow.id)))).all()


async def any_lasting(session: AsyncSession, beginning: str) -> bool:
    """Tell whether there ever was a key with this beginning and without an end."""
    query = select(ApiKeyRow.id).where(col(ApiKeyRow.prefix).startswith(beginning), col(ApiKeyRow.expires_at).is_(None))
    return (await session.exec(query.limit(1))).first() is not None
