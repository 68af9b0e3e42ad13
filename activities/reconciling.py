"""Comparing what is on a lock with the books: one read of the lock, and one transaction for what follows from it.

Only codes that are believed to be there are judged; a code in doubt has an operation of its own that looks.  What a
look means is `domain/drift.py`'s; here it is told apart whose each entry is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.device_notes import note_nonsense, note_reachability, wake_codes_of
from activities.drivers import Drivers
from activities.failures import AttemptFailure, attempt_failures, store_failures
from activities.foreign_codes import entries_in, list_foreign, tell_of_foreign
from activities.lock_visits import LockVisit, LockVisits
from activities.neighbours import Neighbours
from activities.orders import DueLock, Planned, PlanOrder, Reconciled, ReconcileOrder
from activities.pools_concerned import pools_of_backup
from activities.telling import tell
from activities.turn_queue import TurnQueue
from activities.verdicts import failed, reached_by, unreadable
from domain.access_code import AccessCode, Presence
from domain.drift import Entry, Found, Look, all_of, bears_mark, is_unrepaired, look_for, second_look_after
from domain.events import Event, EventType
from domain.lifecycle import held_from, is_clear, is_left_off, is_over, is_wanted
from domain.names import mark_in
from domain.observation import observe
from domain.reconciliation import read_every
from providers.base import Known, Masked, ProviderError, Unreadable
from store import codes, devices
from store.database import Database
from store.keyring import KeyRing, pin_aad
from store.pins import is_free
from store.reconciliation import (
    Booked,
    booked_on,
    ended_with_marks,
    has_other_stand_in,
    hold_again,
    locks_of,
    proven_gone_at,
)
from store.slots import held_slots
from store.tables import AttemptRow, ConnectedAccountRow, DeviceRow, PinRow, WorkspaceRow
from store.unmanaged_tables import UnmanagedCodeRow

_EARLY = timedelta(seconds=30)
"""A schedule ticks with a jitter: a lock that falls due within this time is read now rather than at the next tick."""


@dataclass
class _Findings:
    """What one look at a lock brought, until it is written down."""

    readings: dict[Entry, Known | Masked]
    happened: list[tuple[codes.StoredCode, tuple[Event, ...]]] = field(default_factory=list)
    claimed: set[Entry] = field(default_factory=set)
    refreshed: set[UUID] = field(default_factory=set)
    resumed: set[UUID] = field(default_factory=set)
    pools: set[str] = field(default_factory=set)
    back: Collection[UUID] = ()
    foreign: tuple[tuple[UnmanagedCodeRow, EventType], ...] = ()
    as_expected: int = 0
    drifted: int = 0
    doubtful: int = 0


class ReconcileActivities:
    """What the workflow that reconciles an account does."""

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

    @activity.defn(name="plan_reconciliation")
    async def plan(self, order: PlanOrder) -> Planned:
        """Say which locks are due: each by its own interval, and none that cannot be read."""
        with store_failures():
            async with self._database.read() as session:
                account = await session.get(ConnectedAccountRow, order.account_id)
                if account is None or account.removed_at is not None:
                    return Planned(provider="", due=())
                workspace = await session.get_one(WorkspaceRow, account.workspace_id)
                locks = await locks_of(session, order.account_id, order.device_ids)
            driver = await self._drivers.of(account)
            due = [
                lock for lock in locks if order.device_ids or _is_due(lock, workspace, order, hears=driver.has_webhook)
            ]
            return Planned(
                provider=account.provider, due=tuple(DueLock(device_id=lock.id, name=lock.name) for lock in due)
            )

    @activity.defn(name="reconcile_lock")
    async def reconcile(self, order: ReconcileOrder) -> Reconciled:
        """Read one lock, write down what is not as it should be, and tell the codes that it concerns."""
        with attempt_failures():
            async with self._queue.attempt(order.device_id):
                visit = await self._visits.begin(order.device_id)
                if visit is None:
                    return Reconciled()
                slots = await self._slots(visit, everything=order.everything)
                readings = await self._read(visit, slots)
                if readings is None:
                    return Reconciled()
                async with self._visits.resumed(visit) as session:
                    findings = await self._compared(session, visit, readings, is_whole=slots is None)
                    await self._write_down(session, visit, findings)
                    await self._visits.end(session, visit)
            await self._tell(findings, order.device_id)
        capabilities = visit.facts.capabilities
        return Reconciled(
            is_read=True,
            as_expected=findings.as_expected,
            drifted=findings.drifted,
            doubtful=findings.doubtful,
            unmanaged=len(findings.readings) - len(findings.claimed),
            again_after=second_look_after(capabilities) if findings.doubtful else None,
        )

    async def _read(self, visit: LockVisit, slots: Sequence[int] | None) -> Sequence[Known | Masked] | None:
        """Read the lock; None: it could not be read, and what that teaches of account and lock is written down."""
        driver = await self._drivers.of(visit.account)
        try:
            found = await driver.read_all(visit.device.lock_id, slots)
        except ProviderError as error:
            verdict = failed(error)
        else:
            if not isinstance(found, Unreadable):
                return found
            verdict = unreadable(found)
        async with self._visits.resumed(visit) as session:
            if verdict.failure is AttemptFailure.SENSELESS_ANSWER:
                await note_nonsense(session, visit.device, verdict, visit.now)
            await note_reachability(session, visit.account, visit.device, reached_by(verdict.failure), visit.now)
            await self._visits.end(session, visit)
        return None

    async def _slots(self, visit: LockVisit, *, everything: bool) -> Sequence[int] | None:
        if everything or not visit.facts.capabilities.reads_slot_by_slot:
            return None
        async with self._database.read() as session:
            return await held_slots(session, visit.device.id)

    async def _compared(
        self, session: AsyncSession, visit: LockVisit, readings: Sequence[Known | Masked], *, is_whole: bool
    ) -> _Findings:
        """Tell whose each entry is, and fold what was seen of every code of ours."""
        findings = _Findings(entries_in(self._keyring, visit.device.id, readings))
        entries = list(findings.readings)
        booked = await booked_on(session, visit.device.id)
        for one in booked:
            look = look_for(one.expected, entries)
            if look.entry is not None:
                findings.claimed.add(look.entry)
            if one.code.former is not None:
                findings.claimed.update(all_of(one.expected, entries))
        for one in booked:
            await self._look(session, visit, one, look_for(one.expected, entries), findings)
        await self._resurfaced(session, visit, findings)
        strangers = {entry: reading for entry, reading in findings.readings.items() if entry not in findings.claimed}
        capabilities = visit.facts.capabilities
        listing = await list_foreign(
            session, self._keyring, visit.device, capabilities, strangers, visit.now, is_whole=is_whole
        )
        findings.foreign, findings.doubtful = listing.happened, findings.doubtful + listing.doubtful
        return findings

    async def _look(
        self, session: AsyncSession, visit: LockVisit, one: Booked, look: Look, findings: _Findings
    ) -> None:
        """Fold one look into one code, where it says anything new."""
        now, capabilities = visit.now, visit.facts.capabilities
        look = _with_hindsight(one.code, look, now)
        if is_unrepaired(one.code, now):
            findings.refreshed.add(one.id)
        if is_over(one.code, now) and not is_clear(one.code):
            # Its workflow may have ended, or the word that it is back may have been lost: saying it again is harmless.
            findings.resumed.add(one.id)
        if observe(one.code, look, now, capabilities).code == one.code:
            findings.as_expected += one.code.on_lock.presence is Presence.PRESENT
            return
        stored = await codes.get(session, one.id, for_update=True)
        if look.found is Found.CHANGED and look.entry is not None:
            free = await is_free(session, visit.device.id, look.entry.pin_index or "", besides=one.id)
            # Other digits for one code of a key would leave the others with theirs.
            look = replace(look, can_be_honoured=free and stored.row.common_code_key is None)
        before = stored.code
        observed = observe(before, look, now, capabilities)
        if observed.code == before:
            return
        await self._keep(session, visit, stored, observed.code, look, findings)
        happened = observed.events
        await codes.save(session, stored, observed.code, now)
        if look.found is Found.RESURFACED:
            await hold_again(session, one.id, stored.code.wish.pin_generation)
        if happened or observed.code.on_lock.presence is not before.on_lock.presence:
            findings.drifted += 1
            findings.refreshed.add(one.id)
            findings.happened.append((stored, happened))
        elif observed.code.on_lock.empty_since is not None:
            findings.doubtful += 1
        else:
            findings.as_expected += 1
        if happened or look.found not in (Found.PRESENT, Found.MASKED):
            session.add(_attempt(stored, look, visit))

    async def _keep(
        self,
        session: AsyncSession,
        visit: LockVisit,
        stored: codes.StoredCode,
        after: AccessCode,
        look: Look,
        findings: _Findings,
    ) -> None:
        """Keep the digits or the name that somebody gave a code who may."""
        reading = None if look.entry is None else findings.readings[look.entry]
        if isinstance(reading, Known) and after.wish.pin_generation > stored.code.wish.pin_generation:
            pin = reading.pin.get_secret_value()
            aad = pin_aad(stored.row.workspace_id, stored.row.id)
            session.add(
                PinRow(
                    access_code_id=stored.row.id,
                    generation=after.wish.pin_generation,
                    device_id=visit.device.id,
                    pin_index=self._keyring.blind_index(visit.device.id, pin),
                    ciphertext=self._keyring.encrypt(pin.encode(), aad),
                    held_from=held_from(after) or visit.now,
                    held_until=after.wish.ends_at,
                    loaded=True,
                )
            )
            await session.flush()
        renamed = look.found in (Found.PRESENT, Found.MASKED) and stored.code.on_lock.bears_mark
        if renamed and not look.bears_mark and after.allows_external_modification and look.entry is not None:
            stored.row.name = (look.entry.name or "")[:200] or None

    async def _resurfaced(self, session: AsyncSession, visit: LockVisit, findings: _Findings) -> None:
        """Find codes of ours that were proven gone and are there all the same."""
        strangers = [entry for entry in findings.readings if entry not in findings.claimed]
        marks = {entry: found for entry in strangers if (found := mark_in(entry.name or "")) is not None}
        settled = visit.facts.capabilities.shows_within
        for one in await ended_with_marks(session, visit.device.id, frozenset(marks.values())):
            entry = next((entry for entry in marks if bears_mark(entry, one.expected.stem)), None)
            if entry is None:
                continue
            findings.claimed.add(entry)
            gone_at = await proven_gone_at(session, one.id)
            if gone_at is not None and visit.now - gone_at <= settled:
                continue  # an old picture of the lock may still show it
            stored = await codes.get(session, one.id, for_update=True)
            await self._reopen(session, visit, stored, Look(Found.RESURFACED, entry), findings)

    async def _reopen(
        self, session: AsyncSession, visit: LockVisit, stored: codes.StoredCode, look: Look, findings: _Findings
    ) -> None:
        observed = observe(stored.code, look, visit.now, visit.facts.capabilities)
        if await has_other_stand_in(session, stored.row):
            stored.row.stands_in_for = None
        await codes.save(session, stored, observed.code, visit.now)
        stored.row.deleted_at = None
        await hold_again(session, stored.row.id, stored.code.wish.pin_generation)
        session.add(_attempt(stored, look, visit))
        findings.drifted += 1
        findings.resumed.add(stored.row.id)

    async def _write_down(self, session: AsyncSession, visit: LockVisit, findings: _Findings) -> None:
        reached = reached_by(None)
        findings.back = await note_reachability(session, visit.account, visit.device, reached, visit.now)
        device = await devices.locked_device(session, visit.device.workspace_id, visit.device.id)
        if device is not None:
            device.reconciled_at = visit.now
        for stored, happened in findings.happened:
            findings.pools |= await pools_of_backup(session, stored)
            await tell(session, stored, happened, visit.now)
        told = [(row, Event(event_type=what, occurred_at=visit.now)) for row, what in findings.foreign]
        await tell_of_foreign(session, visit.device, told, visit.now)

    async def _tell(self, findings: _Findings, device_id: UUID) -> None:
        """Tell those whom it concerns; whoever cannot be told now is told by the next attempt, or the next look."""
        for code_id in findings.refreshed:
            await self._neighbours.refresh(code_id)
        for code_id in findings.resumed:
            await self._neighbours.resume(code_id, device_id=device_id)
        for pool_id in findings.pools:
            await self._neighbours.wake_pool(pool_id)
        await wake_codes_of(self._database, self._neighbours, findings.back)


def _is_due(lock: DeviceRow, workspace: WorkspaceRow, order: PlanOrder, *, hears: bool) -> bool:
    if not lock.online:
        return False
    policy = devices.effective_policy(workspace, lock)
    every = read_every(policy, devices.facts_of(lock), hears=hears)
    return lock.reconciled_at is None or order.now - lock.reconciled_at >= every - _EARLY


def _with_hindsight(code: AccessCode, look: Look, now: datetime) -> Look:
    """What should not be on the lock yet, or was let go, and is there, has come back by somebody's hand."""
    absent = code.on_lock.presence is Presence.ABSENT and look.entry is not None
    if absent and (is_left_off(code) or not is_wanted(code, now)):
        return replace(look, found=Found.RESURFACED)
    return look


def _attempt(stored: codes.StoredCode, look: Look, visit: LockVisit) -> AttemptRow:
    return AttemptRow(
        access_code_id=stored.row.id,
        device_id=visit.device.id,
        generation=stored.code.wish.generation,
        operation="reconcile",
        started_at=visit.now,
        answer=look.found,
    )
