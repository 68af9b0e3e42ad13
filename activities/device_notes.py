"""What a call to a vendor taught of account and lock, written down where it differs from what stands written."""

from datetime import datetime
from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.verdicts import Reached
from domain.problems import KINDS, ProblemCode, cleared, has, raised
from store import accounts, devices
from store.tables import ConnectedAccountRow, DeviceRow


async def note_reachability(
    session: AsyncSession, account: ConnectedAccountRow, device: DeviceRow, reached: Reached, now: datetime
) -> None:
    """Note how far a call got: whether the account is connected, the lock online, and its vendor's answers sensible."""
    match reached:
        case Reached.NOTHING:
            return
        case Reached.NO_ACCOUNT:
            if account.disconnected_at is None:
                await accounts.mark_disconnected(session, account.id, now=now, new_id=uuid4)
            return
        case Reached.ACCOUNT:
            online = False
        case Reached.LOCK:
            online = True
    if account.disconnected_at is not None:
        await accounts.mark_connected(session, account.id, now=now, new_id=uuid4)
    if device.online != online:
        await devices.mark_online(session, device, online=online, now=now, new_id=uuid4)
    if online:
        await _note_problem(session, device, None, now)


async def note_nonsense(session: AsyncSession, device: DeviceRow, message: str, now: datetime) -> None:
    """Keep for the operator what made no sense.  The newest answer takes the place of the one before."""
    await _note_problem(session, device, f"{KINDS[ProblemCode.PROVIDER_ISSUE].message} {message}", now)


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
