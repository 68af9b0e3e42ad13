"""What workflows hand to activities and get back.  Orders name codes by id; no digits pass here in the clear."""

from datetime import timedelta
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.access_code import AccessCode, Ending
from domain.devices import DeviceCard
from domain.requests import CodeChange, CodeRequest


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class RegisterOrder(_Order):
    """Register a code under this id, once, however often it is asked."""

    access_code_id: UUID
    request: CodeRequest
    now: AwareDatetime


class Registered(_Order):
    """A registered code, as it stands; `attempt_timeout` bounds one attempt on its lock."""

    code: AccessCode
    device: DeviceCard
    attempt_timeout: timedelta


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
    due_at: AwareDatetime
    not_before: AwareDatetime | None = None
    """What the last attempt was told to wait for; the lock is left alone until then."""


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


class LockNewsOrder(_Order):
    """Take in what a vendor told by webhook."""

    account_id: UUID
    message_id: str
    """The vendor's id of the message, the same for every repetition."""
    sealed: str
    """The message as it came, encrypted with the PIN key (`store.inbound.seal_message`), in base64."""
    received_at: AwareDatetime
