"""Locking and unlocking a door: one attempt, in the lock's own turn, safe to repeat until the lock was seen so.

    begin    the row of the action attempt, and the lease on the lock
    ask      the lock by its driver, then its state: a vendor's yes alone moves no bolt
    settle   how it ended, the event and the lock's state, in one transaction, once

A refusal for good is an end, not an error.  What raises is tried again, for as long as somebody waits at the door.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity

from activities.drivers import Drivers
from activities.failures import AttemptFailure, attempt_failures, try_again
from activities.lock_lease import LEASE_BEYOND_ATTEMPT
from activities.orders import GiveUpOrder, MoveOrder
from activities.verdicts import failed
from domain.action_attempts import Moved
from domain.events import Event, EventType
from providers.base import (
    AccountDisconnectedError,
    Confirmed,
    DoorDriver,
    Driver,
    LockGoneError,
    NotMoved,
    ProviderError,
    Unknown,
)
from store import action_attempts, codes, events, leases
from store.database import Database

SOON = timedelta(seconds=1)
"""The delay before a door is looked at again: somebody stands before it."""


class DoorActivities:
    """What is asked of doors.  `attempt_timeout` bounds one attempt."""

    def __init__(self, database: Database, drivers: Drivers, attempt_timeout: timedelta) -> None:
        self._database = database
        self._drivers = drivers
        self._limit = attempt_timeout

    @activity.defn(name="move_door")
    async def move(self, order: MoveOrder) -> None:
        """Have the door moved, see that it is, and write down how it ended.

        Raises:
            ApplicationError: it is not certain that the door moved; to be tried again.
        """
        with attempt_failures():
            async with asyncio.timeout(self._limit.total_seconds()):
                begun = await self._begin(order)
                if begun is not None:
                    await self._moved(order, *begun)

    @activity.defn(name="give_up_door")
    async def give_up(self, order: GiveUpOrder) -> None:
        """Write down that the door was not moved in time, unless it was."""
        async with self._database.write() as session:
            await action_attempts.begin_move(session, **order.move.row())
            await action_attempts.end_move(session, order.move.action_attempt_id, order.moved)

    def all(self) -> list[Callable[..., Any]]:
        """List the activities of a vendor's queue, for a worker."""
        return [self.move]

    async def _begin(self, order: MoveOrder) -> tuple[codes.LockedDevice, leases.Lease] | None:
        """Take the lock's turn; None: it is settled already."""
        now = datetime.now(UTC)
        async with self._database.write() as session:
            if (await action_attempts.begin_move(session, **order.row())).moved is not None:
                return None
            locked = await codes.lock_device(session, order.device_id)
            if locked is None:
                gone = Moved(error="device_removed", message="the lock is no longer there")
                await action_attempts.end_move(session, order.action_attempt_id, gone)
                return None
            try:
                lease = await leases.acquire(
                    session,
                    order.device_id,
                    f"{order.action_attempt_id}/{activity.info().attempt}",
                    now=now,
                    duration=self._limit + LEASE_BEYOND_ATTEMPT,
                    min_gap=timedelta(0),
                )
            except leases.LeaseBusyError:
                raise try_again(AttemptFailure.LOCK_BUSY, "another turn on this lock", SOON) from None
        return locked, lease

    async def _moved(self, order: MoveOrder, locked: codes.LockedDevice, lease: leases.Lease) -> None:
        """Ask the lock and settle; the turn ends however this does."""
        moved: Moved | None = None
        try:
            driver = await self._drivers.of(locked.account)
            moved = await _asked(driver, locked.device.lock_id, order)
        except (AccountDisconnectedError, LockGoneError) as error:
            moved = Moved(error=failed(error).failure, message=str(error))
        except ProviderError as error:
            verdict = failed(error)
            raise try_again(verdict.failure or AttemptFailure.NOT_CONFIRMED, str(error), SOON) from None
        finally:
            await self._settle(order, lease, moved)

    async def _settle(self, order: MoveOrder, lease: leases.Lease, moved: Moved | None) -> None:
        now = datetime.now(UTC)
        async with self._database.write() as session:
            locked = await codes.lock_device(session, order.device_id)
            await leases.release(session, lease, wrote=True, now=now)
            if moved is None or not await action_attempts.end_move(session, order.action_attempt_id, moved):
                return
            if moved.error is None and locked is not None:
                locked.device.facts = locked.device.facts | {"locked": order.locked}
                told = EventType.LOCKED if order.locked else EventType.UNLOCKED
                payload = {"method": "remote", "action_attempt_id": str(order.action_attempt_id)}
                await events.append(
                    session,
                    [Event(event_type=told, occurred_at=now, payload=payload)],
                    workspace_id=locked.device.workspace_id,
                    now=now,
                    new_id=uuid4,
                    device_id=locked.device.id,
                    account_id=locked.device.account_id,
                )


async def _asked(driver: Driver, lock_id: str, order: MoveOrder) -> Moved:
    if not isinstance(driver, DoorDriver):
        return Moved(error="action_not_supported_by_device", message="its driver moves no doors")
    act = driver.lock if order.locked else driver.unlock
    answer = await act(lock_id, str(order.action_attempt_id))
    if isinstance(answer, NotMoved):
        return Moved(error="lock_refused", message=answer.message)
    if isinstance(answer, Confirmed):
        return Moved(confirmed=True)
    seen = (await driver.describe(lock_id)).locked
    if seen is order.locked:
        return Moved(confirmed=True)
    if seen is None and not isinstance(answer, Unknown):
        return Moved()
    raise try_again(AttemptFailure.NOT_CONFIRMED, "the lock was not seen to move", SOON)
