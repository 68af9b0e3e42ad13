"""The backup pool: codes that lie ready on a lock, and who gets which.

A *backup* is one set of digits with one code on each lock of its pool: on one lock for its own pool, on several for
codes that share their digits under one key.  A *claim* is who has a backup: the id of the code in whose place it
stands, or the common key.  A claim is served with one backup and a backup serves one claim, for as long as any code of
it may be on a lock.

    filling    its code is not yet proven on the lock
    ready      it is proven there and nobody has it: only such a code is handed out
    leaving    nobody has it and it is being taken off
    lent       it stands in for a guest's code

Every function is pure.  The store's unique indexes hold the same two rules against whatever races past this page.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict

DEFAULT_SIZE = 5
"""Ready codes per lock: Seam's guide for those who build a pool by hand names five."""

REFILL_AFTER_REFUSAL = timedelta(minutes=15)
"""A lock that refused a backup code for good is left alone for this long before it is offered another."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Member(_Frozen):
    """The code of a backup on one lock, as far as it matters here."""

    access_code_id: UUID
    device_id: UUID
    opens: bool = False
    """Proven on its lock and not contradicted since; being offline contradicts nothing."""
    is_refused: bool = False
    """The lock refused it for good."""
    is_late: bool = False
    """It should be on the lock by now and is not."""
    is_leaving: bool = False
    """It is being taken off before its time."""
    is_gone: bool = False
    """It is proven gone and its books are closed."""
    stands_in_for: UUID | None = None

    @property
    def is_spare(self) -> bool:
        """It is nobody's and not on its way out."""
        return self.stands_in_for is None and not (self.is_leaving or self.is_gone)


class Backup(_Frozen):
    """One set of digits on the locks of a pool.  Without members it is still to be registered."""

    id: UUID
    claim: str | None = None
    members: tuple[Member, ...] = ()

    def on(self, device_id: UUID) -> Member | None:
        """Give its code on a lock."""
        return next((member for member in self.members if member.device_id == device_id), None)

    @property
    def is_free(self) -> bool:
        """Nobody has it and it is not on its way out."""
        return self.claim is None and all(member.is_spare for member in self.members)

    @property
    def is_over(self) -> bool:
        """Every code that it ever had is proven gone."""
        return bool(self.members) and all(member.is_gone for member in self.members)

    @property
    def is_planned(self) -> bool:
        """It is to be registered."""
        return self.claim is None and not self.members

    @property
    def is_refused(self) -> bool:
        """A lock refused it for good."""
        return any(member.is_refused for member in self.members)

    def is_ready_on(self, device_id: UUID) -> bool:
        """Tell whether its code on that lock may be handed out."""
        member = self.on(device_id)
        return self.is_free and member is not None and member.opens


class BackupPool(_Frozen):
    """A pool as its rows tell it, the oldest backup first; those that are over are left out."""

    device_ids: tuple[UUID, ...]
    is_enabled: bool = True
    size: int = DEFAULT_SIZE
    room: int | None = None
    """How many backups nobody has its locks have places for, beside every stay in the books; None: no bound."""
    refused_at: AwareDatetime | None = None
    backups: tuple[Backup, ...] = ()

    @property
    def target(self) -> int:
        """How many backups nobody has there should be."""
        if not self.is_enabled:
            return 0
        return self.size if self.room is None else max(0, min(self.size, self.room))

    @property
    def idle(self) -> tuple[Backup, ...]:
        """The backups that nobody has and that take up room, those on their way out included."""
        return tuple(backup for backup in self.backups if backup.claim is None and not backup.is_over)

    def ready_on(self, device_id: UUID) -> int:
        """Count the codes that could be handed out on a lock at once."""
        return sum(backup.is_ready_on(device_id) for backup in self.backups)


class Claimant(_Frozen):
    """A code that asks for a stand-in.  The guest who arrives first is served first."""

    access_code_id: UUID
    device_id: UUID
    claim: str
    arrives_at: AwareDatetime


class HandOut(_Frozen):
    """Which backup code stands in for which code."""

    access_code_id: UUID
    backup_id: UUID
    backup_access_code_id: UUID


class Plan(_Frozen):
    """What brings a pool to its size: how many backups to begin, which to take off, when to think again."""

    begin: int = 0
    retire: tuple[UUID, ...] = ()
    """Backups whose codes are to be taken off."""
    drop: tuple[UUID, ...] = ()
    """Backups that were planned and never registered."""
    wake_at: AwareDatetime | None = None


def pool_id(device_ids: Iterable[UUID]) -> str:
    """Name the pool of a lock, or of a set of locks in any order."""
    ordered = sorted(set(device_ids), key=str)
    if len(ordered) == 1:
        return str(ordered[0])
    return sha256("/".join(map(str, ordered)).encode()).hexdigest()[:32]


def member_id(backup_id: UUID, device_id: UUID) -> UUID:
    """Name the code of a backup on a lock: begun twice, it is still one code."""
    return uuid5(backup_id, str(device_id))


