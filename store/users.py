"""Rows of the console's users and of their sessions.  Secrets never come here."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.user_tables import SessionRow, UserRow


async def by_name(session: AsyncSession, name: str) -> UserRow | None:
    """Give the user of this name; None when there is none."""
    return (await session.exec(select(UserRow).where(UserRow.name == name, col(UserRow.removed_at).is_(None)))).first()


async def list_users(session: AsyncSession, workspace_id: UUID) -> Sequence[UserRow]:
    """List a workspace's users by their names."""
    query = select(UserRow).where(UserRow.workspace_id == workspace_id, col(UserRow.removed_at).is_(None))
    return (await session.exec(query.order_by(col(UserRow.name)))).all()


async def session_of(session: AsyncSession, session_id: UUID, now: datetime) -> tuple[SessionRow, UserRow] | None:
    """Give a session that has not expired, and its user; None when there is none."""
    query = (
        select(SessionRow, UserRow)
        .join(UserRow, col(SessionRow.user_id) == col(UserRow.id))
        .where(SessionRow.id == session_id, col(SessionRow.expires_at) > now, col(UserRow.removed_at).is_(None))
    )
    return (await session.exec(query)).first()


async def end_sessions(session: AsyncSession, user_id: UUID, *, besides: UUID | None = None) -> None:
    """End a user's sessions, all or all but one."""
    chosen = delete(SessionRow).where(col(SessionRow.user_id) == user_id)
    await session.exec(chosen if besides is None else chosen.where(col(SessionRow.id) != besides))


async def end_session(session: AsyncSession, session_id: UUID) -> None:
    """End one session; one that has ended is no matter."""
    await session.exec(delete(SessionRow).where(col(SessionRow.id) == session_id))


async def forget_expired(session: AsyncSession, now: datetime) -> None:
    """Drop the sessions that have expired."""
    await session.exec(delete(SessionRow).where(col(SessionRow.expires_at) <= now))
