"""Writing new codes down: one, or several that share their digits, all in one transaction or none.

Also the moment in which a lock gets its backup pool: with the first code that asks for one, or by policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.calendar import in_calendar
from activities.choosing import Asked, choose
from activities.digits import Digits
from activities.orders import RegisterOrder
from domain.access_code import AccessCode, Wish, created
from domain.action_attempts import ActionType
from domain.backup_pool import member_id
from domain.devices import DeviceCard, DeviceFacts
from domain.events import Event, EventType
from domain.lifecycle import held_from
from domain.native_windows import LockClock, lock_clock
from domain.policy import BackupPoolUse, Policy
from domain.problems import ProblemCode, has
from domain.refusals import RefusalType, refuse
from domain.registration import check_device, check_window
from store import backup_pools, codes, devices, events
from store.action_attempts import begin
from store.api_tables import ActionAttemptRow
from store.code_columns import columns_of
from store.common_codes import lock_key, sharing
from store.keyring import KeyRing
from store.tables import AccessCodeRow, BackupPoolRow, BackupRow


@dataclass(frozen=True, slots=True)
class Place:
    """A code to be, with its lock."""

    access_code_id: UUID
    locked: codes.LockedDevice
    facts: DeviceFacts
    policy: Policy
    digits: Digits
    code: AccessCode
    is_crowded: bool
    """The lock's calendar is, or was when somebody last looked, too full for somebody on it."""

    @property
    def card(self) -> DeviceCard:
        """What the code's workflow must know of its lock."""
        return codes.card(self.locked.device, self.locked.account)


