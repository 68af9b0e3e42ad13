"""What is done with codes that somebody else put on a lock: adopt one, take one off, or play at putting one there.

Each is one turn on the lock.  Only what a read under the lease shows exactly as it is listed, digits and the vendor's
id of it alike, is adopted or removed: place and time decide nothing.  Adopting writes nothing on the lock.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.drivers import Drivers
from activities.failures import AttemptFailure, NotPossibleError, attempt_failures, try_again
from activities.foreign_codes import entries_in, tell_of_foreign
from activities.keypad import Keypad
from activities.lock_visits import SOON, LockVisit, LockVisits, read_codes
from activities.neighbours import Neighbours
from activities.orders import GiveUpUnmanagedOrder, UnmanagedDone, UnmanagedOperation, UnmanagedOrder
from activities.turn_queue import TurnQueue
from activities.verdicts import failed
from domain.access_code import OnLock, Presence, Wish, created
from domain.action_attempts import Moved
from domain.drift import Entry
from domain.events import Event, EventType
from domain.refusals import RefusedError
from domain.registration import check_device
from domain.requests import Sibling
from domain.unmanaged import is_exactly
from providers.base import Driver, Known, Masked, Place, ProviderError, Rejected
from store import action_attempts, codes, devices
from store.code_columns import columns_of
from store.database import Database
from store.keyring import KeyRing, pin_aad
from store.pins import planned_with
from store.slots import hold_slot
from store.tables import AccessCodeRow, PinRow
from store.unmanaged import entry_of, get_unmanaged
from store.unmanaged_tables import UnmanagedCodeRow

NOT_SHOWN = "the lock does not show this code with these digits"
HIDDEN = "the lock hides the code's digits"


class UnmanagedCodeActivities:
    """What the workflow of one such operation does."""

    def __init__(
        self,
        database: Database,
        keyring: KeyRing,
        drivers: Drivers,
        neighbours: Neighbours,
        attempt_timeout: timedelta,
        queue: TurnQueue,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._drivers = drivers
        self._neighbours = neighbours
        self._visits = LockVisits(database, attempt_timeout)
        self._queue = queue

    def all(self) -> list[Callable[..., Any]]:
        """List the activities of a vendor's queue, for a worker."""
        return [self.carry_out]

    @activity.defn(name="carry_out_on_unmanaged_code")
    async def carry_out(self, order: UnmanagedOrder) -> UnmanagedDone:
        """Do what is asked; what is impossible as things stand is an answer, not an error."""
        with attempt_failures():
            async with self._queue.attempt(order.device_id):
                if await self._is_done(order):
                    return await self._started(order)
                visit = await self._visits.begin(order.device_id)
                if visit is None:
                    return UnmanagedDone(failure="the lock is no longer there")
                try:
                    driver = await self._drivers.of(visit.account)
                    done = await self._act(order, visit, driver)
                except ApplicationError:
                    await self._end(visit)
                    raise
                except NotPossibleError as error:
                    await self._end(visit)
                    return UnmanagedDone(failure=str(error), refusal=error.refusal)
                except ProviderError as error:
                    verdict = failed(error)
                    await self._end(visit)
                    raise try_again(
                        verdict.failure or AttemptFailure.NOT_CONFIRMED, str(error), verdict.retry_after or SOON
                    ) from None
                return done

    @activity.defn(name="give_up_unmanaged_code")
    async def give_up(self, order: GiveUpUnmanagedOrder) -> None:
        """Write down why it did not come about: as an event, or as the end of the action attempt."""
        asked, now = order.order, datetime.now(UTC)
        async with self._database.write() as session:
            row = await get_unmanaged(session, asked.access_code_id)
            if asked.action_attempt_id is not None:
                await self._end_attempt(session, asked, Moved(error="lock_refused", message=order.failure), now)
            device = await devices.get_device(session, asked.device_id)
            if asked.operation is UnmanagedOperation.ADOPT and row is not None and device is not None:
                failed_to = Event(
                    event_type=EventType.UNMANAGED_NOT_CONVERTED, occurred_at=now, payload={"reason": order.failure}
                )
                await tell_of_foreign(session, device, [(row, failed_to)], now)

    async def _is_done(self, order: UnmanagedOrder) -> bool:
        """Tell whether an earlier attempt adopted the code and died before it could say so."""
        async with self._database.read() as session:
            return await session.get(AccessCodeRow, order.access_code_id) is not None

    async def _started(self, order: UnmanagedOrder) -> UnmanagedDone:
        await self._neighbours.start(Sibling(access_code_id=order.access_code_id, device_id=order.device_id))
        return UnmanagedDone()

    async def _act(self, order: UnmanagedOrder, visit: LockVisit, driver: Driver) -> UnmanagedDone:
        match order.operation:
            case UnmanagedOperation.ADOPT:
                await self._adopt(order, visit, await read_codes(visit, driver))
                return await self._started(order)
            case UnmanagedOperation.REMOVE:
                await self._remove(order, visit, driver)
                return UnmanagedDone()
            case UnmanagedOperation.TYPE_IN:
                return await Keypad(self._keyring, self._visits).type_in(order, visit, driver)

    async def _adopt(self, order: UnmanagedOrder, visit: LockVisit, readings: Sequence[Known | Masked]) -> None:
        """Make the code one of ours, ongoing and proven, if the lock shows exactly it."""
        entries = entries_in(self._keyring, visit.device.id, readings)
        now = visit.now
        async with self._visits.resumed(visit) as session:
            row = await _listed(session, order)
            if row.pin_index is None or row.ciphertext is None:
                raise NotPossibleError(HIDDEN)
            if not any(is_exactly(entry_of(row), entry) for entry in entries):
                raise NotPossibleError(NOT_SHOWN)
            await self._register(session, order, visit, row, now)
            row.gone_at, row.ciphertext = now, None
            session.add(row)
            await self._visits.end(session, visit)
            converted = Event(event_type=EventType.UNMANAGED_CONVERTED, occurred_at=now)
            await tell_of_foreign(session, visit.device, [(row, converted)], now)

    async def _register(
        self, session: AsyncSession, order: UnmanagedOrder, visit: LockVisit, row: UnmanagedCodeRow, now: datetime
    ) -> None:
        locked = await codes.lock_device(session, visit.device.id)
        if locked is None:
            raise NotPossibleError("the lock is no longer there")
        try:
            check_device(visit.facts, is_managed=locked.device.is_managed)
        except RefusedError as error:
            raise NotPossibleError(str(error)) from None
        other = await planned_with(session, visit.device.id, row.pin_index or "", now, None, besides=row.id)
        if other is not None:
            raise NotPossibleError("an access code of this workspace has these digits on the lock")
        code = created(
            Wish(changed_at=now),
            devices.effective_policy(locked.workspace, locked.device),
            updates_in_place=visit.facts.capabilities.can_update_in_place,
            allows_external_modification=order.allows_external_modification,
        )
        on_lock = OnLock(presence=Presence.PRESENT, generation=1, was_set=True)
        code = code.model_copy(update={"on_lock": on_lock})
        session.add(
            AccessCodeRow(
                id=row.id,
                workspace_id=row.workspace_id,
                device_id=row.device_id,
                name=row.name,
                code=code.model_dump(mode="json"),
                created_at=now,
                opens=True,
                **columns_of(code),
            )
        )
        await session.flush()
        session.add(
            PinRow(
                access_code_id=row.id,
                generation=1,
                device_id=row.device_id,
                pin_index=row.pin_index or "",
                ciphertext=row.ciphertext or b"",
                held_from=now,
                loaded=True,
            )
        )
        await hold_slot(session, row.device_id, row.id, now, number=row.slot, reference=row.reference)

    async def _remove(self, order: UnmanagedOrder, visit: LockVisit, driver: Driver) -> None:
        """Take the code off, if the lock shows exactly it, and see that it is gone."""
        async with self._database.read() as session:
            row = await get_unmanaged(session, order.access_code_id)
        wrote = False
        shown = [] if row is None else await self._shown(visit, driver, row)
        if row is not None and shown:
            if row.ciphertext is None or row.pin_index is None:
                raise NotPossibleError(HIDDEN)
            pin = SecretStr(self._keyring.decrypt(row.ciphertext, pin_aad(row.workspace_id, row.id)).decode())
            place = Place(lock_id=visit.device.lock_id, slot=row.slot or 0, mark="", reference=row.reference)
            answer = await driver.remove(place, pin, f"{row.id}:remove")
            if isinstance(answer, Rejected):
                raise NotPossibleError(answer.message)
            wrote, shown = True, await self._shown(visit, driver, row)
        async with self._visits.resumed(visit) as session:
            await self._visits.end(session, visit, wrote=wrote)
            proven = not shown and await self._is_proven_gone(session, order, visit)
            if proven:
                await self._end_attempt(session, order, Moved(confirmed=True), visit.now)
        if not proven:
            lag = visit.facts.capabilities.shows_within
            raise try_again(AttemptFailure.NOT_CONFIRMED, "the code is not proven gone yet", max(lag, SOON))

    async def _is_proven_gone(self, session: AsyncSession, order: UnmanagedOrder, visit: LockVisit) -> bool:
        """Count an empty look; where reads lag the second one, at least the lag later, is the proof."""
        row = await get_unmanaged(session, order.access_code_id)
        if row is None:
            return True
        row.missing_since = row.missing_since or visit.now
        session.add(row)
        if visit.now - row.missing_since < visit.facts.capabilities.reads_lag:
            return False
        row.gone_at, row.ciphertext = visit.now, None
        removed = Event(event_type=EventType.UNMANAGED_REMOVED, occurred_at=visit.now)
        await tell_of_foreign(session, visit.device, [(row, removed)], visit.now)
        return True

    async def _shown(self, visit: LockVisit, driver: Driver, row: UnmanagedCodeRow) -> list[Entry]:
        """Give what the lock shows of the code: exactly it, or its id with hidden digits.

        Raises:
            NotPossibleError: under its id there are other digits by now.
        """
        known, found = entry_of(row), entries_in(self._keyring, visit.device.id, await read_codes(visit, driver))
        same = [entry for entry in found if known.reference is not None and entry.reference == known.reference]
        if any(entry.pin_index not in (None, known.pin_index) for entry in same):
            raise NotPossibleError(NOT_SHOWN)
        return same or [entry for entry in found if is_exactly(known, entry)]

    async def _end(self, visit: LockVisit) -> None:
        async with self._visits.resumed(visit) as session:
            await self._visits.end(session, visit)

    async def _end_attempt(self, session: AsyncSession, order: UnmanagedOrder, moved: Moved, now: datetime) -> None:
        if order.action_attempt_id is None:
            return
        await action_attempts.begin_removal(
            session,
            id=order.action_attempt_id,
            workspace_id=order.workspace_id,
            device_id=order.device_id,
            now=now,
        )
        await action_attempts.end_move(session, order.action_attempt_id, moved)


async def _listed(session: AsyncSession, order: UnmanagedOrder) -> UnmanagedCodeRow:
    row = await get_unmanaged(session, order.access_code_id)
    if row is None:
        raise NotPossibleError(NOT_SHOWN)
    return row
