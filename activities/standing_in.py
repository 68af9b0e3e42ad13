"""Backup codes in somebody's place, on paper: lending one, following the code it stands in for, taking it back.

Rows are locked in the order of `store.backup_pools`: the guest's code before the backup code.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.telling import tell
from domain.access_code import AccessCode, Ending
from domain.backup_pool import HandOut
from domain.changes import with_ending, with_window
from domain.standing_in import lent, with_backup, without_backup
from store import codes
from store.backup_pools import claim_backup
from store.pins import move_pins
from store.tables import AccessCodeRow


async def lend(session: AsyncSession, served: HandOut, claim: str, now: datetime) -> None:
    """Have the backup code stand in, unless it does already: its end, the original's warning and the event."""
    original = await codes.get(session, served.access_code_id, for_update=True)
    backup = await codes.get(session, served.backup_access_code_id, for_update=True)
    if backup.row.stands_in_for is not None:
        return
    await claim_backup(session, served.backup_id, claim, now)
    backup.row.stands_in_for, backup.row.stands_in_since = original.row.id, now
    taken = lent(backup.code, original.code.wish, now)
    await codes.save(session, backup, taken, now)
    await move_pins(session, backup.row.id, now, taken.wish.ends_at)
    pulled = with_backup(original.code, backup.row.id, now)
    await codes.save(session, original, pulled.code, now)
    await tell(session, original, pulled.events, now)


async def retire(session: AsyncSession, code_ids: Iterable[UUID], now: datetime) -> None:
    """Have backup codes that nobody has taken off their locks."""
    for code_id in code_ids:
        stored = await codes.get(session, code_id, for_update=True)
        ended = with_ending(stored.code, Ending.DELETED, now)
        if ended.code != stored.code:
            await codes.save(session, stored, ended.code, now)


async def follow(session: AsyncSession, original: AccessCode, original_id: UUID, now: datetime) -> UUID | None:
    """Give the backup code that stands in the original's new end or ending; name it, if there is one."""
    stand_in = await _standing_in_for(session, original_id)
    if stand_in is None:
        return None
    stored = await codes.get(session, stand_in, for_update=True)
    wish, ending = stored.code.wish, original.wish.ending
    moved = with_window(stored.code, wish.starts_at, original.wish.ends_at, now)
    followed = moved if ending is None else with_ending(moved.code, ending, now)
    if followed.code != stored.code:
        await codes.save(session, stored, followed.code, now)
        await move_pins(session, stand_in, wish.starts_at or stored.row.created_at, followed.code.wish.ends_at)
        await tell(session, stored, moved.events, now)
    return stand_in


async def get_behind_original(session: AsyncSession, code_id: UUID) -> codes.StoredCode:
    """Read a code for its end; the code that it stands in for, if it does, is locked before it."""
    row = await session.get_one(AccessCodeRow, code_id)
    if row.stands_in_for is not None:
        await codes.get(session, row.stands_in_for, for_update=True)
    return await codes.get(session, code_id, for_update=True)


async def give_back(session: AsyncSession, backup: AccessCodeRow, now: datetime) -> None:
    """Tell the code that a proven-gone backup stood in for."""
    if backup.stands_in_for is None:
        return
    original = await codes.get(session, backup.stands_in_for, for_update=True)
    if original.code.backup.access_code_id == backup.id:
        await codes.save(session, original, without_backup(original.code, now), now)


async def _standing_in_for(session: AsyncSession, original_id: UUID) -> UUID | None:
    query = select(AccessCodeRow.id).where(
        AccessCodeRow.stands_in_for == original_id, col(AccessCodeRow.closed).is_(False)
    )
    return (await session.exec(query)).first()
