"""Asking the operator about locks that are new in an account that was known."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import Event, EventType
from domain.replacement import Likely, likely_replaced, raises_question
from store import events, replacements
from store.tables import ConnectedAccountRow, DeviceRow


async def ask_about(
    session: AsyncSession, account: ConnectedAccountRow, added: Collection[UUID], now: datetime, *, is_first_look: bool
) -> None:
    """Ask what each new lock is, with an event that names the lock that it likely replaces."""
    if not added or not raises_question(is_first_look=is_first_look):
        return
    query = select(DeviceRow).where(col(DeviceRow.id).in_(added)).order_by(col(DeviceRow.name), col(DeviceRow.id))
    new = (await session.exec(query)).all()
    await replacements.ask(session, new, now)
    others = await replacements.replaceable(session, account.workspace_id)
    live = await replacements.live_codes(session, account.workspace_id)
    known = [replacements.seen(one, live.get(one.id, 0)) for one in others if one.id not in added]
    for device in new:
        likely = likely_replaced(replacements.seen(device, 0), known, now)
        await events.append(
            session,
            [Event(event_type=EventType.REPLACEMENT_ASKED, occurred_at=now, payload=_payload(device, likely))],
            workspace_id=device.workspace_id,
            now=now,
            new_id=uuid4,
            device_id=device.id,
            account_id=device.account_id,
        )


def _payload(device: DeviceRow, likely: Likely | None) -> dict[str, Any]:
    if likely is None:
        return {"name": device.name}
    return {
        "name": device.name,
        "likely_replaced_device_id": str(likely.device_id),
        "because": list(likely.because),
    }
