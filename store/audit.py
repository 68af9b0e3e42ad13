"""Rows of the audit trail."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.user_tables import AuditRow


async def done_once(session: AsyncSession, once: str) -> AuditRow | None:
    """Give who did what is done once; None: nobody yet."""
    return (await session.exec(select(AuditRow).where(AuditRow.once == once))).first()


async def about_code(session: AsyncSession, access_code_id: UUID, *, limit: int) -> Sequence[AuditRow]:
    """List what people did with a code, the newest first."""
    query = select(AuditRow).where(AuditRow.access_code_id == access_code_id)
    return (await session.exec(query.order_by(col(AuditRow.id).desc()).limit(limit))).all()


async def newest(session: AsyncSession, workspace_id: UUID, *, limit: int) -> Sequence[AuditRow]:
    """List what people did in a workspace, the newest first."""
    query = select(AuditRow).where(AuditRow.workspace_id == workspace_id)
    return (await session.exec(query.order_by(col(AuditRow.id).desc()).limit(limit))).all()
