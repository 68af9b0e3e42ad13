"""What vendors' webhooks said: each message is kept once, under its id, for longer than any vendor repeats it.

Messages may come late, twice and in any order.  What counts of several about one thing is what happened last by the
vendor's clock, whenever it came.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.hearing import Told
from store.keyring import KeyRing
from store.tables import InboundMessageRow

KEPT = timedelta(days=3)
"""Seam asks lock makers to repeat a webhook for a day at least; three leave room for a vendor that does more."""


def seal_message(keyring: KeyRing, account_id: UUID, message_id: str, body: bytes) -> bytes:
    """Encrypt a message, which may hold digits, for its way through a history."""
    return keyring.encrypt(body, _aad(account_id, message_id))


def open_message(keyring: KeyRing, account_id: UUID, message_id: str, sealed: bytes) -> bytes:
    """Decrypt what `seal_message` made.

    Raises:
        KeyRingError: the key is missing, or it was sealed as another message.
    """
    return keyring.decrypt(sealed, _aad(account_id, message_id))


async def is_taken(session: AsyncSession, account_id: UUID, message_id: str) -> bool:
    """Tell whether a message of this account was taken already."""
    return await session.get(InboundMessageRow, (account_id, message_id)) is not None


async def forget_expired(session: AsyncSession, now: datetime) -> None:
    """Drop the messages that nobody can send again."""
    await session.exec(delete(InboundMessageRow).where(col(InboundMessageRow.expires_at) <= now))


async def newest_about(session: AsyncSession, device_id: UUID, reference: str) -> Told | None:
    """Give what was told last of the vendor's code on that lock; None: nothing was."""
    chosen = (
        select(InboundMessageRow)
        .where(InboundMessageRow.device_id == device_id, InboundMessageRow.reference == reference)
        .order_by(col(InboundMessageRow.happened_at).desc(), col(InboundMessageRow.received_at).desc())
        .limit(1)
    )
    row = (await session.exec(chosen)).first()
    if row is None or row.happened_at is None:
        return None
    return Told(row.is_there, row.happened_at, row.pin_index, row.mark)


async def is_overtaken(session: AsyncSession, device_id: UUID, kind: str, happened_at: datetime) -> bool:
    """Tell whether later news of that kind about the lock itself came before."""
    chosen = select(InboundMessageRow.message_id).where(
        InboundMessageRow.device_id == device_id,
        InboundMessageRow.kind == kind,
        col(InboundMessageRow.happened_at) > happened_at,
    )
    return (await session.exec(chosen.limit(1))).first() is not None


def _aad(account_id: UUID, message_id: str) -> bytes:
    return f"latchwork/webhook/{account_id}/{message_id}".encode()
