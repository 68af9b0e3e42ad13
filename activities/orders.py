"""What workflows hand to activities and get back.  Orders name codes by id; no digits pass here in the clear."""

from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.access_code import AccessCode, Ending
from domain.action_attempts import Moved
from domain.devices import DeviceCard
from domain.messages import DropReason, MessageStatus
from domain.refusals import RefusalType
from domain.requests import CodeChange, CodeRequest, DeviceChange, Sibling
from domain.sealed import SealedPin


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class RegisterOrder(_Order):
    """Register a code under this id, once, however often it is asked."""

    access_code_id: UUID
    request: CodeRequest
    now: AwareDatetime
    backup_id: UUID | None = None
    """The backup that the code belongs to; only a pool asks for such a code."""


class IntroduceOrder(_Order):
    """Start the workflows of codes that were registered along, and wake pools that new codes concern."""

    siblings: tuple[Sibling, ...] = ()
    pools: tuple[str, ...] = ()
    calendars: tuple[UUID, ...] = ()
    """Locks whose calendar is too full: a new code may have come before others in line."""
    now: AwareDatetime | None = None


class Registered(_Order):
    """A registered code, as it stands; `attempt_timeout` bounds one attempt on its lock."""

    code: AccessCode
    device: DeviceCard
    attempt_timeout: timedelta
    introduction: IntroduceOrder | None = None
    """Whom to tell of the new code before anybody is answered."""


class ChangeOrder(_Order):
    """Change a code's name, window or digits."""

    access_code_id: UUID
    change: CodeChange
    now: AwareDatetime


class EndOrder(_Order):
    """Write down that a code is to end before its time."""

    access_code_id: UUID
    ending: Ending
    now: AwareDatetime


class CodeOrder(_Order):
    """Announce what is due on a code, or close it."""

    access_code_id: UUID
    now: AwareDatetime


class LockOrder(_Order):
    """Put a code on its lock, or take it off: one purpose, tried until it is proven.

    `due_at` is when it should have begun: the delays between attempts grow with the time since.
    """

    access_code_id: UUID
    device_id: UUID
    due_at: AwareDatetime
    not_before: AwareDatetime | None = None
    """What the last attempt was told to wait for; the lock is left alone until then."""
    is_backup: bool = False
    """It belongs to a backup pool, which should know how it ends."""


class PullOrder(_Order):
    """Have a backup code stand in for a code; `by_itself` when nobody asked."""

    access_code_id: UUID
    by_itself: bool
    now: AwareDatetime


class ServeOrder(_Order):
    """Bring a pool up to date and serve the codes that ask."""

    pool_id: str
    asked: tuple[UUID, ...]
    now: AwareDatetime


class Served(_Order):
    """What a look at a pool came to."""

    handed: dict[UUID, UUID] = {}
    """Which backup code stands in for which code, of all that were served."""
    begin: tuple[UUID, ...] = ()
    """Backups that are planned and not registered."""
    device_ids: tuple[UUID, ...] = ()
    wake_at: AwareDatetime | None = None
    is_over: bool = False


class FillOrder(_Order):
    """Register planned backups, each with one code per lock."""

    pool_id: str
    backup_ids: tuple[UUID, ...]
    device_ids: tuple[UUID, ...]
    now: AwareDatetime


class UpdateDeviceOrder(_Order):
    """Change what a lock is used for."""

    change: DeviceChange
    now: AwareDatetime


class ReplaceOrder(_Order):
    """Begin a replacement, or with `turns_back` have it go the other way."""

    device_id: UUID
    replaces_id: UUID
    workspace_id: UUID
    now: AwareDatetime
    turns_back: bool = False


class ReplacementOrder(_Order):
    """Name the next code of a replacement, or close it."""

    device_id: UUID
    now: AwareDatetime


class NextMove(_Order):
    """The code whose turn it is, and where it goes; without one none is left."""

    access_code_id: UUID | None = None
    to: UUID | None = None
    is_back: bool = False


class CarryOrder(_Order):
    """Move one code of a replacement, or see whether it has settled."""

    device_id: UUID
    """The new lock."""
    access_code_id: UUID
    to: UUID
    is_back: bool


class SyncOrder(_Order):
    """Look at an account's locks."""

    account_id: UUID


class Synced(_Order):
    """What one look at an account brought; `back` are the locks that answer again."""

    devices: int
    added: int
    back: tuple[UUID, ...]


