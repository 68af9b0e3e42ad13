"""What a replacement's workflow has done: begin, move code after code, see that each has settled, and close.

A replacement is its rows: who begins it again goes on where it was.  Every step is safe to repeat; a code that has its
lock already is moved nowhere.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.device_use import manage
from activities.failures import AttemptFailure, store_failures, try_again
from activities.neighbours import Neighbours
from activities.orders import CarryOrder, NextMove, ReplacementOrder, ReplaceOrder
from domain.devices import DeviceFacts
from domain.events import Event, EventType
from domain.refusals import RefusalType, RefusedError, refuse
from domain.registration import check_device
from domain.replacement import MOVED, Answer, MoveStatus, ReplacementStatus, in_order, is_back, settled
from store import backup_pools, codes, events, replacements
from store.database import Database
from store.replacement_tables import MovedCodeRow, ReplacementRow
from store.tables import BackupPoolRow, DeviceRow

_SOONEST, _LATEST = timedelta(seconds=2), timedelta(seconds=30)
"""How long a code is given before it is looked at again: most are proven within a second or two."""


class ReplacementActivities:
    """What is done when a lock replaces another."""

    def __init__(self, database: Database, neighbours: Neighbours) -> None:
        self._database = database
        self._neighbours = neighbours

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.begin, self.next_move, self.move, self.confirm, self.finish]

    @activity.defn(name="begin_replacement")
    async def begin(self, order: ReplaceOrder) -> ReplacementStatus:
        """Write the replacement down, or that it goes back; one that is under way goes on as it is."""
        with store_failures():
            async with self._database.write() as session:
                row = await (_turn_back if order.turns_back else _begin)(session, order)
                pools = [pool.id for pool in await backup_pools.pools_of(session, row.device_id)]
            await self._wake(pools)
            return ReplacementStatus(row.status)

    @activity.defn(name="name_next_code")
    async def next_move(self, order: ReplacementOrder) -> NextMove:
        """Name the code whose turn it is; one that is half moved comes first."""
        with store_failures():
            async with self._database.write() as session:
                row = await _row(session, order.device_id)
                await _add_new_codes(session, row, order.now)
                found = await _next(session, row)
                if found is None:
                    return NextMove()
                goes_back = row.status == ReplacementStatus.ROLLING_BACK
                if not goes_back:
                    replacements.note(found, MoveStatus.MOVING, order.now)
                to = row.replaces_id if goes_back else row.device_id
                return NextMove(access_code_id=found.access_code_id, to=to, is_back=goes_back)

    @activity.defn(name="move_code")
    async def move(self, order: CarryOrder) -> bool:
        """Have a code move; False: it cannot, which is written down."""
        with store_failures():
            try:
                if not await self._neighbours.move(order.access_code_id, order.to):
                    return await self._resumed(order)
            except RefusedError as error:
                if error.refusal.type is RefusalType.STORE_UNAVAILABLE:
                    raise
                over = error.refusal.type in (RefusalType.ACCESS_CODE_ENDED, RefusalType.ACCESS_CODE_NOT_FOUND)
                status = MoveStatus.ENDED if over else MoveStatus.REFUSED
                await self._note(order, status, None if over else error.refusal.message)
                return False
            return True

    @activity.defn(name="confirm_moved_code")
    async def confirm(self, order: CarryOrder) -> None:
        """See that a code has settled on the lock that it was moved to, and write it down; else be tried again.

        What the new lock refuses goes back to the old one, where there still is one.
        """
        with store_failures():
            now = activity.info().started_time
            async with self._database.read() as session:
                code = (await codes.get(session, order.access_code_id)).code
            if order.is_back:
                if not is_back(code, now):
                    raise _not_yet()
                await self._note(order, MoveStatus.RETURNED)
                return
            found = settled(code, now)
            if found is None:
                raise _not_yet()
            if found.status is MoveStatus.REFUSED:
                await self._return(order)
            await self._note(order, found.status, found.detail)

    @activity.defn(name="finish_replacement")
    async def finish(self, order: ReplacementOrder) -> None:
        """Close the replacement where every code has had its turn: pools, the old lock's use, and the event."""
        with store_failures():
            async with self._database.write() as session:
                row = await _row(session, order.device_id)
                await _add_new_codes(session, row, order.now)
                if await _next(session, row) is not None:
                    return
                if row.status == ReplacementStatus.RUNNING:
                    await _done(session, row, order.now)
                elif row.status == ReplacementStatus.ROLLING_BACK:
                    await _rolled_back(session, row, order.now)
                both = (row.device_id, row.replaces_id)
                pools = {pool.id for one in both for pool in await backup_pools.pools_of(session, one)}
            await self._wake(pools)

    async def _resumed(self, order: CarryOrder) -> bool:
        """Give a code its workflow back, unless it has ended, and have it moved at the next attempt."""
        async with self._database.read() as session:
            stored = await codes.get(session, order.access_code_id)
        if stored.code.closed:
            await self._note(order, MoveStatus.ENDED)
            return False
        row = stored.row
        await self._neighbours.resume(
            row.id, device_id=row.device_id, arrives_at=row.arrives_at, backup_id=row.backup_id
        )
        raise _not_yet()

    async def _return(self, order: CarryOrder) -> None:
        async with self._database.read() as session:
            row = await session.get_one(ReplacementRow, order.device_id)
            old = await session.get_one(DeviceRow, row.replaces_id)
        if old.removed_at is None:
            try:
                await self._neighbours.move(order.access_code_id, old.id)
            except RefusedError as error:
                if error.refusal.type is RefusalType.STORE_UNAVAILABLE:
                    raise
                # It stays where it is, and shows there what is wrong.

    async def _note(self, order: CarryOrder, status: MoveStatus, detail: str | None = None) -> None:
        async with self._database.write() as session:
            key = (order.device_id, order.access_code_id)
            row = await session.get_one(MovedCodeRow, key, with_for_update=True, populate_existing=True)
            if row.status == MoveStatus.RETURNED and not order.is_back:
                return  # the replacement was turned while this was under way
            replacements.note(row, status, activity.info().started_time, detail)
            session.add(row)

    async def _wake(self, pools: Collection[str]) -> None:
        await asyncio.gather(*(self._neighbours.wake_pool(pool_id) for pool_id in pools))


