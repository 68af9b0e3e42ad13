"""How long Latchwork waits before it warns, fails and tries again.

Every duration is policy: a default here, overridden per workspace and then per device.  A code takes its policy at
registration and keeps it, so that a change of settings never rewrites the promise made to a guest.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.backup_pool import DEFAULT_SIZE

DEFAULT_DELAY_AFTER = timedelta(minutes=1)
DEFAULT_BACKUP_AFTER = timedelta(minutes=2)
DEFAULT_FAIL_AFTER = timedelta(minutes=10)
DEFAULT_NATIVE_LEAD = timedelta(hours=72)
SHORTEST_RECONCILE = timedelta(minutes=1)
"""What Temporal's schedules, and locks, bear at most."""


RECONCILE_EVERY = frozenset({"reconcile_mains_every", "reconcile_battery_every", "reconcile_heard_every"})
"""The intervals that an account's schedule follows."""


class BackupPoolUse(StrEnum):
    """When a lock is given a backup pool."""

    ON_REQUEST = "on_request"
    """With the first code that asks for it, or by an operator."""
    ALWAYS = "always"
    """With its first code."""


class WhenFull(StrEnum):
    """What becomes of a code for which the lock's calendar has no slot."""

    QUEUE = "queue"
    """It is accepted, says so at once, and takes the first slot that comes free, the earlier start first."""
    REFUSE = "refuse"
    """It is refused."""


class Policy(BaseModel):
    """The durations of one code's timeline, and how its lock is backed up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program_lead: timedelta = timedelta(0)
    """How long before `starts_at` programming begins; it lets the guest in that much earlier.

    Of no matter where the lock keeps windows by itself: such a lock opens at the start.
    """
    native_lead: timedelta = DEFAULT_NATIVE_LEAD
    """How long before `starts_at` a lock that keeps windows by itself is told; zero: not before the start."""
    delay_after: timedelta = DEFAULT_DELAY_AFTER
    """Not confirmed for this long: warning `delay_in_setting_on_device`."""
    backup_after: timedelta = DEFAULT_BACKUP_AFTER
    """Not confirmed for this long: a backup code is pulled where one may be."""
    pulls_backup: bool = True
    """A code that fails pulls a backup by itself; without, somebody has to ask for one."""
    pulls_for_ongoing: bool = True
    """A backup may stand in for a code without an end.  False is Seam's behaviour: such a pull is refused."""
    backup_pool: BackupPoolUse = BackupPoolUse.ON_REQUEST
    """When a lock is given a backup pool."""
    backup_pool_size: int = Field(default=DEFAULT_SIZE, ge=0, le=50)
    """How many backup codes are kept ready on a lock."""
    backup_rotates_after: timedelta = timedelta(days=30)
    """A backup code that somebody keeps by hand is to have other digits after this long."""
    when_full: WhenFull = WhenFull.QUEUE
    """What becomes of a code for which the lock's calendar has no slot."""
    fail_after: timedelta = DEFAULT_FAIL_AFTER
    """Not confirmed for this long: error `failed_to_set_on_device`; the trying goes on."""
    remove_fail_after: timedelta = timedelta(minutes=10)
    """Not proven gone for this long: error `failed_to_remove_from_device`; the trying goes on."""
    retry_initial: timedelta = timedelta(seconds=2)
    """The delay before the second attempt; it doubles from there."""
    retry_cap: timedelta = timedelta(minutes=1)
    """The longest delay while somebody may stand at the door: until the failure is announced."""
    retry_cap_late: timedelta = timedelta(minutes=15)
    """The longest delay afterwards: a lock that is dead for days costs 96 attempts a day."""

    reconcile_mains_every: timedelta = timedelta(minutes=15)
    """How often a lock on mains is read to see that its codes are still as they should be."""
    reconcile_battery_every: timedelta = timedelta(minutes=60)
    """The same for a lock on battery, which every read drains."""
    reconcile_heard_every: timedelta = timedelta(hours=6)
    """The same for a lock whose vendor's webhooks tell what happens to it."""
    undone_within: timedelta = timedelta(hours=24)
    """For how long it is remembered that somebody took a code off its lock, or changed it there."""
    undone_warns_at: int = Field(default=2, ge=1)
    """Undone this often: warning `delay_in_setting_on_device` at once."""
    undone_fails_at: int = Field(default=4, ge=1)
    """Undone this often: error `failed_to_set_on_device`, a backup, and a question for the operator."""
    rewrite_every: timedelta = timedelta(hours=1)
    """From then on the code is set again at most this often."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not timedelta(0) <= self.delay_after <= self.fail_after:
            raise ValueError("delay_after must not be negative or later than fail_after")
        if not timedelta(0) <= self.backup_after <= self.fail_after:
            raise ValueError("backup_after must not be negative or later than fail_after")
        if not timedelta(0) < self.retry_initial <= self.retry_cap <= self.retry_cap_late:
            raise ValueError("retry_initial, retry_cap and retry_cap_late must be positive and in this order")
        if min(self.program_lead, self.native_lead, self.remove_fail_after) < timedelta(0):
            raise ValueError("program_lead, native_lead and remove_fail_after must not be negative")
        every = (self.reconcile_mains_every, self.reconcile_battery_every, self.reconcile_heard_every)
        if min(every) < SHORTEST_RECONCILE:
            raise ValueError("a lock is read at most once a minute: raise the reconcile_… durations")
        if self.backup_rotates_after <= timedelta(0):
            raise ValueError("backup_rotates_after must be positive")
        if self.undone_within < timedelta(0) or self.rewrite_every < timedelta(0):
            raise ValueError("undone_within and rewrite_every must not be negative")
        return self

    def overridden(self, *layers: Mapping[str, Any]) -> "Policy":
        """Lay workspace and device settings over this policy, later layers winning.

        Raises:
            ValidationError: a setting is unknown or out of order.
        """
        merged = self.model_dump()
        for layer in layers:
            merged |= layer
        return Policy.model_validate(merged)
