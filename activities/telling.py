"""Writing the events of a code, hidden while it is a backup code that nobody has."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import Event
from store import codes, events


async def tell(session: AsyncSession, stored: codes.StoredCode, happened: Iterable[Event], now: datetime) -> None:
    """Write what happened to a code, in the transaction of its change."""
    await events.append(
        session,
        happened,
        workspace_id=stored.row.workspace_id,
        now=now,
        new_id=uuid4,
        access_code_id=stored.row.id,
        device_id=stored.device.id,
        account_id=stored.account.id,
        hidden=stored.is_hidden,
    )
