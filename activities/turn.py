"""One attempt's turn on one lock: take the lease, read what stands written, write down what was seen.

    begin    lease, code, account, and the digits, in one transaction; nothing is written on the lock before
    about    the intent to write, with the slot and the digits it will occupy, before the call that may write
    end      attempts, sightings, events and the release of the lease, in one transaction

Only the holder of the lease may write to the lock or to what is known of it.  Whoever was too slow and lost the lease
finds that out at `end`, and what it saw is not believed: the next turn reads for itself.
"""

import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.digits import longest_name
from activities.failures import AttemptFailure, try_again
from activities.lock_lease import LEASE_BEYOND_ATTEMPT, take_lease
from activities.moving import keep_in_step
from activities.orders import LockOrder
from activities.pools_concerned import pools_of_backup, pools_of_ended
from activities.standing_in import get_behind_original, give_back
from activities.telling import tell
from domain.access_code import AccessCode
from domain.events import Event
from domain.hearing import Told
from domain.lifecycle import Action, decide, is_ahead, may_open, window_of
from domain.names import lock_name, mark
from domain.native_windows import LockWindow, told
from domain.observation import AboutToWrite, OfFormer, OnePlace, SetAside, Sighting, alone, observe
from domain.retry import delay_before_next
from domain.slot_plan import ahead_of, booking
from providers.base import Place, Window
from store import codes, inbound, leases
from store.bookings import books_of
from store.database import Database
from store.keyring import KeyRing, pin_aad
from store.pins import load_pin
from store.slots import release_slot, take_slot
from store.tables import AttemptRow, PinRow, SlotRow

_SOON = timedelta(seconds=5)
"""The workflow ends an attempt on a lock that its code has left; until then it may as well rest."""


@dataclass
class LockTurn:
    """What one attempt knows and has seen.  `now` is the engine's time, carried forward by our own clock."""

    order: LockOrder
    stored: codes.StoredCode
    lease: leases.Lease
    pin: PinRow
    digits: SecretStr
    older_digits: tuple[SecretStr, ...]
    """Digits that the code had before and that may still be on the lock."""
    generation: int
    """The generation that this attempt is about; the wish may move on while it runs."""
    window: LockWindow | None
    """The window of that generation, where the lock is to keep it by itself."""
    is_ahead: bool
    """The code's time has not come yet when the attempt begins, and nothing of it opens: nobody waits."""
    of_former: bool
    """It is about the former's place, not that of the newest digits."""
    may_take: timedelta
    """How much later a call of this attempt may still leave us, even from a worker that is thought dead."""
    attempts: list[AttemptRow] = field(default_factory=list)
    happened: list[Event] = field(default_factory=list)
    wrote: bool = False
    pools: Collection[str] = ()
    """The pools that should know how it ended."""
    back: Collection[UUID] = ()
    """The locks that this attempt found to answer again."""
    stood_in_for: UUID | None = None
    """The code that may ask for another backup, now that this one is gone."""
    remnant: UUID | None = None
    """What the code left on another lock, which may go now."""
    _started: float = field(default_factory=time.monotonic)

    @property
    def began_at(self) -> datetime:
        """The instant at which this attempt began."""
        return activity.info().started_time

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.began_at + timedelta(seconds=time.monotonic() - self._started)

    @property
    def code(self) -> AccessCode:
        """The code as it stands written."""
        return self.stored.code

    @property
    def subject(self) -> AccessCode:
        """What the turn is about: the code, or its former alone."""
        return alone(self.code) if self.of_former else self.code

    @property
    def slot(self) -> SlotRow | None:
        """The place that the turn is about, once there is one."""
        return self.stored.former_slot if self.of_former else self.stored.slot

    @property
    def place(self) -> Place:
        """Where the code is, or is to be."""
        slot = self.slot
        return Place(
            lock_id=self.stored.device.lock_id,
            slot=slot.number if slot else 0,
            mark=self._mark_of_place,
            reference=slot.reference if slot else None,
        )

    @property
    def _mark_of_place(self) -> str:
        """Whatever is ours; beside a former, only what is of the generation in this place."""
        if self.code.former is None:
            return mark(self.stored.row.id, 0).removesuffix("0")
        return mark(self.stored.row.id, self.subject.on_lock.generation or self.generation)

    @property
    def mark(self) -> str:
        """Our sign for the newest generation, on the lock."""
        return mark(self.stored.row.id, self.generation)

    @property
    def name(self) -> str:
        """The name for the lock."""
        return lock_name(self.stored.row.name, self.mark, longest_name(self.stored.facts))

    @property
    def about_to_write(self) -> AboutToWrite:
        """What is written down before the code is put on the lock."""
        return AboutToWrite(self.generation, self.may_take, self.window)

    @property
    def lock_window(self) -> Window | None:
        """The window as the lock is told it; a start that has come is none, whatever the lock's clock shows."""
        clock, window = self.code.native, self.window
        if clock is None or window is None:
            return None
        starts_at = None if window.starts_at is None or window.starts_at <= self.now else window.starts_at
        return Window(*told(clock, LockWindow(starts_at=starts_at, ends_at=window.ends_at)))

    def key(self, operation: str) -> str:
        """The idempotency key of one operation: the same for every repetition, whatever run it comes from."""
        return f"{self.stored.row.id}:{operation}:{self.generation}"

    def tried(self, operation: str, answer: str, detail: str | None = None) -> None:
        """Keep one operation and the class of its answer for the record."""
        self.attempts.append(
            AttemptRow(
                access_code_id=self.stored.row.id,
                device_id=self.stored.device.id,
                generation=self.generation,
                operation=operation,
                started_at=self.now,
                answer=answer,
                detail=detail,
            )
        )

    def delay(self, *, due_at: datetime, fail_after: timedelta, retry_after: timedelta | None = None) -> timedelta:
        """Say when to try again."""
        starts_at = self.code.wish.starts_at
        return delay_before_next(
            activity.info().attempt,
            self.now - due_at,
            fail_after=fail_after,
            policy=self.code.policy,
            retry_after=retry_after,
            comes_in=None if starts_at is None else starts_at - self.now,
        )