def hand_out(pool: BackupPool, claimants: Iterable[Claimant]) -> tuple[BackupPool, tuple[HandOut, ...]]:
    """Serve everybody who can be served, those who arrive first before the others.

    Who has a stand-in gets the same again.  Who asks in vain is left out of the answer.
    """
    served: list[HandOut] = []
    for claimant in sorted(claimants, key=lambda one: (one.arrives_at, str(one.access_code_id))):
        backup = _of_claim(pool, claimant) or _freshest(pool, claimant.device_id)
        member = None if backup is None else backup.on(claimant.device_id)
        if backup is None or member is None or not _may_have(member, claimant):
            continue
        pool = _lent(pool, backup, member, claimant)
        served.append(
            HandOut(
                access_code_id=claimant.access_code_id,
                backup_id=backup.id,
                backup_access_code_id=member.access_code_id,
            )
        )
    return pool, tuple(served)


def leftovers(pool: BackupPool, living: Collection[tuple[str, UUID]]) -> tuple[UUID, ...]:
    """Name the codes that can never stand in for anybody, so that they are taken off their locks.

    Of a backup that a claim has: its codes on locks where the claim has no code that lives (`living`); their digits
    are known to a guest.  Of one that nobody has: all of them, once one is on its way out.
    """
    return tuple(
        member.access_code_id
        for backup in pool.backups
        for member in backup.members
        if member.is_spare and not (backup.is_free or (backup.claim, member.device_id) in living)
    )


def taken_off(pool: BackupPool, code_ids: Collection[UUID]) -> BackupPool:
    """Give the pool as it is once these codes are on their way out."""
    return pool.model_copy(update={"backups": tuple(_leaving(backup, code_ids) for backup in pool.backups)})


def plan(pool: BackupPool, now: datetime) -> Plan:
    """Say what brings the pool to its size, never above it."""
    drop, retire = _surplus(pool)
    missing = pool.target - len(pool.idle) + len(drop)
    if missing <= 0:
        return Plan(retire=retire, drop=drop)
    rests_until = None if pool.refused_at is None else pool.refused_at + REFILL_AFTER_REFUSAL
    if rests_until is not None and now < rests_until:
        return Plan(retire=retire, drop=drop, wake_at=rests_until)
    return Plan(begin=missing, retire=retire, drop=drop)


def carried_out(pool: BackupPool, planned: Plan, new_ids: Sequence[UUID], now: datetime) -> BackupPool:
    """Give the pool as it is once the plan is written down, `new_ids` naming the backups that begin."""
    refused = any(backup.is_refused for backup in pool.backups if backup.id in planned.retire)
    retired = {member.access_code_id for one in pool.backups if one.id in planned.retire for member in one.members}
    kept = (backup for backup in taken_off(pool, retired).backups if backup.id not in planned.drop)
    begun = (Backup(id=one) for one in new_ids)
    return pool.model_copy(update={"backups": (*kept, *begun), "refused_at": now if refused else pool.refused_at})


def _of_claim(pool: BackupPool, claimant: Claimant) -> Backup | None:
    return next((backup for backup in pool.backups if backup.claim == claimant.claim), None)


def _freshest(pool: BackupPool, device_id: UUID) -> Backup | None:
    """Choose among the ready ones: that which opens the most locks, and of those the oldest."""
    ready = [backup for backup in pool.backups if backup.is_ready_on(device_id)]
    return max(ready, key=_usefulness, default=None)


def _may_have(member: Member, claimant: Claimant) -> bool:
    if member.is_gone:
        return False
    if member.stands_in_for is not None:
        return member.stands_in_for == claimant.access_code_id
    return member.opens and not member.is_leaving


def _lent(pool: BackupPool, backup: Backup, member: Member, claimant: Claimant) -> BackupPool:
    taken = member.model_copy(update={"stands_in_for": claimant.access_code_id})
    members = tuple(taken if one.access_code_id == member.access_code_id else one for one in backup.members)
    lent = backup.model_copy(update={"claim": claimant.claim, "members": members})
    return pool.model_copy(update={"backups": tuple(lent if one.id == lent.id else one for one in pool.backups)})


def _surplus(pool: BackupPool) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """Choose what is too much: the planned ones to drop, and those to take off, the least useful first.

    What a lock refused is of no use at all.
    """
    planned = [backup for backup in pool.backups if backup.is_planned]
    free = [backup for backup in pool.backups if backup.is_free and not backup.is_planned]
    refused = [backup for backup in free if backup.is_refused]
    good = sorted((backup for backup in free if not backup.is_refused), key=_usefulness)
    above = max(0, len(planned) + len(good) - pool.target)
    drop = planned[::-1][:above]
    retire = (*refused, *good[: above - len(drop)])
    return tuple(backup.id for backup in drop), tuple(backup.id for backup in retire)


def _usefulness(backup: Backup) -> int:
    return sum(member.opens for member in backup.members)


def _leaving(backup: Backup, code_ids: Collection[UUID]) -> Backup:
    def told(member: Member) -> Member:
        return member.model_copy(update={"is_leaving": True}) if member.access_code_id in code_ids else member

    return backup.model_copy(update={"members": tuple(told(member) for member in backup.members)})
