"""Where a season is played: a house on virtual time, locks whose truth is written down, and what was asked of whom.

The stage keeps a record for the judge as things happen: what each lock held comes from the lock itself, and when
somebody did something is the engine's time at which it was done, which is never before it was planned.
"""

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
from pydantic import SecretStr
from sqlmodel import col, select
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.access_codes import AccessCodeService
from api.devices import DeviceService
from domain.names import mark
from domain.refusals import RefusalType
from domain.requests import CodeChange, CodeWindow, DeviceChange
from providers.simulated.locks import Lock as SimulatedLock
from providers.simulated.locks import StoredCode
from store import devices
from store.tables import AccessCodeRow, DeviceRow
from tests.house import RUN_TIMEOUT, House, Life
from tests.properties.backup_scene import insisted, unless_refused
from tests.season import judge, plan
from tests.season.spans import Span
from tests.workflows.pool_house import Pools
from workflows.contracts import RECONCILE_WORKFLOW, AccessCodeInput, ReconcileInput, reconcile_workflow_id

POOL_SIZE = 2
"""How many backup codes each lock keeps: few, so that pools run dry."""
EARLY = timedelta(minutes=5)
"""A lock is due for its next look this much before the next tick comes."""
MOMENT = timedelta(seconds=3)
ENDED = (RefusalType.ACCESS_CODE_ENDED, RefusalType.ACCESS_CODE_NOT_FOUND)


class WatchedLock(SimulatedLock):
    """A lock that writes down everything it ever held, by the cloud's clock."""

    def __init__(self, door: plan.Door) -> None:
        super().__init__(door.facts)
        self.timeline = judge.Timeline()

    def _keep(self, at: datetime, codes: dict[int, StoredCode]) -> None:
        super()._keep(at, codes)
        held = tuple(_held(code) for code in codes.values())
        # A change that was due earlier lands when the cloud is next called: never before what was written already.
        last = self.timeline.states[-1][0] if self.timeline.states else at
        self.timeline.states.append((max(at, last), held))


def _held(code: StoredCode) -> judge.Held:
    window = code.window
    times = (None, None) if window is None else (window.starts_at, window.ends_at)
    return judge.Held(code.slot, code.pin, code.name, *times)


@dataclass
class Guest:
    """A stay that was booked."""

    booked: plan.Booked
    life: Life
    ends_at: datetime
    gone_at: datetime | None = None
    """When somebody said that it ended, before its time."""
    changed_at: list[datetime] = field(default_factory=list)
    """When other digits were asked for."""

    @property
    def due_at(self) -> datetime:
        """When its code is to be gone from its lock."""
        return self.ends_at if self.gone_at is None else min(self.ends_at, self.gone_at)