class Registering:
    """Registers the codes of one order."""

    def __init__(self, keyring: KeyRing, session: AsyncSession, order: RegisterOrder) -> None:
        self._keyring = keyring
        self._session = session
        self._order = order
        self._is_shared = bool(order.request.siblings) or order.request.common_code_key is not None

    async def register(self) -> Sequence[Place]:
        """Write the codes down with their digits and `access_code.created`; give them with their locks.

        Raises:
            RefusedError: the request breaks a rule of some lock; nothing is written then.
        """
        request, now = self._order.request, self._order.now
        check_window(request.starts_at, request.ends_at, now)
        if self._order.backup_id is not None:
            await self._check_backup(self._order.backup_id)
        places = await self._places()
        await self._write(places, await self._pin(places))
        await self._begin_attempt(places[0])
        if self._order.backup_id is None:
            await self._enable_pools(places)
        await self._tell(places)
        return places

    async def _check_backup(self, backup_id: UUID) -> None:
        """Refuse a backup that its pool does not want, or not any more."""
        backup = await self._session.get(BackupRow, backup_id)
        if backup is not None:
            await self._session.get(BackupPoolRow, backup.pool_id, with_for_update={"key_share": True})
            await self._session.refresh(backup)
        is_its = member_id(backup_id, self._order.request.device_id) == self._order.access_code_id
        if backup is None or not is_its or backup.closed_at is not None or backup.claim is not None:
            raise refuse(RefusalType.BACKUP_NOT_FOUND, "no backup pool asks for this code")

    async def _places(self) -> list[Place]:
        """Keep others from the locks, always in the same order so that no two wait in a circle, and judge them."""
        order, request = self._order, self._order.request
        wanted = {request.device_id: order.access_code_id} | {
            one.device_id: one.access_code_id for one in request.siblings
        }
        if request.common_code_key is not None:
            await self._lock_key(request.common_code_key)
        found = {device_id: await self._place(wanted[device_id], device_id) for device_id in sorted(wanted, key=str)}
        if len({place.locked.device.workspace_id for place in found.values()}) > 1:
            raise refuse(RefusalType.DEVICE_NOT_FOUND, "the devices are not of one workspace", field="siblings")
        return [found[device_id] for device_id in wanted]

    async def _lock_key(self, key: str) -> None:
        device = await devices.get_device(self._session, self._order.request.device_id)
        if device is not None:
            await lock_key(self._session, device.workspace_id, key)

    async def _place(self, access_code_id: UUID, device_id: UUID) -> Place:
        request = self._order.request
        locked = await codes.lock_device(self._session, device_id)
        known = locked is not None and request.workspace_id in (None, locked.device.workspace_id)
        if locked is None or not known:
            raise refuse(
                RefusalType.DEVICE_NOT_FOUND, f"there is no device {device_id}", field="device_id", rule="known"
            )
        facts = DeviceFacts.model_validate(locked.device.facts)
        check_device(facts, is_managed=locked.device.is_managed, pooled=request.use_backup_access_code_pool)
        digits = Digits(
            self._keyring,
            facts,
            workspace_id=locked.device.workspace_id,
            device_id=device_id,
            code_id=access_code_id,
            name=request.name,
        )
        policy = devices.effective_policy(locked.workspace, locked.device)
        code = created(
            Wish(starts_at=request.starts_at, ends_at=request.ends_at, changed_at=self._order.now),
            policy,
            updates_in_place=facts.capabilities.can_update_in_place,
            native=self._native(facts),
            is_backup=self._order.backup_id is not None,
            allows_external_modification=request.is_external_modification_allowed,
        )
        is_crowded = False
        if self._order.backup_id is None:
            now = self._order.now
            code, is_crowded = await in_calendar(
                self._session, locked.device, facts, access_code_id, code, booked_at=now, now=now
            )
            is_crowded = is_crowded or has(devices.problems_of(locked.device), ProblemCode.MAX_CODES_REACHED)
        return Place(access_code_id, locked, facts, policy, digits, code, is_crowded)

    def _native(self, facts: DeviceFacts) -> LockClock | None:
        """Say how the lock is to keep the window by itself, if it is.  A backup lies ready and has none."""
        request = self._order.request
        if self._order.backup_id is not None or not request.prefer_native_scheduling:
            return None
        return lock_clock(facts, request.max_time_rounding)

    async def _pin(self, places: Sequence[Place]) -> str:
        request, now = self._order.request, self._order.now
        asked = Asked(
            generation=1,
            held_from=min(held_from(place.code) or now for place in places),
            held_until=request.ends_at,
            starts_at=request.starts_at,
            preferred_length=request.preferred_code_length,
            now=now,
        )
        return await choose(
            self._session,
            [place.digits for place in places],
            asked,
            request.code,
            shared=await self._of_key(places[0]),
            is_shared=self._is_shared,
        )

    async def _of_key(self, place: Place) -> str | None:
        """Read the digits that the key has already; None for a new one."""
        key = self._order.request.common_code_key
        living = [] if key is None else await sharing(self._session, place.locked.device.workspace_id, key)
        if not living:
            return None
        stored = AccessCode.model_validate(living[0].code)
        return place.digits.decrypted(await codes.pin_row(self._session, living[0].id, stored.wish.pin_generation))

    async def _write(self, places: Sequence[Place], pin: str) -> None:
        now = self._order.now
        self._session.add_all(self._row(place) for place in places)
        await self._session.flush()  # the digits' rows refer to them
        self._session.add_all(
            place.digits.row(pin, 1, held_from(place.code) or now, self._order.request.ends_at) for place in places
        )

    async def _begin_attempt(self, place: Place) -> None:
        """Write down what was asked: whoever got the code's id finds it."""
        attempt_id = self._order.request.action_attempt_id
        if attempt_id is not None:
            attempt = ActionAttemptRow(
                id=attempt_id,
                workspace_id=place.locked.device.workspace_id,
                action_type=ActionType.CREATE.value,
                device_id=place.locked.device.id,
                access_code_id=place.access_code_id,
                generation=place.code.wish.generation,
                created_at=self._order.now,
            )
            await begin(self._session, attempt)

    async def _tell(self, places: Sequence[Place]) -> None:
        now = self._order.now
        for place in places:
            device = place.locked.device
            await events.append(
                self._session,
                [Event(event_type=EventType.CREATED, occurred_at=now)],
                workspace_id=device.workspace_id,
                now=now,
                new_id=uuid4,
                access_code_id=place.access_code_id,
                device_id=device.id,
                account_id=device.account_id,
                hidden=self._order.backup_id is not None,
            )

    def _row(self, place: Place) -> AccessCodeRow:
        request, device = self._order.request, place.locked.device
        return AccessCodeRow(
            id=place.access_code_id,
            workspace_id=device.workspace_id,
            device_id=device.id,
            name=request.name,
            arrives_at=request.arrives_at,
            code=place.code.model_dump(mode="json"),
            created_at=self._order.now,
            # The codes of a backup share their digits by their pool; the key is theirs alone.
            common_code_key=None if self._order.backup_id is not None else request.common_code_key,
            backup_id=self._order.backup_id,
            **columns_of(place.code),
        )

    async def _enable_pools(self, places: Sequence[Place]) -> None:
        """Give locks their pools where this code, or policy, asks for them; and a key the pool of all its locks."""
        request, now = self._order.request, self._order.now
        pooled = [place for place in places if _is_pooled(place, asked=request.use_backup_access_code_pool)]
        for place in pooled:
            device = place.locked.device
            await backup_pools.enable(self._session, device.workspace_id, [device.id], now)
        if not pooled or request.common_code_key is None:
            return
        workspace_id = places[0].locked.device.workspace_id
        on = {row.device_id for row in await sharing(self._session, workspace_id, request.common_code_key)}
        if len(on) > 1:
            await backup_pools.enable(self._session, workspace_id, on, now)


def _is_pooled(place: Place, *, asked: bool) -> bool:
    always = place.policy.backup_pool is BackupPoolUse.ALWAYS
    return asked or (always and place.facts.capabilities.supports_backup_access_code_pool)