def _not_yet() -> Exception:
    wait = min(_SOONEST * activity.info().attempt, _LATEST)
    return try_again(AttemptFailure.NOT_CONFIRMED, "the code has not settled on its lock yet", wait)


async def _row(session: AsyncSession, device_id: UUID) -> ReplacementRow:
    row = await replacements.locked(session, device_id)
    if row is None:
        raise refuse(RefusalType.DEVICE_NOT_FOUND, f"device {device_id} replaces none", field="device_id")
    return row


async def _begin(session: AsyncSession, order: ReplaceOrder) -> ReplacementRow:
    new = await codes.lock_device(session, order.device_id)
    old = await session.get(DeviceRow, order.replaces_id)
    if new is None or new.device.workspace_id != order.workspace_id:
        raise refuse(RefusalType.DEVICE_NOT_FOUND, f"there is no device {order.device_id}", field="device_id")
    if old is None or old.workspace_id != order.workspace_id:
        raise refuse(
            RefusalType.DEVICE_NOT_FOUND, f"there is no device {order.replaces_id}", field="replaces_device_id"
        )
    row = await replacements.locked(session, order.device_id)
    if row is not None and row.replaces_id == old.id and ReplacementStatus(row.status).is_under_way:
        return row
    check_device(DeviceFacts.model_validate(new.device.facts), is_managed=new.device.is_managed)
    is_busy = row is not None and ReplacementStatus(row.status).is_under_way
    if old.id == new.device.id or is_busy or await replacements.others_under_way(session, new.device.id, old.id):
        raise refuse(
            RefusalType.INVALID_INPUT,
            "a lock replaces another one, and each is in one replacement at a time",
            field="replaces_device_id",
            rule="one_replacement",
        )
    row = row or ReplacementRow(device_id=new.device.id, replaces_id=old.id, workspace_id=old.workspace_id, status="")
    await replacements.start_over(session, new.device.id)
    row.replaces_id, row.status = old.id, ReplacementStatus.RUNNING.value
    row.started_at = row.changed_at = order.now
    row.moves_pool = await _moves_pool(session, old, new.device)
    session.add(row)
    if row.moves_pool:
        await backup_pools.enable(session, row.workspace_id, [new.device.id], order.now)
    await replacements.answer(session, row.workspace_id, new.device.id, Answer.REPLACES, order.now)
    await session.flush()
    await _add_new_codes(session, row, order.now)
    return row


async def _turn_back(session: AsyncSession, order: ReplaceOrder) -> ReplacementRow:
    row = await _row(session, order.device_id)
    old = await session.get_one(DeviceRow, row.replaces_id)
    if row.workspace_id != order.workspace_id:
        raise refuse(RefusalType.DEVICE_NOT_FOUND, f"there is no device {order.device_id}", field="device_id")
    if row.status in (ReplacementStatus.ROLLING_BACK, ReplacementStatus.ROLLED_BACK):
        return row
    if old.removed_at is not None:
        raise refuse(
            RefusalType.DEVICE_NOT_FOUND,
            f"the device {old.name!r} is gone from its vendor: there is no lock to go back to",
            field="device_id",
            rule="known",
        )
    if not old.is_managed:
        await manage(session, old, order.now, is_managed=True)
    row.status, row.changed_at = ReplacementStatus.ROLLING_BACK.value, order.now
    session.add(row)
    return row


