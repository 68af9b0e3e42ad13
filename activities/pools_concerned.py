"""Which pools should look at their rows again after a code was registered, seen or ended.

A pool sleeps until it is told: there is nothing to poll.  On a lock that names its capacity every stay matters to its
pools; elsewhere only their own codes do, and the codes that share their digits.
"""

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.orders import RegisterOrder
from store import backup_pools, codes, devices
from store.tables import BackupRow, DeviceRow


async def pools_of_new(session: AsyncSession, order: RegisterOrder) -> set[str]:
    """Name the pools that new codes begin, or whose room they take."""
    request = order.request
    if order.backup_id is not None:
        return set()
    concerned: set[str] = set()
    for device_id in (request.device_id, *(sibling.device_id for sibling in request.siblings)):
        device = await session.get_one(DeviceRow, device_id)
        pools = [pool for pool in await backup_pools.pools_of(session, device_id) if pool.enabled]
        concerned |= {
            pool.id for pool in pools if _is_bounded(device) or not await backup_pools.is_begun(session, pool.id)
        }
    return concerned


async def pools_of_backup(session: AsyncSession, stored: codes.StoredCode) -> set[str]:
    """Name the pool of a backup code: it should know how its code stands."""
    if stored.row.backup_id is None:
        return set()
    return {(await session.get_one(BackupRow, stored.row.backup_id)).pool_id}


async def pools_of_ended(session: AsyncSession, stored: codes.StoredCode) -> set[str]:
    """Name the pools of a backup code that is gone, or those that a guest's code leaves room to."""
    if stored.row.backup_id is not None:
        return await pools_of_backup(session, stored)
    if not _is_bounded(stored.device) and stored.row.common_code_key is None:
        return set()
    return {pool.id for pool in await backup_pools.pools_of(session, stored.device.id)}


def _is_bounded(device: DeviceRow) -> bool:
    return devices.facts_of(device).max_active_codes_supported is not None
