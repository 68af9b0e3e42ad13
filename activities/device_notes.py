"""What a call to a vendor taught of account and lock, written down where it differs from what stands written."""

import asyncio
from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.neighbours import Neighbours
from activities.verdicts import Reached, Verdict
from domain.problems import KINDS, ProblemCode, cleared, has, raised
from store import accounts, codes, devices
from store.database import Database
from store.tables import ConnectedAccountRow, DeviceRow

_TOLD_AT_ONCE = 20
"""Few enough that an order among those who are told shows."""


async def note_reachability(
    session: AsyncSession, account: ConnectedAccountRow, device: DeviceRow, reached: Reached, now: datetime
) -> Collection[UUID]:
    """Note how far a call got: whether the account is connected, the lock online, and its vendor's answers sensible.

    Gives the locks that are back by it: their codes need not wait for their own next attempt.
    """
    match reached:
        case Reached.NOTHING:
            return ()
        case Reached.NO_ACCOUNT:
            if account.disconnected_at is None:
                await accounts.mark_disconnected(session, account.id, now=now, new_id=uuid4)
            return ()
        case Reached.ACCOUNT:
            online = False
        case Reached.LOCK:
            online = True
    back = set[UUID]()
    if account.disconnected_at is not None and await accounts.mark_connected(
        session, account.id, now=now, new_id=uuid4
    ):
        locks = await devices.list_devices(session, device.workspace_id, account_id=account.id)
        back |= {lock.id for lock in locks if lock.online}
    if device.online != online and await devices.mark_online(session, device, online=online, now=now, new_id=uuid4):
        (back.add if online else back.discard)(device.id)
    if online:
        await _note_problem(session, device, None, now)
    return back


async def wake_codes_of(
    database: Database, neighbours: Neighbours, back: Collection[UUID], *, besides: UUID | None = None
) -> int:
    """Tell the codes of locks that are back to try again at once; give how many were told.

    Who arrives soonest is told first, on whichever lock; where their work queues up then, Temporal orders it by their
    priorities.  Saying it is no promise: who misses it tries again by itself before long.
    """
    if not back:
        return 0
    async with database.read() as session:
        told = [code_id for code_id in await codes.open_codes_of(session, back) if code_id != besides]
    for begin in range(0, len(told), _TOLD_AT_ONCE):
        await asyncio.gather(*(neighbours.nudge(code_id) for code_id in told[begin : begin + _TOLD_AT_ONCE]))
    return len(told)


async def note_nonsense(session: AsyncSession, device: DeviceRow, verdict: Verdict, now: datetime) -> None:
    """Keep for the operator what made no sense.  The newest answer takes the place of the one before."""
    began = "" if verdict.senseless is None else f"; it began: {verdict.senseless}"
    told = f"{KINDS[ProblemCode.PROVIDER_ISSUE].message} {verdict.message}{began}"
    await _note_problem(session, device, told, now)


async def _note_problem(session: AsyncSession, device: DeviceRow, message: str | None, now: datetime) -> None:
    standing = devices.problems_of(device)
    if message is None and not has(standing, ProblemCode.PROVIDER_ISSUE):
        return
    current = await devices.locked_device(session, device.workspace_id, device.id)
    if current is None:
        return
    standing = devices.problems_of(current)
    since = next((one.created_at for one in standing if one.code is ProblemCode.PROVIDER_ISSUE), now)
    kept = cleared(standing, (ProblemCode.PROVIDER_ISSUE,))
    devices.set_problems(current, kept if message is None else raised(kept, ProblemCode.PROVIDER_ISSUE, since, message))
