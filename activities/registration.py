"""Registering, changing and ending a code on paper: the store alone, never the lock.

Every method is idempotent: a reply that was lost is answered again with what stands written.  They run as local
activities; the first of them is what a caller waits for.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.digits import Digits
from activities.failures import store_failures
from activities.orders import ChangeOrder, CodeOrder, EndOrder, Registered, RegisterOrder
from domain.access_code import AccessCode, Wish, created
from domain.changes import with_ending, with_name, with_new_pin, with_window
from domain.devices import DeviceFacts
from domain.events import Event, EventType
from domain.lifecycle import begins_at, decide, is_over
from domain.observation import Observed, announce, close
from domain.refusals import RefusalType, refuse
from domain.registration import check_device, check_order, check_window
from domain.requests import CodeChange
from store import codes, devices, events
from store.database import Database
from store.keyring import KeyRing
from store.pins import move_pins, planned_with
from store.tables import AccessCodeRow, ConnectedAccountRow, DeviceRow


class RegistrationActivities:
    """What a code's workflow writes down."""

    def __init__(self, database: Database, keyring: KeyRing, attempt_timeout: timedelta) -> None:
        self._database = database
        self._keyring = keyring
        self._attempt_timeout = attempt_timeout

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.register, self.change, self.end, self.announce, self.close]

    @activity.defn(name="register_access_code")
    async def register(self, order: RegisterOrder) -> Registered:
        """Write the code down with its digits and `access_code.created`, or refuse and leave nothing."""
        with store_failures():
            async with self._database.write() as session:
                if await session.get(AccessCodeRow, order.access_code_id) is None:
                    return await self._create(session, order)
                stored = await codes.get(session, order.access_code_id)
                return self._registered(stored.code, stored.device, stored.account)

    def _registered(self, code: AccessCode, device: DeviceRow, account: ConnectedAccountRow) -> Registered:
        return Registered(code=code, device=codes.card(device, account), attempt_timeout=self._attempt_timeout)

    @activity.defn(name="change_access_code")
    async def change(self, order: ChangeOrder) -> AccessCode:
        """Write a change of name, window or digits down, with its events, or refuse and change nothing."""
        with store_failures():
            async with self._database.write() as session:
                stored = await codes.get(session, order.access_code_id, for_update=True)
                if is_over(stored.code, order.now):
                    raise refuse(RefusalType.ACCESS_CODE_ENDED, "the access code has ended and cannot be changed")
                return await self._change(session, stored, order)

    @activity.defn(name="end_access_code")
    async def end(self, order: EndOrder) -> AccessCode:
        """Write down that the code is to end now."""
        return await self._amend(
            order.access_code_id, order.now, lambda code: with_ending(code, order.ending, order.now)
        )

    @activity.defn(name="announce_problem")
    async def announce(self, order: CodeOrder) -> AccessCode:
        """Raise the notice that is due on the code as it stands written, with its event; none may be due any more."""

        def tell(code: AccessCode) -> Observed:
            notice = decide(code, order.now).notice
            return Observed(code) if notice is None else announce(code, notice, order.now)

        return await self._amend(order.access_code_id, order.now, tell)

    @activity.defn(name="close_access_code")
    async def close(self, order: CodeOrder) -> AccessCode:
        """Write down that nothing of an ended code is on its lock; a deletion is complete with it."""
        return await self._amend(order.access_code_id, order.now, lambda code: close(code, order.now))

    async def _amend(self, code_id: UUID, now: datetime, amend: Callable[[AccessCode], Observed]) -> AccessCode:
        with store_failures():
            async with self._database.write() as session:
                stored = await codes.get(session, code_id, for_update=True)
                amended = amend(stored.code)
                if amended.code == stored.code and not amended.events:
                    return stored.code
                await _tell(session, stored, amended.events, now)
                return await codes.save(session, stored, amended.code, now)

    async def _create(self, session: AsyncSession, order: RegisterOrder) -> Registered:
        request, now = order.request, order.now
        locked = await codes.lock_device(session, request.device_id)
        if locked is None or request.workspace_id not in (None, locked.device.workspace_id):
            raise refuse(
                RefusalType.DEVICE_NOT_FOUND, f"there is no device {request.device_id}", field="device_id", rule="known"
            )
        device, facts = locked.device, DeviceFacts.model_validate(locked.device.facts)
        check_device(facts)
        check_window(request.starts_at, request.ends_at, now)
        policy = devices.effective_policy(locked.workspace, device)
        wish = Wish(starts_at=request.starts_at, ends_at=request.ends_at, changed_at=now)
        code = created(wish, policy, updates_in_place=facts.capabilities.can_update_in_place)
        pin = await self._digits(device, facts, order.access_code_id, request.name).row(
            session,
            request.code,
            generation=1,
            held_from=begins_at(code) or now,
            held_until=request.ends_at,
            starts_at=request.starts_at,
            preferred=request.preferred_code_length,
            now=now,
        )
        session.add(_new_row(order, device, code))
        await session.flush()  # the digits' row refers to it
        session.add(pin)
        await events.append(
            session,
            [Event(event_type=EventType.CREATED, occurred_at=now)],
            workspace_id=device.workspace_id,
            now=now,
            new_id=uuid4,
            access_code_id=order.access_code_id,
            device_id=device.id,
            account_id=device.account_id,
        )
        return self._registered(code, device, locked.account)

    async def _change(self, session: AsyncSession, stored: codes.StoredCode, order: ChangeOrder) -> AccessCode:
        change, now = order.change, order.now
        code, happened = stored.code, list[Event]()
        if change.window is not None:
            check_order(change.window.starts_at, change.window.ends_at)  # an end in the past means: remove it now
            code = _noting(happened, with_window(code, change.window.starts_at, change.window.ends_at, now))
            await self._move(session, stored, code, now)
        if change.name is not None:
            name = change.name or None
            code = _noting(happened, with_name(code, stored.row.name, name, now))
            stored.row.name = name
        if change.code is not None or change.new_digits:
            code = _noting(happened, with_new_pin(code, now))
            await self._renew(session, stored, code, change, now)
        if not happened:
            return stored.code
        changed = Event(event_type=EventType.CHANGED, occurred_at=now)
        await _tell(session, stored, [changed, *happened], now)
        return await codes.save(session, stored, code, now)

    async def _move(self, session: AsyncSession, stored: codes.StoredCode, code: AccessCode, now: datetime) -> None:
        """Plan the digits for the new window, where nobody else has them then."""
        pin = await codes.pin_row(session, stored.row.id, code.wish.pin_generation)
        held_from, held_until = begins_at(code) or now, code.wish.ends_at
        other = await planned_with(
            session, stored.device.id, pin.pin_index, held_from, held_until, besides=stored.row.id
        )
        if other is not None:
            raise refuse(
                RefusalType.DUPLICATE_ACCESS_CODE,
                f"another access code ({other}) has the same digits on this lock in the new window",
                field="window",
                rule="unique_on_device",
            )
        await move_pins(session, stored.row.id, held_from, held_until)

    async def _renew(
        self, session: AsyncSession, stored: codes.StoredCode, code: AccessCode, change: CodeChange, now: datetime
    ) -> None:
        row = await self._digits(stored.device, stored.facts, stored.row.id, stored.row.name).row(
            session,
            change.code,
            generation=code.wish.pin_generation,
            held_from=begins_at(code) or now,
            held_until=code.wish.ends_at,
            starts_at=code.wish.starts_at,
            preferred=None,
            now=now,
        )
        session.add(row)

    def _digits(self, device: DeviceRow, facts: DeviceFacts, code_id: UUID, name: str | None) -> Digits:
        return Digits(
            self._keyring,
            facts,
            workspace_id=device.workspace_id,
            device_id=device.id,
            code_id=code_id,
            name=name,
        )


def _new_row(order: RegisterOrder, device: DeviceRow, code: AccessCode) -> AccessCodeRow:
    return AccessCodeRow(
        id=order.access_code_id,
        workspace_id=device.workspace_id,
        device_id=device.id,
        name=order.request.name,
        arrives_at=order.request.arrives_at,
        code=code.model_dump(mode="json"),
        created_at=order.now,
    )


def _noting(happened: list[Event], observed: Observed) -> AccessCode:
    happened.extend(observed.events)
    return observed.code


async def _tell(
    session: AsyncSession, stored: codes.StoredCode, happened: tuple[Event, ...] | list[Event], now: datetime
) -> None:
    await events.append(
        session,
        happened,
        workspace_id=stored.row.workspace_id,
        now=now,
        new_id=uuid4,
        access_code_id=stored.row.id,
        device_id=stored.device.id,
        account_id=stored.account.id,
    )