async def _moves_pool(session: AsyncSession, old: DeviceRow, new: DeviceRow) -> bool:
    had, has = [await session.get(BackupPoolRow, str(one.id)) for one in (old, new)]
    can = DeviceFacts.model_validate(new.facts).capabilities.supports_backup_access_code_pool
    return can and had is not None and had.enabled and not (has is not None and has.enabled)


async def _add_new_codes(session: AsyncSession, row: ReplacementRow, now: datetime) -> None:
    """Take in the codes that were made on the old lock since."""
    if row.status != ReplacementStatus.RUNNING:
        return
    moves = await replacements.moves_of(session, row.device_id)
    known = {one.access_code_id for one in moves}
    there = [one for one in await replacements.movable_on(session, row.replaces_id) if one[0] not in known]
    session.add_all(
        MovedCodeRow(
            device_id=row.device_id,
            access_code_id=code_id,
            place=len(moves) + place,
            status=MoveStatus.WAITING.value,
            changed_at=now,
        )
        for place, code_id in enumerate(in_order(there, now))
    )
    await session.flush()


async def _next(session: AsyncSession, row: ReplacementRow) -> MovedCodeRow | None:
    moves = await replacements.moves_of(session, row.device_id)
    match ReplacementStatus(row.status):
        case ReplacementStatus.RUNNING:
            return _first(moves, (MoveStatus.MOVING,)) or _first(moves, (MoveStatus.WAITING,))
        case ReplacementStatus.ROLLING_BACK:
            return _first(list(reversed(moves)), MOVED)
        case _:
            return None


def _first(moves: Sequence[MovedCodeRow], statuses: Collection[MoveStatus]) -> MovedCodeRow | None:
    return next((one for one in moves if one.status in statuses), None)


async def _done(session: AsyncSession, row: ReplacementRow, now: datetime) -> None:
    """Give the old lock's backup codes up and, where no guest's code is left on it, the lock."""
    old = await session.get_one(DeviceRow, row.replaces_id, with_for_update={"key_share": True}, populate_existing=True)
    for pool in await backup_pools.pools_of(session, old.id):
        if pool.enabled and pool.id != str(old.id):
            await _span_new(session, pool, row, now)
    await backup_pools.disable(session, [pool.id for pool in await backup_pools.pools_of(session, old.id)])
    if not await replacements.movable_on(session, old.id):
        await manage(session, old, now, is_managed=False)
    moves = await replacements.moves_of(session, row.device_id)
    counts = {
        "moved": sum(one.status in MOVED for one in moves),
        "refused": sum(one.status == MoveStatus.REFUSED for one in moves),
    }
    await _tell(session, row, EventType.DEVICE_REPLACED, now, counts)
    row.status, row.changed_at = ReplacementStatus.DONE.value, now
    session.add(row)


async def _span_new(session: AsyncSession, pool: BackupPoolRow, row: ReplacementRow, now: datetime) -> None:
    """Keep backups for the set of locks in which the new one stands in the old one's place."""
    spanned = await backup_pools.locks_of(session, pool.id)
    others = {row.device_id if one == row.replaces_id else one for one in spanned}
    if len(others) > 1:
        await backup_pools.enable(session, row.workspace_id, others, now)


async def _rolled_back(session: AsyncSession, row: ReplacementRow, now: datetime) -> None:
    """Give the old lock its backup codes again; what the new lock is, is asked anew."""
    if row.moves_pool:
        await backup_pools.disable(session, [str(row.device_id)])
        await backup_pools.enable(session, row.workspace_id, [row.replaces_id], now)
    await replacements.ask_again(session, row.device_id)
    await _tell(session, row, EventType.REPLACEMENT_ROLLED_BACK, now, {})
    row.status, row.changed_at = ReplacementStatus.ROLLED_BACK.value, now
    session.add(row)


async def _tell(
    session: AsyncSession, row: ReplacementRow, event_type: EventType, now: datetime, counts: dict[str, int]
) -> None:
    device = await session.get_one(DeviceRow, row.device_id)
    payload = {"replaced_device_id": str(row.replaces_id), **counts}
    await events.append(
        session,
        [Event(event_type=event_type, occurred_at=now, payload=payload)],
        workspace_id=row.workspace_id,
        now=now,
        new_id=uuid4,
        device_id=row.device_id,
        account_id=device.account_id,
    )
