"""Following events: everybody who follows has a row with a position in its workspace's events.

A position follows the events of one workspace alone: only within it does a sequence never become visible after a
higher one (`store/events.py`).
"""

from collections.abc import Mapping
from functools import cache
from typing import TypeVar
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Mapped
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from store.guest_tables import MessageSettingsRow
from store.tables import EventRow
from store.webhook_tables import WebhookRow

Follower = TypeVar("Follower", WebhookRow, MessageSettingsRow)


@cache
def beyond_positions(table: type[Follower], *, limit: int) -> "Select[EventRow, Follower]":
    """Select the next events of everybody who follows, the oldest first, each with the row of who follows it."""
    return (
        select(EventRow, table)
        .join(table, col(table.workspace_id) == col(EventRow.workspace_id))
        .where(col(EventRow.sequence) > col(table.relayed_through))
        .order_by(col(EventRow.sequence))
        .limit(limit)
    )


async def advance(
    session: AsyncSession, table: type[Follower], key: Mapped[UUID], positions: Mapping[UUID, int]
) -> None:
    """Note how far was looked; a position never goes back, whichever of several relays is slower."""
    for follower in sorted(positions):
        await session.exec(
            update(table)
            .where(key == follower, col(table.relayed_through) < positions[follower])
            .values(relayed_through=positions[follower])
        )


async def last_sequence(session: AsyncSession, workspace_id: UUID) -> int:
    """Give the sequence of a workspace's last event; 0 when there is none."""
    query = select(func.max(EventRow.sequence)).where(EventRow.workspace_id == workspace_id)
    return (await session.exec(query)).one() or 0