class LockTurns:
    """Opens and closes turns."""

    def __init__(self, database: Database, keyring: KeyRing, attempt_timeout: timedelta) -> None:
        self._database = database
        self._keyring = keyring
        self._lease_for = attempt_timeout + LEASE_BEYOND_ATTEMPT

    async def begin(self, session: AsyncSession, order: LockOrder) -> LockTurn:
        """Take the lease on the code's lock and read all that the attempt needs.

        Raises:
            ApplicationError: another turn is on (`lock_busy`); to be tried again when it may be over.
        """
        stored = await _locked(session, order)
        if stored.device.id != order.device_id:
            raise _moved_away()
        min_gap = stored.facts.capabilities.min_gap
        lease = await take_lease(session, stored.device.id, duration=self._lease_for, min_gap=min_gap)
        of_former = decide(stored.code, activity.info().started_time).action is Action.REMOVE_FORMER
        subject, former = alone(stored.code) if of_former else stored.code, stored.code.former
        rows = await codes.held_pins(session, stored.row.id, subject.wish.pin_generation)
        if of_former:
            rows = [row for row in rows if row.generation == subject.wish.pin_generation]
        elif former is not None:
            rows = [row for row in rows if row.generation != former.pin_generation]
        aad = pin_aad(stored.row.workspace_id, stored.row.id)
        *older, digits = (SecretStr(self._keyring.decrypt(row.ciphertext, aad).decode()) for row in rows)
        code, began_at = subject, activity.info().started_time
        return LockTurn(
            order=order,
            stored=stored,
            lease=lease,
            pin=rows[-1],
            digits=digits,
            older_digits=tuple(older),
            generation=code.wish.generation,
            window=window_of(code),
            is_ahead=is_ahead(code, began_at) and not may_open(code, began_at),
            of_former=of_former,
            may_take=self._lease_for,
        )

    async def reserve(self, session: AsyncSession, turn: LockTurn, avoid: Collection[int] = ()) -> None:
        """Write down that the code's digits may be on the lock, and which slot they take.

        Raises:
            PinHeldError, NoSlotError: something else is in the way.
        """
        await load_pin(session, turn.pin, turn.now)
        if turn.stored.slot is None:
            turn.stored.slot = await self._take_slot(session, turn, avoid)

    async def set_aside(self, session: AsyncSession, turn: LockTurn) -> None:
        """Take a second place for newer digits, and keep the older ones where they are.

        Raises:
            NoSlotError: there is none.
        """
        stored = turn.stored
        if stored.slot is not None:
            stored.slot.is_former = True
            session.add(stored.slot)
            await session.flush()  # a code has one place of each kind
        stored.slot, stored.former_slot = await self._take_slot(session, turn), stored.slot
        turn.older_digits = ()
        await self.see(session, turn, SetAside())

    async def _take_slot(self, session: AsyncSession, turn: LockTurn, avoid: Collection[int] = ()) -> SlotRow:
        return await take_slot(
            session,
            turn.stored.device.id,
            turn.stored.row.id,
            turn.now,
            capacity=turn.stored.facts.max_active_codes_supported,
            avoid=avoid,
            spoken_for=await _before_in_line(session, turn),
        )

    async def change_slot(self, session: AsyncSession, turn: LockTurn, occupied: Collection[int]) -> None:
        """Take another slot than those in which codes were seen.

        Raises:
            NoSlotError: none is free.
        """
        if turn.stored.slot is not None:
            await release_slot(session, turn.stored.slot)
            turn.stored.slot = None
        await self.reserve(session, turn, avoid=occupied)

    async def see(self, session: AsyncSession, turn: LockTurn, sighting: Sighting) -> AccessCode:
        """Fold a sighting of the turn's place into the code and write it back."""
        now = turn.now
        if turn.of_former and isinstance(sighting, OnePlace):
            sighting = OfFormer(sighting)
        observed = observe(turn.code, sighting, now, turn.stored.facts.capabilities)
        turn.happened.extend(observed.events)
        if observed.code.closed:
            await give_back(session, turn.stored.row, now)
        saved = await codes.save(session, turn.stored, observed.code, now)
        await keep_in_step(session, turn.stored, now)
        return saved

    async def told(self, turn: LockTurn, reference: str) -> Told | None:
        """Give what the vendor told last of its code on the turn's lock; None: nothing."""
        async with self._database.read() as session:
            return await inbound.newest_about(session, turn.stored.device.id, reference)

    @asynccontextmanager
    async def resumed(self, turn: LockTurn) -> AsyncIterator[AsyncSession]:
        """Open a further transaction of the turn, with the code as it stands now: its wish may have moved on.

        Raises:
            LeaseLostError: the attempt was too slow and somebody else had to take over.
            ApplicationError: the code's place is another's now (`moved`), who reads for itself.
        """
        async with self._database.write() as session:
            await leases.verify(session, turn.lease)
            turn.stored = await _locked(session, turn.order)
            if turn.stored.device.id == turn.lease.device_id and not _was_taken_back(turn.stored):
                yield session
                return
            session.add_all(turn.attempts)  # what was tried was tried; what was seen is for others to see
            await leases.release(session, turn.lease, wrote=turn.wrote, now=datetime.now(UTC))
        raise _moved_away()

    async def end(self, session: AsyncSession, turn: LockTurn) -> None:
        """Write the record and give the lease back, in the transaction of what was seen last."""
        session.add_all(turn.attempts)
        await tell(session, turn.stored, turn.happened, turn.now)
        await leases.release(session, turn.lease, wrote=turn.wrote, now=datetime.now(UTC))
        concerned = pools_of_ended if turn.code.closed else pools_of_backup
        turn.pools = await concerned(session, turn.stored)
        turn.stood_in_for = turn.stored.row.stands_in_for if turn.code.closed else None
        turn.remnant = turn.code.remnant


def _was_taken_back(stored: codes.StoredCode) -> bool:
    return stored.row.remnant_of is not None and stored.code.closed


def _moved_away() -> ApplicationError:
    return try_again(AttemptFailure.MOVED, "the code was moved to another lock", _SOON)


async def _locked(session: AsyncSession, order: LockOrder) -> codes.StoredCode:
    """Read the code and keep others from it.  The end of a backup code is news for the code that it stands in for."""
    if order.is_backup:
        return await get_behind_original(session, order.access_code_id)
    return await codes.get(session, order.access_code_id, for_update=True)


async def _before_in_line(session: AsyncSession, turn: LockTurn) -> int:
    """Count the guests who wait for a slot and come first; a backup code that nobody has lets everybody go first."""
    stored, now = turn.stored, turn.now
    if stored.facts.max_active_codes_supported is None:
        return 0
    line = (await books_of(session, stored.device.id, now)).line
    mine = booking(stored.row.id, stored.code, stored.row.created_at, has_slot=False, now=now)
    if stored.is_hidden or mine is None:
        return sum(not one.has_slot and one.begins <= now for one in line)
    return ahead_of(mine, line, now)
