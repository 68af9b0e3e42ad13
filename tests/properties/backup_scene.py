"""One or two locks with backup pools, their guests, and what must hold of them at any moment.

What is judged is the lock's truth and the rows, never what a workflow says of itself.  Time is the wall's, with a policy
of fractions of a second; a busy machine may take much longer, so what is judged is never how fast anything is done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid4

from sqlmodel import select
from temporalio.service import RPCError

from api.access_codes import AccessCodeService
from api.devices import DeviceService
from api.errors import TemporalUnavailableError
from domain.access_code import AccessCode
from domain.lifecycle import is_over
from domain.refusals import RefusalType, RefusedError
from domain.requests import CodeChange, CodeWindow, DeviceChange
from store.tables import AccessCodeRow, DeviceRow
from tests.house import House, Life
from tests.workflows.pool_house import Pools
from workflows.contracts import AccessCodeReceipt

T = TypeVar("T")

TRIES = 4
UNIT = timedelta(seconds=0.2)
"""What a minute of the policy lasts here."""
RETRY_INTERVAL = 4
"""The longest pause between two tries, in units of time."""
MOMENT = timedelta(seconds=0.2)
BUSY = timedelta(seconds=20)
"""What a busy machine may take beside the policy's time: what is tried here is that nothing is lost or doubled."""
DURATIONS = {
    "delay_after": 1,
    "backup_after": 2,
    "fail_after": 4,
    "remove_fail_after": 4,
    "retry_initial": 0.25,
    "retry_cap": 1,
    "retry_cap_late": RETRY_INTERVAL,
}
"""The policy's durations, in units of time."""
REFUSALS = {RefusalType.BACKUP_NOT_FOUND, RefusalType.ACCESS_CODE_ENDED, RefusalType.ACCESS_CODE_NOT_FOUND}
"""Why a pull may be refused here."""


@contextmanager
def unless_refused(*expected: RefusalType) -> Iterator[None]:
    """Let a refusal pass that a code which has ended may give."""
    try:
        yield
    except RefusedError as refused:
        if refused.refusal.type not in expected:
            raise


