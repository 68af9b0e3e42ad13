"""Requests that may be repeated: the first one is carried out, the others get its answer.

A row is taken before anything is done and filled in once it is answered.  Who finds it taken and not answered waits,
or goes on in its place once whoever took it must be dead: the row's `operation_id`, from which all ids of the request
are derived, makes that harmless.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store.api_tables import AnswerRow
from store.once import make_once


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that may be a repetition."""

    api_key_id: UUID
    key: str
    fingerprint: str


async def take(
    session: AsyncSession, wanted: Wanted, *, operation_id: UUID, now: datetime, busy: timedelta, lasts: timedelta
) -> AnswerRow:
    """Give the row of a request, a new one unless it was made before; it is locked until the transaction ends.

    It is the caller's to carry out when the row has this `operation_id`.
    """
    await session.exec(delete(AnswerRow).where(col(AnswerRow.expires_at) <= now))
    await make_once(
        session,
        AnswerRow,
        api_key_id=wanted.api_key_id,
        key=wanted.key,
        fingerprint=wanted.fingerprint,
        operation_id=operation_id,
        busy_until=now + busy,
        expires_at=now + lasts,
    )
    return await session.get_one(
        AnswerRow, (wanted.api_key_id, wanted.key), with_for_update=True, populate_existing=True
    )


async def fill_in(session: AsyncSession, wanted: Wanted, operation_id: UUID, status: int, body: dict[str, Any]) -> None:
    """Keep the answer, unless the row was given to another request meanwhile."""
    await session.exec(_mine(wanted, operation_id).values(status=status, body=body))


async def let_go(session: AsyncSession, wanted: Wanted, operation_id: UUID, now: datetime) -> None:
    """Let the next repetition carry the request out."""
    await session.exec(_mine(wanted, operation_id).values(busy_until=now))


async def forget(session: AsyncSession, api_key_id: UUID, key: str) -> None:
    """Drop an answer."""
    await session.exec(delete(AnswerRow).where(col(AnswerRow.api_key_id) == api_key_id, col(AnswerRow.key) == key))


def _mine(wanted: Wanted, operation_id: UUID) -> Any:
    return update(AnswerRow).where(
        col(AnswerRow.api_key_id) == wanted.api_key_id,
        col(AnswerRow.key) == wanted.key,
        col(AnswerRow.operation_id) == operation_id,
    )
