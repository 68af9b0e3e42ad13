"""Registering, changing and ending a code on paper: the store alone, never the lock.

Every method is idempotent: a reply that was lost is answered again with what stands written.  They run as local
activities; the first of them is what a caller waits for.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.calendar import in_calendar, look_at_calendar
from activities.choosing import asked_for, choose
from activities.digits import Digits
from activities.failures import store_failures
from activities.moving import Moving, keep_in_step, last_left
from activities.neighbours import Neighbours
from activities.orders import ChangeOrder, CodeOrder, EndOrder, IntroduceOrder, Registered, RegisterOrder
from activities.pools_concerned import pools_of_backup, pools_of_ended, pools_of_new
from activities.registering import Registering
from activities.standing_in import follow, get_behind_original, give_back
from activities.telling import tell
from domain.access_code import AccessCode, Presence
from domain.changes import (
    summed_up,
    with_ending,
    with_external_modification,
    with_former_digits,
    with_name,
    with_new_pin,
    with_window,
)
from domain.events import Event
from domain.lifecycle import decide, held_from, is_over
from domain.observation import Observed, announce, close
from domain.refusals import RefusalType, refuse
from domain.registration import check_order
from domain.requests import CodeChange
from store import codes, devices
from store.database import Database
from store.keyring import KeyRing
from store.pins import move_pins, planned_with, unreleased_pins
from store.tables import AccessCodeRow


class RegistrationActivities:
    """What a code's workflow writes down."""

    def __init__(
        self, database: Database, keyring: KeyRing, neighbours: Neighbours, attempt_timeout: timedelta
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._neighbours = neighbours
        self._attempt_timeout = attempt_timeout

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.register, self.introduce, self.read, self.change, self.move, self.end, self.announce, self.close]

    @activity.defn(name="register_access_code")
    async def register(self, order: RegisterOrder) -> Registered:
        """Write the code down with its digits and `access_code.created`, or refuse and leave nothing.

        Its siblings are written in the same step; `introduce` tells their workflows, and pools that this concerns.
        """
        with store_failures():
            async with self._database.write() as session:
                siblings = order.request.siblings
                if await session.get(AccessCodeRow, order.access_code_id) is None:
                    # Kept to the end of the transaction, so that their locks need not be read again.
                    places = await Registering(self._keyring, session, order).register()
                    code, device = places[0].code, places[0].card
                    calendars = tuple(place.card.device_id for place in places if place.is_crowded)
                else:
                    stored = await codes.get(session, order.access_code_id)
                    code, device = stored.code, codes.card(stored.device, stored.account)
                    locks = (order.request.device_id, *(sibling.device_id for sibling in siblings))
                    # Whether the first attempt found them crowded is not written anywhere; looking again is no harm.
                    calendars = tuple(await devices.bounded(session, among=locks))
                pools = tuple(sorted(await pools_of_new(session, order)))
        introduction = None
        if siblings or pools or calendars:
            introduction = IntroduceOrder(siblings=siblings, pools=pools, calendars=calendars, now=order.now)
        return Registered(code=code, device=device, attempt_timeout=self._attempt_timeout, introduction=introduction)

    @activity.defn(name="introduce_access_codes")
    async def introduce(self, order: IntroduceOrder) -> None:
        """Start the workflows of codes that were registered along, and wake the pools that new codes concern."""
        await asyncio.gather(*(self._neighbours.start(sibling) for sibling in order.siblings))
        await self._wake(order.pools)
        if order.now is not None:
            with store_failures():
                for device_id in order.calendars:
                    await self._look(device_id, order.now)

    @activity.defn(name="read_access_code")
    async def read(self, order: CodeOrder) -> AccessCode:
        """Give the code as it stands written: its pool, or the code that it stands in for, may have changed it."""
        with store_failures():
            async with self._database.read() as session:
                return (await codes.get(session, order.access_code_id)).code

    @activity.defn(name="change_access_code")
    async def change(self, order: ChangeOrder) -> AccessCode:
        """Write a change of name, window or digits down, with its events, or refuse and change nothing."""
        with store_failures():
            async with self._database.write() as session:
                stored = await codes.get(session, order.access_code_id, for_update=True)
                if is_over(stored.code, order.now):
                    raise refuse(RefusalType.ACCESS_CODE_ENDED, "the access code has ended and cannot be changed")
                changed = await self._change(session, stored, order)
            if order.change.window is not None:
                await self._look_from(stored, order.now)
            return await self._followed(changed)

    @activity.defn(name="move_access_code")
    async def move(self, order: ChangeOrder) -> Registered:
        """Move a code to another lock, with whatever else is changed, or refuse and change nothing.

        What it left on the old lock has a workflow of its own before anybody is answered.
        """
        with store_failures():
            async with self._database.write() as session:
                stored = await codes.get(session, order.access_code_id, for_update=True)
                if is_over(stored.code, order.now):
                    raise refuse(RefusalType.ACCESS_CODE_ENDED, "the access code has ended and cannot be moved")
                stored, concerned = await self._moved(session, stored, order)
                code = await self._change(session, stored, order)
                card = codes.card(stored.device, stored.account)
                left = await last_left(session, stored)
            if left is not None and not left.closed:
                await self._neighbours.resume(left.id, device_id=left.device_id, arrives_at=left.arrives_at)
            await asyncio.gather(*(self._neighbours.refresh(code_id) for code_id in concerned))
            await self._look_from(stored, order.now)
            await self._followed(code)
            return Registered(code=code, device=card, attempt_timeout=self._attempt_timeout)

    async def _moved(
        self, session: AsyncSession, stored: codes.StoredCode, order: ChangeOrder
    ) -> tuple[codes.StoredCode, list[UUID]]:
        """Move the code, unless it was; give it as it is then, and whom to tell."""
        device_id = order.change.device_id
        if device_id is None or device_id == stored.device.id:
            return stored, []
        moved = await Moving(self._keyring, session, stored, order.now).to(device_id)
        return moved.stored, moved.refreshed

    @activity.defn(name="end_access_code")
    async def end(self, order: EndOrder) -> AccessCode:
        """Write down that the code is to end now, and with it the backup code that stands in for it."""
        with store_failures():
            async with self._database.write() as session:
                stored = await codes.get(session, order.access_code_id, for_update=True)
                ended = with_ending(stored.code, order.ending, order.now)
                if ended.code != stored.code:
                    await codes.save(session, stored, ended.code, order.now)
                    await follow(session, stored.code, stored.row.id, order.now)
                    await keep_in_step(session, stored, order.now)
            return await self._followed(stored.code)

    async def _followed(self, code: AccessCode) -> AccessCode:
        """Tell the backup code that stands in, and what was left on another lock: they were changed along."""
        for code_id in (code.backup.access_code_id, code.remnant):
            if code_id is not None:
                await self._neighbours.refresh(code_id)
        return code

    @activity.defn(name="announce_problem")
    async def announce(self, order: CodeOrder) -> AccessCode:
        """Raise the notice that is due on the code as it stands written, with its event; none may be due any more."""
        with store_failures():
            async with self._database.write() as session:
                stored = await codes.get(session, order.access_code_id, for_update=True)
                notice = decide(stored.code, order.now).notice
                if notice is not None:
                    announced = announce(stored.code, notice, order.now)
                    await tell(session, stored, announced.events, order.now)
                    await codes.save(session, stored, announced.code, order.now)
                pools = await pools_of_backup(session, stored)
            await self._wake(pools)
            return stored.code

    @activity.defn(name="close_access_code")
    async def close(self, order: CodeOrder) -> AccessCode:
        """Write down that nothing of an ended code is on its lock; a deletion is complete with it."""
        with store_failures():
            async with self._database.write() as session:
                stored = await get_behind_original(session, order.access_code_id)
                closed = close(stored.code, order.now)
                if closed.code != stored.code:
                    await give_back(session, stored.row, order.now)
                    await tell(session, stored, closed.events, order.now)
                    await codes.save(session, stored, closed.code, order.now)
                    await keep_in_step(session, stored, order.now)
                pools = await pools_of_ended(session, stored)
            await self._wake(pools)
            for code_id in (stored.row.stands_in_for, stored.code.remnant):
                if code_id is not None:
                    await self._neighbours.refresh(code_id)
            await self._look_from(stored, order.now)
            return stored.code

    async def _look_from(self, stored: codes.StoredCode, now: datetime) -> None:
        """See what the change of one code means for the others on a lock that holds only so many."""
        if stored.facts.max_active_codes_supported is not None:
            await self._look(stored.device.id, now)

    async def _look(self, device_id: UUID, now: datetime) -> None:
        for code_id in await look_at_calendar(self._database, device_id, now):
            await self._neighbours.nudge(code_id)

    async def _wake(self, pools: Collection[str]) -> None:
        await asyncio.gather(*(self._neighbours.wake_pool(pool_id) for pool_id in pools))

    async def _change(self, session: AsyncSession, stored: codes.StoredCode, order: ChangeOrder) -> AccessCode:
        change, now = order.change, order.now
        code, happened = stored.code, list[Event]()
        if change.window is not None:
            check_order(change.window.starts_at, change.window.ends_at)  # an end in the past means: remove it now
            code = _noting(happened, with_window(code, change.window.starts_at, change.window.ends_at, now))
            code, _ = await in_calendar(
                session, stored.device, stored.facts, stored.row.id, code, booked_at=stored.row.created_at, now=now
            )
            await self._move(session, stored, code, now)
        if change.name is not None:
            name = change.name or None
            code = _noting(happened, with_name(code, stored.row.name, name, now))
            stored.row.name = name
        if change.code is not None or change.new_digits:
            _check_own_digits(stored)
            code = await self._with_digits(session, stored, code, change, happened, now)
        if change.is_external_modification_allowed is not None:
            code = with_external_modification(code, allowed=change.is_external_modification_allowed).code
        if not happened and code == stored.code:
            return stored.code
        await codes.save(session, stored, code, now)
        await follow(session, code, stored.row.id, now)
        await keep_in_step(session, stored, now)
        if happened:
            await tell(session, stored, [summed_up(happened, now), *happened], now)
        return stored.code

    async def _move(self, session: AsyncSession, stored: codes.StoredCode, code: AccessCode, now: datetime) -> None:
        """Plan the digits for the new window, where nobody else has them then."""
        pin = await codes.pin_row(session, stored.row.id, code.wish.pin_generation)
        since, until = held_from(code) or now, code.wish.ends_at
        other = await planned_with(session, stored.device.id, pin.pin_index, since, until, besides=stored.row.id)
        if other is not None:
            raise refuse(
                RefusalType.DUPLICATE_ACCESS_CODE,
                f"another access code ({other}) has the same digits on this lock in the new window",
                field="window",
                rule="unique_on_device",
            )
        await move_pins(session, stored.row.id, since, until)

    async def _with_digits(
        self,
        session: AsyncSession,
        stored: codes.StoredCode,
        code: AccessCode,
        change: CodeChange,
        happened: list[Event],
        now: datetime,
    ) -> AccessCode:
        """Ask for other digits.  Those that the code has are no change; those in force beside newer ones come back."""
        given = None if change.code is None else self._digits(stored).opened(change.code)
        for row in [] if given is None else await unreleased_pins(session, stored.row.id):
            if self._digits(stored).decrypted(row) != given:
                continue
            if row.generation == code.wish.pin_generation:
                return code
            former = code.former
            in_force = former is not None and former.presence is Presence.PRESENT
            is_newer_proven = code.on_lock.presence is Presence.PRESENT
            if in_force and not is_newer_proven and former is not None and former.pin_generation == row.generation:
                return _noting(happened, with_former_digits(code, now))
        renewed = _noting(happened, with_new_pin(code, now))
        await self._renew(session, stored, renewed, change, now)
        return renewed

    async def _renew(
        self, session: AsyncSession, stored: codes.StoredCode, code: AccessCode, change: CodeChange, now: datetime
    ) -> None:
        """Keep the new digits beside the old ones, which may be on the lock until they are proven gone."""
        digits = self._digits(stored)
        asked = asked_for(code, now)
        pin = await choose(session, [digits], asked, change.code)
        session.add(digits.row(pin, asked.generation, asked.held_from, asked.held_until))

    def _digits(self, stored: codes.StoredCode) -> Digits:
        return Digits(
            self._keyring,
            stored.facts,
            workspace_id=stored.row.workspace_id,
            device_id=stored.device.id,
            code_id=stored.row.id,
            name=stored.row.name,
        )


def _check_own_digits(stored: codes.StoredCode) -> None:
    """Refuse other digits for one code of a key: the others would keep theirs."""
    if stored.row.common_code_key is not None:
        raise refuse(
            RefusalType.CODE_CANNOT_BE_SHARED,
            "the code shares its digits with others; make new codes to have others",
            field="code",
            rule="common_code_key",
        )


def _noting(happened: list[Event], observed: Observed) -> AccessCode:
    happened.extend(observed.events)
    return observed.code
