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

from activities.digits import longest_name
from activities.failures import AttemptFailure, try_again
from activities.orders import LockOrder
from activities.pools_concerned import pools_of_backup, pools_of_ended
from activities.standing_in import get_behind_original, give_back
from activities.telling import tell
from domain.access_code import AccessCode
from domain.events import Event
from domain.hearing import Told
from domain.names import lock_name, mark
from domain.observation import Sighting, observe
from domain.retry import delay_before_next
from providers.base import Place
from store import codes, inbound, leases
from store.database import Database
from store.keyring import KeyRing, pin_aad
from store.pins import load_pin
from store.slots import release_slot, take_slot
from store.tables import AttemptRow, PinRow

LEASE_BEYOND_ATTEMPT = timedelta(seconds=5)
"""A lease outlasts the longest attempt by this much: a writer whose worker died cannot still be writing."""


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
    def place(self) -> Place:
        """Where the code is, or is to be."""
        slot = self.stored.slot
        return Place(
            lock_id=self.stored.device.lock_id,
            slot=slot.number if slot else 0,
            mark=mark(self.stored.row.id, 0).removesuffix("0"),
            reference=slot.reference if slot else None,
        )

    @property
    def mark(self) -> str:
        """Our sign for the newest generation, on the lock."""
        return mark(self.stored.row.id, self.generation)

    @property
    def name(self) -> str:
        """The name for the lock."""
        return lock_name(self.stored.row.name, self.mark, longest_name(self.stored.facts))

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
        return delay_before_next(
            activity.info().attempt,
            self.now - due_at,
            fail_after=fail_after,
            policy=self.code.policy,
            retry_after=retry_after,
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
            ApplicationError: another turn is on (`lock_busy`); to be tried again when it must be over.
        """
        stored = await _locked(session, order)
        wall = datetime.now(UTC)
        try:
            lease = await leases.acquire(
                session,
                stored.device.id,
                _holder(),
                now=wall,
                duration=self._lease_for,
                min_gap=stored.facts.capabilities.min_gap,
            )
        except leases.LeaseBusyError as busy:
            wait = min(max(busy.until - wall, timedelta(milliseconds=200)), timedelta(seconds=2))
            raise try_again(AttemptFailure.LOCK_BUSY, "another code's turn on this lock", wait) from None
        rows = await codes.held_pins(session, stored.row.id, stored.code.wish.pin_generation)
        aad = pin_aad(stored.row.workspace_id, stored.row.id)
        *older, digits = (SecretStr(self._keyring.decrypt(row.ciphertext, aad).decode()) for row in rows)
        generation = stored.code.wish.generation
        return LockTurn(order, stored, lease, rows[-1], digits, tuple(older), generation, self._lease_for)

    async def reserve(self, session: AsyncSession, turn: LockTurn, avoid: Collection[int] = ()) -> None:
        """Write down that the code's digits may be on the lock, and which slot they take.

        Raises:
            PinHeldError, NoSlotError: something else is in the way.
        """
        await load_pin(session, turn.pin, turn.now)
        if turn.stored.slot is None:
            turn.stored.slot = await take_slot(
                session,
                turn.stored.device.id,
                turn.stored.row.id,
                turn.now,
                capacity=turn.stored.facts.max_active_codes_supported,
                avoid=avoid,
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
        """Fold a sighting into the code and write it back."""
        now = turn.now
        observed = observe(turn.code, sighting, now, turn.stored.facts.capabilities)
        turn.happened.extend(observed.events)
        if observed.code.closed:
            await give_back(session, turn.stored.row, now)
        return await codes.save(session, turn.stored, observed.code, now)

    async def told(self, turn: LockTurn, reference: str) -> Told | None:
        """Give what the vendor told last of its code on the turn's lock; None: nothing."""
        async with self._database.read() as session:
            return await inbound.newest_about(session, turn.stored.device.id, reference)

    @asynccontextmanager
    async def resumed(self, turn: LockTurn) -> AsyncIterator[AsyncSession]:
        """Open a further transaction of the turn, with the code as it stands now: its wish may have moved on.

        Raises:
            LeaseLostError: the attempt was too slow and somebody else had to take over.
        """
        async with self._database.write() as session:
            await leases.verify(session, turn.lease)
            turn.stored = await _locked(session, turn.order)
            yield session

    async def end(self, session: AsyncSession, turn: LockTurn) -> None:
        """Write the record and give the lease back, in the transaction of what was seen last."""
        session.add_all(turn.attempts)
        await tell(session, turn.stored, turn.happened, turn.now)
        await leases.release(session, turn.lease, wrote=turn.wrote, now=datetime.now(UTC))
        concerned = pools_of_ended if turn.code.closed else pools_of_backup
        turn.pools = await concerned(session, turn.stored)
        turn.stood_in_for = turn.stored.row.stands_in_for if turn.code.closed else None


async def _locked(session: AsyncSession, order: LockOrder) -> codes.StoredCode:
    """Read the code and keep others from it.  The end of a backup code is news for the code that it stands in for."""
    if order.is_backup:
        return await get_behind_original(session, order.access_code_id)
    return await codes.get(session, order.access_code_id, for_update=True)


def _holder() -> str:
    info = activity.info()
    return f"{info.workflow_id}/{info.activity_id}/{info.attempt}"
