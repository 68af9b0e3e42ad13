"""Moving a code to another lock, on paper: its row, its digits and its place change hands in one transaction.

What may be on the old lock is written down as the code's remnant (`domain/moving.py`) before the new lock is told
anything.  A move back to a lock on which a remnant is left takes that back instead.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.calendar import in_calendar
from activities.choosing import Asked, asked_for, choose
from activities.digits import Digits
from activities.telling import tell
from domain.access_code import AccessCode
from domain.changes import summed_up, with_new_pin
from domain.devices import DeviceFacts
from domain.lifecycle import held_from
from domain.moving import (
    digits_told,
    emptied,
    in_step,
    is_in_force,
    left_behind,
    move_told,
    moved,
    remnant_id,
    taken_back,
)
from domain.native_windows import LockClock, lock_clock
from domain.refusals import RefusalType, RefusedError, refuse
from domain.registration import check_device
from store import codes, devices
from store.keyring import KeyRing, pin_aad
from store.pins import move_pins, unreleased_pins
from store.remnants import add_remnant, hand_over_slots, open_remnant
from store.slots import release_slot
from store.tables import AccessCodeRow, PinRow


@dataclass
class Moved:
    """A code on its new lock, and the other workflows that must hear of it."""

    stored: codes.StoredCode
    left: AccessCodeRow | None = None
    """What it left on the lock that it came from."""
    refreshed: list[UUID] = field(default_factory=list)


class Moving:
    """Moves one code, in the caller's transaction, which has the code's row already."""

    def __init__(self, keyring: KeyRing, session: AsyncSession, stored: codes.StoredCode, now: datetime) -> None:
        self._keyring = keyring
        self._session = session
        self._stored = stored
        self._now = now

    async def to(self, device_id: UUID) -> Moved:
        """Move the code.

        Raises:
            RefusedError: the lock is unknown or cannot have the code.
        """
        locked = await self._lock(device_id)
        came_from = self._stored
        taken = await open_remnant(self._session, came_from.row.id, device_id)
        remnant = None if taken is None else await codes.get(self._session, taken, for_update=True)
        at_hand = {row.generation: row for row in await unreleased_pins(self._session, came_from.row.id)}
        left = await self._leave(at_hand)
        if remnant is None:
            stored = await self._begin_anew(locked, at_hand)
        else:
            stored = await self._take_back(locked, remnant)
        if left is not None and is_in_force(AccessCode.model_validate(left.code)):
            await codes.save(self._session, stored, stored.code.model_copy(update={"remnant": left.id}), self._now)
        await tell(self._session, stored, [move_told(came_from.device.id, device_id, self._now)], self._now)
        return Moved(stored, left, [] if remnant is None else [remnant.row.id])

    async def _lock(self, device_id: UUID) -> codes.LockedDevice:
        locked = await codes.lock_device(self._session, device_id)
        if locked is None or locked.device.workspace_id != self._stored.row.workspace_id:
            raise refuse(
                RefusalType.DEVICE_NOT_FOUND, f"there is no device {device_id}", field="device_id", rule="known"
            )
        check_device(DeviceFacts.model_validate(locked.device.facts), is_managed=locked.device.is_managed)
        return locked

    async def _leave(self, at_hand: dict[int, PinRow]) -> AccessCodeRow | None:
        """Write down what may be on the old lock, with its places and its digits."""
        session, stored = self._session, self._stored
        code = left_behind(stored.code, self._now)
        if code is None:
            for slot in (stored.slot, stored.former_slot):
                if slot is not None:
                    await release_slot(session, slot)
            return None
        row = await add_remnant(session, stored, remnant_id(stored.row.id, uuid4()), code, self._now)
        await hand_over_slots(session, stored.row.id, row.id)
        copies = [self._copy(pin, row.id) for pin in at_hand.values()]
        for pin in at_hand.values():
            pin.loaded, pin.released_at = False, self._now  # until it is said where the code has them now
        await session.flush()
        session.add_all(copies)
        await session.flush()
        return row

    async def _begin_anew(self, locked: codes.LockedDevice, at_hand: dict[int, PinRow]) -> codes.StoredCode:
        stored, now = self._stored, self._now
        facts = DeviceFacts.model_validate(locked.device.facts)
        code = moved(
            stored.code,
            now,
            policy=devices.effective_policy(locked.workspace, locked.device),
            updates_in_place=facts.capabilities.can_update_in_place,
            native=_native(stored, facts),
        )
        pin = at_hand.get(code.wish.pin_generation) or await codes.pin_row(
            self._session, stored.row.id, code.wish.pin_generation
        )
        for row in at_hand.values():
            row.loaded, row.released_at = False, now
        return await self._written(locked, facts, code, pin)

    async def _take_back(self, locked: codes.LockedDevice, remnant: codes.StoredCode) -> codes.StoredCode:
        """Give the code again what it left on this lock."""
        session, stored, now = self._session, self._stored, self._now
        facts = DeviceFacts.model_validate(locked.device.facts)
        policy = devices.effective_policy(locked.workspace, locked.device)
        code = taken_back(stored.code, remnant.code, now, policy=policy)
        theirs = await unreleased_pins(session, remnant.row.id)
        for row in await unreleased_pins(session, stored.row.id):
            row.loaded, row.released_at = False, now
        await hand_over_slots(session, remnant.row.id, stored.row.id)
        slot, former_slot = remnant.slot, remnant.former_slot
        remnant.slot = remnant.former_slot = None
        kept = [(pin.generation, pin.loaded) for pin in theirs]
        await codes.save(session, remnant, emptied(remnant.code, now), now)
        await session.flush()
        for generation, loaded in kept:
            row = await codes.pin_row(session, stored.row.id, generation)
            _place(row, locked.device.id, self._index(row, locked.device.id), code, now)
            row.loaded = loaded
        if code.wish.pin_generation not in dict(kept):
            pin = await codes.pin_row(session, stored.row.id, code.wish.pin_generation)
            back = await self._written(locked, facts, code, pin)
        else:
            back = await self._saved(locked, facts, code)
        back.slot, back.former_slot = slot, former_slot
        before, after = stored.code.wish.pin_generation, code.wish.pin_generation
        if before != after:
            told = digits_told(before, after, now)
            await tell(session, back, [summed_up([told], now), told], now)
        return back

    async def _written(
        self, locked: codes.LockedDevice, facts: DeviceFacts, code: AccessCode, pin: PinRow
    ) -> codes.StoredCode:
        """Write the code down on the other lock with its digits, or with others where it cannot have them there."""
        stored, now = self._stored, self._now
        code, _ = await in_calendar(
            self._session, locked.device, facts, stored.row.id, code, booked_at=stored.row.created_at, now=now
        )
        digits = Digits(
            self._keyring,
            facts,
            workspace_id=stored.row.workspace_id,
            device_id=locked.device.id,
            code_id=stored.row.id,
            name=stored.row.name,
        )
        asked = asked_for(code, now)
        if await self._takes(digits, pin, asked):
            _place(pin, locked.device.id, self._index(pin, locked.device.id), code, now)
            self._session.add(pin)
            return await self._saved(locked, facts, code)
        renewed = with_new_pin(code, now)
        asked = asked_for(renewed.code, now)
        chosen = await choose(self._session, [digits], asked, None)
        self._session.add(digits.row(chosen, asked.generation, asked.held_from, asked.held_until))
        saved = await self._saved(locked, facts, renewed.code)
        await tell(self._session, saved, [summed_up(renewed.events, now), *renewed.events], now)
        return saved

    async def _takes(self, digits: Digits, pin: PinRow, asked: Asked) -> bool:
        """Tell whether the other lock can have the same digits.

        Raises:
            RefusedError: it cannot, and they must be the same as on other locks.
        """
        await digits.prepare(self._session, self._now, choosing=False)
        plain = digits.decrypted(pin)
        try:
            digits.judge(plain, asked.generation, asked.starts_at, self._now)
            await digits.check_free(self._session, plain, asked.held_from, asked.held_until)
        except RefusedError as error:
            if self._stored.row.common_code_key is None:
                return False
            broken = error.refusal
            raise refuse(
                RefusalType.CODE_CANNOT_BE_SHARED,
                f"the code shares its digits with others: {broken.message}",
                field="device_id",
                rule=broken.rule,
                shape=broken.shape,
            ) from None
        return True

    async def _saved(self, locked: codes.LockedDevice, facts: DeviceFacts, code: AccessCode) -> codes.StoredCode:
        """Write the row.  Its places and digits have changed hands already, so nothing is to be freed by it."""
        row = self._stored.row
        row.device_id = locked.device.id
        code = code.model_copy(update={"version": self._stored.code.version})
        stored = codes.StoredCode(row=row, code=code, device=locked.device, facts=facts, account=locked.account)
        await codes.save(self._session, stored, code, self._now)
        await self._session.flush()
        return stored

    def _index(self, pin: PinRow, device_id: UUID) -> str:
        return self._keyring.blind_index(device_id, self._plain(pin))

    def _plain(self, pin: PinRow) -> str:
        aad = pin_aad(self._stored.row.workspace_id, pin.access_code_id)
        return self._keyring.decrypt(pin.ciphertext, aad).decode()

    def _copy(self, pin: PinRow, code_id: UUID) -> PinRow:
        """Copy digits for another code on the same lock; each code's are encrypted for it alone."""
        aad = pin_aad(self._stored.row.workspace_id, code_id)
        return PinRow(
            access_code_id=code_id,
            generation=pin.generation,
            device_id=pin.device_id,
            pin_index=pin.pin_index,
            ciphertext=self._keyring.encrypt(self._plain(pin).encode(), aad),
            held_from=pin.held_from,
            held_until=pin.held_until,
            loaded=pin.loaded,
        )