@dataclass
class Stage:
    """The house, its locks, and the record."""

    house: House
    season: plan.Season
    locks: dict[str, WatchedLock]
    rows: dict[str, DeviceRow] = field(default_factory=dict)
    guests: dict[int, Guest] = field(default_factory=dict)
    troubles: list[tuple[plan.Trouble, Span]] = field(default_factory=list)
    meddled: list[tuple[str, datetime]] = field(default_factory=list)
    resets: list[tuple[str, datetime]] = field(default_factory=list)
    foreign: list[tuple[str, datetime, judge.Held]] = field(default_factory=list)
    looks: list[datetime] = field(default_factory=list)
    unpulled: list[judge.Breach] = field(default_factory=list)
    """Guests who had no code at the end of the grace while a backup code lay ready."""
    counted: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.codes = AccessCodeService(self.house.client, self.house.database, self.house.keyring)
        self.pools = Pools(self.house)
        self._look: WorkflowHandle[Any, Any] | None = None

    async def open(self) -> None:
        """Give the locks their policy, and go to the day on which the season opens."""
        for door in self.season.doors:
            self.rows[door.name] = await self.house.device(door.name)
        every = (self.season.size.look_every - EARLY).total_seconds()
        policy = {
            "backup_pool": "always",
            "backup_pool_size": POOL_SIZE,
            "reconcile_mains_every": every,
            "reconcile_battery_every": every,
        }
        async with self.house.database.write() as session:
            for row in self.rows.values():
                await devices.set_policy(session, row.id, policy)
        # In one stride: nothing runs yet whose retries would make the answer late.
        await self.house.env.sleep(self.season.opens_at - await self.house.now())
        for lock in self.locks.values():
            lock.timeline.states.append((await self.house.now(), ()))

    # --- What happens ---------------------------------------------------------------------------------------------

    async def play(self, step: plan.Step) -> None:
        """Do what happens."""
        self.counted[type(step).__name__] += 1
        match step:
            case plan.Booked():
                await self._book(step)
            case plan.EndMoved(stay=stay, ends_at=ends_at):
                await self._move_end(self.guests[stay], ends_at)
            case plan.Deleted(stay=stay):
                await self._end(self.guests[stay], is_deleted=True)
            case plan.Cancelled(stay=stay):
                await self._end(self.guests[stay], is_deleted=False)
            case plan.PinChanged(stay=stay, pin=pin):
                await self._change_pin(self.guests[stay], pin)
            case plan.Trouble():
                await self._trouble(step)
            case plan.KeypadEdit(stay=stay, pin=pin):
                await self._edit(self.guests[stay], pin)
            case plan.KeypadCode(door=door, pin=pin):
                await self._add_foreign(door, pin)
            case plan.FactoryReset(door=door):
                self.meddled.append((door.name, await self.house.now()))
                self.resets.append(self.meddled[-1])
                await self.house.reset(self.rows[door.name])
            case _:
                raise AssertionError(step)

    async def _book(self, step: plan.Booked) -> None:
        order = AccessCodeInput(
            device_id=self.rows[step.door.name].id,
            name=f"Stay {step.stay}",
            starts_at=step.starts_at,
            ends_at=step.ends_at,
        )
        code_id = uuid4()
        life = await insisted(lambda: self.house.start(order, code_id=code_id))
        self.guests[step.stay] = Guest(step, life, step.ends_at)

    async def _move_end(self, guest: Guest, ends_at: datetime) -> None:
        ends_at = max(ends_at, await self.house.now())
        window = CodeWindow(starts_at=guest.booked.starts_at, ends_at=ends_at)
        await insisted(partial(self.codes.change, guest.life.id, CodeChange(window=window)))
        guest.ends_at = max(ends_at, await self.house.now()) if ends_at < guest.ends_at else ends_at

    async def _end(self, guest: Guest, *, is_deleted: bool) -> None:
        if is_deleted:
            await insisted(partial(self.codes.delete, guest.life.id))
        else:
            await guest.life.handle.cancel()
        guest.gone_at = await self.house.now()

    async def _change_pin(self, guest: Guest, pin: str) -> None:
        asked_at = await self.house.now()
        with unless_refused(RefusalType.DUPLICATE_ACCESS_CODE, RefusalType.CODE_CONSTRAINTS_VIOLATED, *ENDED):
            await insisted(partial(self.codes.change, guest.life.id, CodeChange(), pin=SecretStr(pin)))
            guest.changed_at.append(asked_at)

    async def _trouble(self, step: plan.Trouble) -> None:
        before = await self.house.now()
        lock = None if step.door is None else self.rows[step.door.name]
        more = dict(step.parameters) | {"seconds": step.lasts.total_seconds()}
        await self.house.fault(lock, step.kind, on=step.on, **more)
        self.troubles.append((step, Span(before, await self.house.now() + step.lasts)))

    async def _edit(self, guest: Guest, pin: str | None) -> None:
        """Somebody types at the door what concerns a guest's code, if it is there."""
        lock = self.rows[guest.booked.door.name]
        mine = mark(guest.life.id, 0).removesuffix("0")
        slots = [slot["slot"] for slot in await self.house.truth(lock) if slot["name"].startswith(mine)]
        if not slots:
            self.counted["KeypadEdit in vain"] += 1
            return
        self.meddled.append((lock.name, await self.house.now()))
        with suppress(httpx.HTTPStatusError):  # the lock may have these digits already
            await self.house.keypad(lock, slots[0], pin)

    async def _add_foreign(self, door: plan.Door, pin: str) -> None:
        lock = self.rows[door.name]
        slot = max(self.locks[door.name].slots)
        with suppress(httpx.HTTPStatusError):
            await self.house.keypad(lock, slot, pin)
            self.foreign.append((door.name, await self.house.now(), judge.Held(slot, pin, "Keypad")))

    async def look(self) -> None:
        """Compare all locks with the books, as an account's schedule does: not while the last look lasts."""
        now = await self.house.now()
        with suppress(WorkflowAlreadyStartedError):
            self._look = await self.house.client.start_workflow(
                RECONCILE_WORKFLOW,
                ReconcileInput(account_id=self.house.account_id),
                id=reconcile_workflow_id(self.house.account_id),
                task_queue="latchwork",
                run_timeout=RUN_TIMEOUT,
            )
            self.looks.append(now)
            self.counted["looks"] += 1

    # --- What is judged as it happens -----------------------------------------------------------------------------

    async def judge_pulls(self, stays: Collection[int], bounds: judge.Bounds) -> None:
        """Nobody is before a closed door while a backup code lies ready, but for what nobody has seen yet."""
        now = await self.house.now()
        for guest in (self.guests[number] for number in stays):
            if not guest.booked.starts_at <= now - bounds.backup_after - bounds.slack <= now < guest.due_at:
                continue
            lock = self.rows[guest.booked.door.name]
            since = now - self.season.size.look_every - bounds.slack
            if any(name == lock.name and at > since for name, at in self.meddled):
                continue
            there = {slot["pin"] for slot in await self.house.truth(lock)}
            stand_in = await self.pools.stand_in(guest.life)
            has = {await guest.life.pin(), *([await self.pools.digits(stand_in)] if stand_in else [])}
            ready = [code for code in await self.pools.on(lock) if code.is_ready]
            if not has & there and [c for c in ready if await self.pools.digits(c.row.id) in there]:
                self.unpulled.append(
                    judge.Breach("SERVED (a backup lay ready)", lock.name, guest.booked.stay, now, timedelta(0))
                )

    # --- The end --------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Lift what is still wrong, and have pools run dry."""
        for row in (None, *self.rows.values()):
            await self.house.heal(row)
        service = DeviceService(self.house.client, self.house.database)
        for row in self.rows.values():
            await service.update(DeviceChange(device_id=row.id, backup_access_code_pool_enabled=False))

    async def left(self) -> list[judge.Breach]:
        """Say what of ours is on a lock, whose books are open, and whose workflow runs, though everybody has left."""
        now, names = await self.house.now(), {row.id: name for name, row in self.rows.items()}
        async with self.house.database.read() as session:
            rows = (await session.exec(select(AccessCodeRow).where(~col(AccessCodeRow.closed)))).all()
        found = [(f"books open of {row.id} ({row.name or 'a backup'})", names[row.device_id]) for row in rows]
        for name, lock in self.locks.items():
            found += [(f"{code.name} held", name) for code in lock.codes.values() if code.name != "Keypad"]
        if not found:
            found = [("workflow runs of stay", str(number)) for number in await self._running()]
        return [judge.Breach(f"LEFT ({what})", where, None, now, timedelta(0)) for what, where in found]

    async def _running(self) -> list[int]:
        left = []
        for number, guest in self.guests.items():
            with suppress(RPCError):
                if (await guest.life.handle.describe()).status is WorkflowExecutionStatus.RUNNING:
                    left.append(number)
        return left