async def insisted(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again, as a caller does whom nobody answered while the workers changed."""
    for _ in range(TRIES - 1):
        with suppress(RPCError, TemporalUnavailableError):
            return await ask()
    return await ask()


@dataclass
class Guest:
    """A code that may be pulled for."""

    life: Life
    lock: DeviceRow


@dataclass
class Scene:
    """Fresh locks with full pools."""

    house: House
    locks: list[DeviceRow]
    size: int
    """How many backup codes each lock keeps."""
    guests: list[Guest] = field(default_factory=list)
    given_to: dict[UUID, UUID] = field(default_factory=dict)
    """Which guest's code each backup code was ever given for."""
    sick: dict[UUID, datetime | None] = field(default_factory=dict)
    """Locks that had a fault, and since when they have none; None: they have one."""
    change_of_hands: asyncio.Task[None] | None = None
    """The workers' replacement that was begun last."""
    digits: dict[UUID, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pools = Pools(self.house)
        self.codes = AccessCodeService(self.house.client, self.house.database, self.house.keyring)

    @classmethod
    async def opened(cls, house: House, locks: int, size: int) -> "Scene":
        """Put locks up and have their pools filled."""
        scene = cls(house, [await house.new_lock(f"Lock {uuid4()}") for _ in range(locks)], size)
        async with house.database.write() as session:
            for lock in scene.locks:
                row = await session.get_one(DeviceRow, lock.id)
                durations = {name: (count * UNIT).total_seconds() for name, count in DURATIONS.items()}
                row.policy = {"backup_pool_size": size} | durations
                session.add(row)
        await scene.switch_pools(enabled=True)
        await scene.within(4, scene.is_full)
        return scene

    async def switch_pools(self, *, enabled: bool) -> None:
        """Enable or disable every pool."""
        service = DeviceService(self.house.client, self.house.database)
        changes = (DeviceChange(device_id=lock.id, backup_access_code_pool_enabled=enabled) for lock in self.locks)
        await asyncio.gather(*(service.update(change) for change in changes))

    # --- What happens ---------------------------------------------------------------------------------------------

    async def welcome(self, lock: DeviceRow, starts_in: int, lasts: int | None) -> None:
        """Register a guest's code."""
        stay = None if lasts is None else lasts * UNIT
        request = await self.house.request(lock, starts_in=starts_in * UNIT + MOMENT, lasts=stay)
        code_id = uuid4()
        life = await insisted(lambda: self.house.start(request, code_id=code_id))
        self.guests.append(Guest(life, lock))

    async def pull(self, guests: Sequence[Guest]) -> None:
        """Pull for these guests at once, for one of them more than once where they are named more than once."""
        had = {guest.life.id: await self.stand_in(guest) for guest in guests}
        pulls = (insisted(partial(self.codes.pull_backup, guest.life.id)) for guest in guests)
        answers = await asyncio.gather(*pulls, return_exceptions=True)
        for guest, answer in zip(guests, answers, strict=True):
            if isinstance(answer, AccessCodeReceipt):
                await self.judge_answer(guest, had[guest.life.id], answer)
            else:
                assert isinstance(answer, RefusedError), repr(answer)
                assert answer.refusal.type in REFUSALS
                assert had[guest.life.id] is None or await self.is_over(guest)

    async def delete(self, guest: Guest) -> None:
        """Delete a guest's code; one that is gone already is no matter."""
        with unless_refused(RefusalType.ACCESS_CODE_NOT_FOUND):
            await insisted(partial(self.codes.delete, guest.life.id))

    async def move_end(self, guest: Guest, to: int) -> None:
        """Move a guest's end; that of a code which has ended stays."""
        stored = await guest.life.stored()
        ends_at = await self.house.now() + to * UNIT
        starts_at = stored.code.wish.starts_at
        if starts_at is not None and ends_at <= starts_at:
            return
        window = CodeWindow(starts_at=starts_at, ends_at=ends_at)
        with unless_refused(RefusalType.ACCESS_CODE_ENDED, RefusalType.ACCESS_CODE_NOT_FOUND):
            await insisted(partial(self.codes.change, guest.life.id, CodeChange(window=window)))

    async def fault(self, lock: DeviceRow, kind: str, on: str) -> None:
        """Make a lock sick."""
        self.sick[lock.id] = None
        await self.house.fault(lock, kind, on=on)

    async def heal(self, lock: DeviceRow) -> None:
        """Make a lock well."""
        if lock.id in self.sick:
            self.sick[lock.id] = await self.house.now()
            await self.house.heal(lock)

    async def wait(self, units: float) -> None:
        """Let time pass."""
        await self.house.pass_time(until=await self.house.now() + units * UNIT)

    async def restart_workers(self) -> None:
        """Have the workers replaced while what comes next goes on."""
        await self.hands_changed()
        self.change_of_hands = asyncio.create_task(self.house.restart_workers())

    async def hands_changed(self) -> None:
        """Wait until the workers are at work who were called last."""
        if self.change_of_hands is not None:
            await self.change_of_hands

    async def within(self, units: float, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something holds, which it must within so many units and what a busy machine takes."""
        by = await self.house.now() + units * UNIT + 4 * BUSY
        while not await condition():
            assert await self.house.now() < by, f"not within {units} units: {condition.__name__}; {await self.left()}"
            await self.wait(1 / 2)

    # --- What must hold -------------------------------------------------------------------------------------------

    async def judge_answer(self, guest: Guest, had: UUID | None, answer: AccessCodeReceipt) -> None:
        """The code that was handed out is this guest's alone, the same as ever, and opens the door now."""
        backup = answer.pulled_backup_access_code_id
        assert backup is not None
        assert had in (None, backup)
        assert self.given_to.setdefault(backup, guest.life.id) == guest.life.id
        if had is None:
            opened = await self.house.opens(guest.lock, await self.pin(backup))
            assert opened or await self.is_over(guest), "it opens when it is handed out"

    async def judge(self) -> None:
        """Hold rows against the locks' truth."""
        for lock in self.locks:
            await self.judge_lock(lock, await self.rows(lock))

    async def judge_lock(self, lock: DeviceRow, rows: list[AccessCodeRow]) -> None:
        there = [slot["pin"] for slot in await self.house.truth(lock)]
        now = await self.house.now()
        living = [await self.pin(row.id) for row in rows if not row.closed]
        assert len(living) == len(set(living)), "no two codes that live share their digits"
        given = [row.stands_in_for for row in rows if row.stands_in_for is not None and not row.closed]
        assert len(given) == len(set(given)), "no guest has two backups"
        for row in rows:
            if row.stands_in_for is not None:
                assert self.given_to.setdefault(row.id, row.stands_in_for) == row.stands_in_for
        unlent = [row for row in rows if row.backup_id is not None and row.stands_in_for is None]
        ready = [row.id for row in unlent if await self.pin(row.id) in there]
        assert len(ready) <= self.size, "the pool is never above its size"
        for row in rows:
            late = now > self.gone_by(lock, AccessCode.model_validate(row.code), now)
            assert not (late and await self.pin(row.id) in there), "nothing opens after its end"

    def gone_by(self, lock: DeviceRow, code: AccessCode, now: datetime) -> datetime:
        """Say when a code must be gone from a lock: at its end, or once a sick lock had time to be tried again."""
        ends = [instant for instant in (code.wish.ends_at, code.wish.ending_at) if instant is not None]
        if not ends or self.sick.get(lock.id, ends) is None:
            return now
        well_since = self.sick.get(lock.id)
        due = max(min(ends), code.wish.changed_at)  # an end that was moved into the past is due when it was moved
        if well_since is None:
            return due + BUSY
        return max(due, well_since) + RETRY_INTERVAL * UNIT + BUSY

    async def judge_recovery(self) -> None:
        """Faults stop: pools are full again, and say so; nothing opens that has ended."""
        for lock in self.locks:
            await self.heal(lock)
        await self.within(2 * RETRY_INTERVAL + 3, self.is_well)
        await self.judge()

    async def is_full(self) -> bool:
        """Tell whether every pool is full, and its codes open the door."""
        for lock in self.locks:
            ready = [code.row for code in await self.pools.on(lock) if code.is_ready]
            if len(ready) < self.size or len(await self.that_are_there(lock, ready)) < self.size:
                return False
        return True

    async def is_well(self) -> bool:
        """Tell whether every pool is full, no lock has a problem, and nothing is on a lock that should be gone."""
        for lock in self.locks:
            if await self.pools.problems(lock) - {"many_active_backup_codes"}:
                return False
            now = await self.house.now()
            ended = [row for row in await self.rows(lock) if is_over(AccessCode.model_validate(row.code), now)]
            if await self.that_are_there(lock, ended):
                return False
        return await self.is_full()

    async def that_are_there(self, lock: DeviceRow, rows: Sequence[AccessCodeRow]) -> list[UUID]:
        """Name those of these codes that are truly on a lock."""
        there = [slot["pin"] for slot in await self.house.truth(lock)]
        return [row.id for row in rows if await self.pin(row.id) in there]

    async def leave(self) -> None:
        """Everybody leaves and pools are disabled: in the end nothing is on any lock, and every workflow has ended."""
        await asyncio.gather(*(self.delete(guest) for guest in self.guests))
        await self.switch_pools(enabled=False)
        await self.within(RETRY_INTERVAL, self.is_empty)
        for lock in self.locks:
            del self.house.cloud.locks[lock.lock_id]
        for guest in self.guests:
            await asyncio.wait_for(self.house.client.get_workflow_handle(guest.life.handle.id).result(), 30)

    async def is_empty(self) -> bool:
        """Tell whether all books are closed, and nothing is on any lock."""
        for lock in self.locks:
            if not all(row.closed for row in await self.rows(lock)) or await self.house.truth(lock):
                return False
        return True

    async def left(self) -> str:
        """Tell what is there, for whoever reads why a program failed."""
        there = [f"{slot['name']} on {lock.name}" for lock in self.locks for slot in await self.house.truth(lock)]
        rows = [row for lock in self.locks for row in await self.rows(lock) if not row.closed]
        return f"on locks: {there}; open: {[(str(row.id), row.backup_id is not None, row.code) for row in rows]}"

    # --- What is asked of rows ------------------------------------------------------------------------------------

    async def rows(self, lock: DeviceRow) -> list[AccessCodeRow]:
        """Read every code that a lock ever had."""
        async with self.house.database.read() as session:
            return list((await session.exec(select(AccessCodeRow).where(AccessCodeRow.device_id == lock.id))).all())

    async def stand_in(self, guest: Guest) -> UUID | None:
        """Name the backup code that stands in for a guest's."""
        return (await guest.life.stored()).code.backup.access_code_id

    async def is_over(self, guest: Guest) -> bool:
        """Tell whether a guest's code has ended."""
        return is_over((await guest.life.stored()).code, await self.house.now())

    async def pin(self, code_id: UUID) -> str:
        """Read a code's digits, which nobody changes here."""
        if code_id not in self.digits:
            self.digits[code_id] = await self.pools.digits(code_id)
        return self.digits[code_id]