async def keep_in_step(session: AsyncSession, stored: codes.StoredCode, now: datetime) -> UUID | None:
    """Bring what a code left on another lock up to date with it; name it, if there is such a thing.

    The code's row must be locked already: codes are locked before their remnants.
    """
    if stored.code.remnant is None:
        return None
    remnant = await codes.get(session, stored.code.remnant, for_update=True)
    told = remnant.code if remnant.code.closed else in_step(remnant.code, stored.code, now)
    if told != remnant.code:
        await codes.save(session, remnant, told, now)
        await move_pins(session, remnant.row.id, held_from(told) or now, told.wish.ends_at)
    return remnant.row.id


async def last_left(session: AsyncSession, stored: codes.StoredCode) -> AccessCodeRow | None:
    """Read what a code that was moved left last; a repeated move has its workflow started once more."""
    query = select(AccessCodeRow).where(AccessCodeRow.remnant_of == stored.row.id)
    rows = (await session.exec(query)).all()
    return max(rows, key=lambda row: row.created_at, default=None)


def _native(stored: codes.StoredCode, facts: DeviceFacts) -> LockClock | None:
    """Say how the other lock keeps the window by itself; not where the code did without although its lock could."""
    clock = stored.code.native
    could = lock_clock(stored.facts) is not None
    if clock is None and could:
        return None
    return lock_clock(facts, None if clock is None else clock.tolerance)


def _place(pin: PinRow, device_id: UUID, pin_index: str, code: AccessCode, now: datetime) -> None:
    """Plan digits for the lock on which the code is now; nothing of them is there yet."""
    pin.device_id, pin.pin_index = device_id, pin_index
    pin.held_from, pin.held_until = held_from(code) or now, code.wish.ends_at
    pin.loaded, pin.released_at = False, None