class NudgeOrder(_Order):
    """Tell the codes of these locks, and these codes, that their lock is back."""

    device_ids: tuple[UUID, ...]
    access_code_ids: tuple[UUID, ...] = ()
    """Single codes, beside those of the locks."""
    doubted_device_ids: tuple[UUID, ...] = ()
    """Locks that are to be read: what was told of them is not what stands in the books."""


class PlanOrder(_Order):
    """Say which locks of an account are to be read: those that are due, or those that are named."""

    account_id: UUID
    device_ids: tuple[UUID, ...]
    now: AwareDatetime


class DueLock(_Order):
    """A lock that is to be read."""

    device_id: UUID
    name: str


class Planned(_Order):
    """Which locks are to be read, and where."""

    provider: str
    due: tuple[DueLock, ...]


class ReconcileOrder(_Order):
    """Read a lock and compare what is on it with the books; with `everything`, the places of others, too."""

    device_id: UUID
    everything: bool = False


class Reconciled(_Order):
    """What one look at one lock came to."""

    is_read: bool = False
    as_expected: int = 0
    drifted: int = 0
    """Codes that somebody took off, changed or brought back."""
    doubtful: int = 0
    """Codes that were not found as they should be, which a second look has to confirm."""
    unmanaged: int = 0
    """Codes of others."""
    again_after: timedelta | None = None
    """When the second look may be; None: none is needed."""


class UnmanagedOperation(StrEnum):
    """What is to become of a code that somebody else put on a lock."""

    ADOPT = "adopt"
    REMOVE = "remove"
    TYPE_IN = "type_in"
    """Play at somebody's putting one on a simulated lock."""


class UnmanagedOrder(_Order):
    """Adopt a code of somebody else's, take it off its lock, or put one there."""

    operation: UnmanagedOperation
    access_code_id: UUID
    device_id: UUID
    workspace_id: UUID
    allows_external_modification: bool = False
    action_attempt_id: UUID | None = None
    """Where it is to be written down how the removal ended."""
    code: SealedPin | None = None
    """What is to be typed in, under which name."""
    name: str | None = None


class UnmanagedDone(_Order):
    """How it ended.  Without `failure` well; it is told in words, without digits."""

    failure: str | None = None
    refusal: RefusalType | None = None
    """Why the lock took no digits that somebody typed; None also where it is no simulated one."""
    access_code_id: UUID | None = None
    """The code that was typed in, as the list has it."""


class GiveUpUnmanagedOrder(_Order):
    """Write down why it did not come about."""

    order: UnmanagedOrder
    failure: str


class Swept(_Order):
    """What one sweep found."""

    looked_at: int
    resumed: tuple[UUID, ...]
    """Codes whose workflow was gone and runs again."""
    pools: tuple[str, ...]
    """Pools whose workflow was gone and runs again."""


class LockNewsOrder(_Order):
    """Take in what a vendor told by webhook."""

    account_id: UUID
    message_id: str
    """The vendor's id of the message, the same for every repetition."""
    sealed: str
    """The message as it came, encrypted with the PIN key (`store.inbound.seal_message`), in base64."""
    received_at: AwareDatetime


class DeliveryOrder(_Order):
    """Send an event to an endpoint; with `once` a failure is final."""

    event_id: UUID
    webhook_id: UUID
    once: bool = False


class MessageOrder(_Order):
    """Send a guest a code, if it is to be sent by now.  Without a generation somebody asked for it: any digits do."""

    message_id: UUID
    workspace_id: UUID
    access_code_id: UUID
    generation: int | None = None
    channel_id: UUID | None = None
    """None: the first by which the guest can be reached."""


class MessageOutcome(_Order):
    """How a message stands; with `look_at` it is to be looked at again then, or when something happens to its code."""

    status: MessageStatus
    reason: DropReason | None = None
    look_at: AwareDatetime | None = None


class MoveOrder(_Order):
    """Lock or unlock a door."""

    action_attempt_id: UUID
    workspace_id: UUID
    device_id: UUID
    provider: str
    locked: bool
    asked_at: AwareDatetime

    def row(self) -> dict[str, Any]:
        """Give what its row is made of."""
        return {
            "id": self.action_attempt_id,
            "workspace_id": self.workspace_id,
            "device_id": self.device_id,
            "locked": self.locked,
            "now": self.asked_at,
        }


class GiveUpOrder(_Order):
    """Write down how a door was not moved."""

    move: MoveOrder
    moved: Moved
