"""What is known of a lock: facts that a driver reported, and what they allow.

Registration judges a code by these stored facts alone, so that an offline lock is no reason to refuse a guest.
"""

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.constraints import CodeConstraint

DEFAULT_CODE_LENGTHS = (4, 5, 6, 7, 8)
"""What we assume of a lock that does not say which lengths it takes."""


class Capabilities(BaseModel):
    """What a lock can do.  The durations say how far its answers may be behind the truth."""

    model_config = ConfigDict(frozen=True)

    can_program_online_access_codes: bool = True
    """False: the lock takes no access codes (now); a registration for it is refused."""
    can_update_in_place: bool = True
    """The digits or the name of a code can be changed without taking the code off the lock."""
    has_native_scheduling: bool = False
    """The lock keeps a code's window by itself."""
    windows_in_local_time: bool = False
    """It keeps windows as its own wall clock shows them, without a zone."""
    window_resolution: timedelta = timedelta(0)
    """The bounds of windows are whole multiples of this, such as a minute; zero: as exact as they are told."""
    masks_codes: bool = False
    """A read shows that a code is there, never its digits."""
    reads_lag: timedelta = timedelta(0)
    """A read may show the lock as it was up to this long ago: absence is then read twice, this far apart."""
    writes_settle: timedelta = timedelta(0)
    """An accepted write may reach the lock up to this long after its reply."""
    min_gap: timedelta = timedelta(0)
    """The least time between two writes to one lock."""
    supports_backup_access_code_pool: bool = True
    can_remotely_lock: bool = False
    can_remotely_unlock: bool = False
    reads_slot_by_slot: bool = False
    """Reading costs a call for each slot: those of others are read only when somebody asks."""
    webhooks_from_lock: bool = False
    """What the vendor's webhooks say of a code is the lock's own word: it proves that a code is set."""

    @property
    def shows_within(self) -> timedelta:
        """How long after an order was sent a read may still show the lock as it was before."""
        return self.writes_settle + self.reads_lag


class DeviceFacts(BaseModel):
    """A lock as its vendor describes it.  `lock_id` is the vendor's word for it, `name` what its owner calls it."""

    model_config = ConfigDict(frozen=True)

    lock_id: str
    name: str
    online: bool = True
    manufacturer: str | None = None
    model: str | None = None
    time_zone: str | None = None
    """IANA name; None when the vendor does not say."""
    battery_level: float | None = Field(default=None, ge=0, le=1)
    locked: bool | None = None
    """Whether the door is locked; None when the vendor does not say."""
    supported_code_lengths: tuple[int, ...] = DEFAULT_CODE_LENGTHS
    max_active_codes_supported: int | None = None
    """How many codes fit on the lock at once; None: unknown, treated as unlimited."""
    code_constraints: tuple[CodeConstraint, ...] = ()
    capabilities: Capabilities = Capabilities()


class DeviceCard(BaseModel):
    """What a code's workflow must know of its lock."""

    model_config = ConfigDict(frozen=True)

    device_id: UUID
    workspace_id: UUID
    account_id: UUID
    provider: str
    name: str
