"""What a lock is used for: whether it is managed, and whether it keeps backup codes."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.failures import store_failures
from activities.neighbours import Neighbours
from activities.orders import UpdateDeviceOrder
from activities.standing_in import follow
from domain.access_code import Ending
from domain.changes import with_ending
from domain.devices import DeviceFacts
from domain.events import Event, EventType
from domain.exposure import ExposureReason
from domain.refusals import RefusalType, refuse
from domain.registration import check_device
from store import backup_pools, codes, events, leaving
from store.database import Database
from store.tables import AccessCodeRow, DeviceRow


class DeviceUseActivities:
    """What is done when somebody changes what a lock is used for."""

    def __init__(self, database: Database, neighbours: Neighbours) -> None:
        self._database = database
        self._neighbours = neighbours

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.update]

    @activity.defn(name="update_device")
    async def update(self, order: UpdateDeviceOrder) -> None:
        """Write the change down, with its event, and tell the codes and pools that it concerns."""
        change = order.change
        with store_failures():
            async with self._database.write() as session:
                device = await _device(session, change.device_id, change.workspace_id)
                await _leave(session, device, order)
                released = await _release(session, order) if change.releases_codes else []
                await _switch_pools(session, device, order)
                if change.is_managed is not None:
                    await manage(session, device, order.now, is_managed=change.is_managed)
                pools = [pool.id for pool in await backup_pools.pools_of(session, device.id)]
            await asyncio.gather(*(self._neighbours.refresh(code_id) for code_id in released))
            await asyncio.gather(*(self._neighbours.wake_pool(pool_id) for pool_id in pools))


async def _device(session: AsyncSession, device_id: UUID, workspace_id: UUID | None) -> DeviceRow:
    locked = await codes.lock_device(session, device_id)
    if locked is None or workspace_id not in (None, locked.device.workspace_id):
        raise refuse(RefusalType.DEVICE_NOT_FOUND, f"there is no device {device_id}", field="device_id", rule="known")
    return locked.device


async def _switch_pools(session: AsyncSession, device: DeviceRow, order: UpdateDeviceOrder) -> None:
    enabled = order.change.backup_access_code_pool_enabled
    if enabled is None:
        return
    if enabled:
        check_device(DeviceFacts.model_validate(device.facts), is_managed=device.is_managed, pooled=True)
        await backup_pools.enable(session, device.workspace_id, [device.id], order.now)
    else:
        await backup_pools.disable(session, [pool.id for pool in await backup_pools.pools_of(session, device.id)])


async def manage(session: AsyncSession, device: DeviceRow, now: datetime, *, is_managed: bool) -> None:
    """Have a lock managed, or no more, with its event; what is so already is no matter."""
    if device.is_managed == is_managed:
        return
    device.is_managed = is_managed
    session.add(device)
    if is_managed:
        await leaving.take_back(session, device.id)
    told = EventType.DEVICE_MANAGED if is_managed else EventType.DEVICE_UNMANAGED
    await events.append(
        session,
        [Event(event_type=told, occurred_at=now)],
        workspace_id=device.workspace_id,
        now=now,
        new_id=uuid4,
        device_id=device.id,
        account_id=device.account_id,
    )


async def _leave(session: AsyncSession, device: DeviceRow, order: UpdateDeviceOrder) -> None:
    """Refuse to leave a lock on which guests' codes are live; by force, write down that they were left."""
    change = order.change
    if change.is_managed is not False or not device.is_managed or change.releases_codes:
        return
    live = leaving.live_on(device.id)
    codes_there = await leaving.count(session, live)
    if codes_there and not change.force:
        raise refuse(
            RefusalType.DEVICE_IN_USE,
            f"{codes_there} access code(s) on the device {device.name!r} have not ended; end them first, or use force",
            field="is_managed",
            rule="no_live_access_codes",
        )
    await leaving.leave(session, live, ExposureReason.DEVICE_UNMANAGED, order.now)


async def _release(session: AsyncSession, order: UpdateDeviceOrder) -> list[UUID]:
    """Let go of the guests' codes of a lock, and of the backup codes that stand in for them; name them all."""
    query = select(AccessCodeRow.id).where(
        AccessCodeRow.device_id == order.change.device_id,
        col(AccessCodeRow.closed).is_(False),
        col(AccessCodeRow.backup_id).is_(None),
        col(AccessCodeRow.remnant_of).is_(None),  # what was moved is taken off here all the same
    )
    released: list[UUID] = []
    for code_id in (await session.exec(query)).all():
        stored = await codes.get(session, code_id, for_update=True)
        ended = with_ending(stored.code, Ending.RELEASED, order.now)
        await codes.save(session, stored, ended.code, order.now)
        stand_in = await follow(session, stored.code, code_id, order.now)
        released += [code_id] if stand_in is None else [code_id, stand_in]
    await leaving.release(session, released, order.now)
    return released
