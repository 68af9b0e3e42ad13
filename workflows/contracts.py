"""Every name by which the world speaks to Latchwork's workflows: types, ids, queues, messages and their models.

A caller in any language needs nothing but this page (and `docs/starting-a-code.md`, which is held to it).
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator

from domain.access_code import AccessCode, AccessCodeType, Status
from domain.devices import DeviceCard
from domain.malformed import refusal_of
from domain.refusals import Refusal, RefusalType
from domain.replacement import ReplacementStatus
from domain.requests import CodeRequest, Request, Sealed

QUEUE = "latchwork"
"""Workflows and work on the store."""

WEBHOOK_QUEUE = "webhooks"
"""The activity-only queue of deliveries: slow endpoints hold up nothing else."""

MESSAGE_QUEUE = "messages"
"""The activity-only queue of messages to guests: a mail server that hangs holds up nothing else."""

ACCESS_CODE_WORKFLOW = "AccessCodeWorkflow"
BACKUP_POOL_WORKFLOW = "BackupPoolWorkflow"
SYNC_ACCOUNT_WORKFLOW = "SyncAccountWorkflow"
RECONCILE_WORKFLOW = "ReconcileWorkflow"
UNMANAGED_CODE_WORKFLOW = "UnmanagedCodeWorkflow"
WEBHOOK_DELIVERY_WORKFLOW = "WebhookDeliveryWorkflow"
UPDATE_DEVICE_WORKFLOW = "UpdateDeviceWorkflow"
REPLACE_DEVICE_WORKFLOW = "ReplaceDeviceWorkflow"
MOVE_DOOR_WORKFLOW = "MoveDoorWorkflow"
LOCK_NEWS_WORKFLOW = "LockNewsWorkflow"
SWEEP_WORKFLOW = "SweepWorkflow"
MESSAGE_WORKFLOW = "MessageWorkflow"


def provider_queue(provider: str) -> str:
    """Name the activity-only queue of one vendor, so that a server-side rate limit holds for it alone."""
    return f"provider-{provider}"


_ACCESS_CODE_PREFIX = "access-code/"


def access_code_workflow_id(access_code_id: UUID) -> str:
    """Give the workflow id of a code: two starts of one id are one code."""
    return f"{_ACCESS_CODE_PREFIX}{access_code_id}"


def access_code_id_of(workflow_id: str) -> UUID:
    """Read the code's id out of its workflow's id.

    Raises:
        ValueError: the workflow id is not `access-code/<uuid>`.
    """
    if not workflow_id.startswith(_ACCESS_CODE_PREFIX):
        raise ValueError(f"a code's workflow id is {_ACCESS_CODE_PREFIX}<uuid>")
    return UUID(workflow_id.removeprefix(_ACCESS_CODE_PREFIX))


def backup_pool_workflow_id(pool_id: str) -> str:
    """Give the workflow id of the pool of a lock, or of a set of locks: one pool, one workflow."""
    return f"backup-pool/{pool_id}"


def update_device_workflow_id(device_id: UUID, change_id: UUID) -> str:
    """Give the workflow id of one change of a lock's use; repeated with the same `change_id` it is one change."""
    return f"update-device/{device_id}/{change_id}"


def replace_device_workflow_id(device_id: UUID) -> str:
    """Give the workflow id of the replacement by a new lock: two starts of one id are one replacement."""
    return f"replace-device/{device_id}"


def move_door_workflow_id(action_attempt_id: UUID) -> str:
    """Give the workflow id of one action attempt on a door: two starts of one id move it once."""
    return f"move-door/{action_attempt_id}"


def sync_account_workflow_id(account_id: UUID) -> str:
    """Give the workflow id under which an account's devices are discovered and refreshed."""
    return f"sync-account/{account_id}"


SWEEP_ID = "sweep"
"""The id of the sweep, as a workflow and as a Schedule: there is one at a time."""


def reconcile_workflow_id(account_id: UUID, device_id: UUID | None = None) -> str:
    """Give the workflow id under which an account's locks, or one of them, are compared with the books.

    An account's is also the id of the schedule that starts it.
    """
    return f"reconcile/{account_id}" if device_id is None else f"reconcile/{account_id}/{device_id}"


def unmanaged_code_workflow_id(operation: str, access_code_id: UUID) -> str:
    """Give the workflow id of one operation on a code that somebody else put on a lock."""
    return f"unmanaged-code/{access_code_id}/{operation}"


def lock_news_workflow_id(account_id: UUID, message_id: str) -> str:
    """Give the workflow id under which one message of a vendor is taken in, once."""
    return f"lock-news/{account_id}/{message_id}"


def webhook_delivery_workflow_id(event_id: UUID, webhook_id: UUID) -> str:
    """Give the workflow id of a delivery: two starts of one id are one delivery."""
    return f"webhook-delivery/{event_id}/{webhook_id}"


def message_workflow_id(message_id: UUID) -> str:
    """Give the workflow id of a message to a guest: two starts of one id are one message."""
    return f"message/{message_id}"


class UpdateName(StrEnum):
    """The updates of an access code."""

    REGISTERED = "registered"
    """Waits for the outcome of the registration; start a code with it (update-with-start) to learn both at once."""
    CHANGE = "change"
    DELETE = "delete"
    PULL_BACKUP = "pull_backup"
    """Has a backup code stand in for the code; repeating it gives the same one."""


class ReplacementUpdate(StrEnum):
    """The updates of a replacement."""

    BEGUN = "begun"
    """Waits until the replacement is written down, or refused; start one with it."""
    ROLL_BACK = "roll_back"
    """Has the codes that were moved go back to the older lock; repeating it changes nothing."""


POOL_PULL_UPDATE = "pull"
"""The update of a pool by which a code's workflow asks it for a backup code."""

POOL_WAKE_SIGNAL = "wake"
"""News for a pool: something that concerns it was written down."""

MESSAGE_NEWS_SIGNAL = "news"
"""News for a message: something happened to its code or its guest that may decide about it."""

CHANGED_SIGNAL = "changed"
"""News for a code: its row was changed by its pool, or by the code that it stands in for."""

DEVICE_CONNECTED_SIGNAL = "device_connected"
"""News that the lock is back: what waits to be tried again is tried at once."""

STATE_QUERY = "state"


class SearchAttribute(StrEnum):
    """What operators filter the Temporal UI by.  Everything here is plain text for the server: never digits."""

    CODE_STATUS = "CodeStatus"
    DEVICE_ID = "DeviceId"
    WORKSPACE_ID = "WorkspaceId"
    HAS_PROBLEM = "HasProblem"
    STARTS_AT = "StartsAt"
    ENDS_AT = "EndsAt"


SEARCH_ATTRIBUTE_TYPES: dict[SearchAttribute, str] = {
    SearchAttribute.CODE_STATUS: "Keyword",
    SearchAttribute.DEVICE_ID: "Keyword",
    SearchAttribute.WORKSPACE_ID: "Keyword",
    SearchAttribute.HAS_PROBLEM: "Bool",
    SearchAttribute.STARTS_AT: "Datetime",
    SearchAttribute.ENDS_AT: "Datetime",
}


class Carried(BaseModel):
    """What a code's workflow takes along when it continues as new."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    code: AccessCode
    device: DeviceCard
    attempt_timeout: timedelta
    cancelled: bool = False


class AccessCodeInput(CodeRequest):
    """The one argument of `AccessCodeWorkflow`.  `carried` and `backup_id` are Latchwork's own; leave them out."""

    carried: Carried | None = None
    backup_id: UUID | None = None


class ReceivedInput(BaseModel):
    """Whatever arrived as a workflow's argument: a request, or the reason why it is none.

    Decoding never fails, so that malformed input is refused through the same answer as every other refusal.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    request: AccessCodeInput | None = None
    refusal: Refusal | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, arrived: Any) -> Any:
        try:
            return {"request": AccessCodeInput.model_validate(arrived)}
        except ValidationError as error:
            return {"refusal": refusal_of(error)}


class DeleteRequest(Request):
    """The one argument of the update `delete`; it has nothing to say yet."""


class PullBackupRequest(Request):
    """The one argument of the update `pull_backup`; it has nothing to say yet."""


class AccessCodeReceipt(BaseModel):
    """What the updates answer: the code without its digits."""

    model_config = ConfigDict(frozen=True)

    access_code_id: UUID
    device_id: UUID
    device_name: str
    workspace_id: UUID
    type: AccessCodeType
    status: Status
    starts_at: AwareDatetime | None
    ends_at: AwareDatetime | None
    generation: int
    problems: tuple[str, ...] = ()
    is_ended: bool = False
    pulled_backup_access_code_id: UUID | None = None
    """The backup code that stands in for this one."""


class BackupPoolInput(Request):
    """The one argument of `BackupPoolWorkflow`: a pool is its rows, and its workflow carries nothing else."""

    pool_id: str


class PoolPull(Request):
    """The one argument of a pool's update `pull`."""

    access_code_id: UUID


class PoolPullAnswer(BaseModel):
    """Which backup code stands in now; None: none is ready."""

    model_config = ConfigDict(frozen=True)

    backup_access_code_id: UUID | None = None


class SyncAccountInput(Request):
    """The one argument of `SyncAccountWorkflow`."""

    account_id: UUID


class SyncAccountResult(BaseModel):
    """What one look at an account brought."""

    model_config = ConfigDict(frozen=True)

    devices: int
    added: int
    connected: int


class SweepResult(BaseModel):
    """What one sweep found: how many codes have not ended, and which codes and pools had lost their workflow."""

    model_config = ConfigDict(frozen=True)

    looked_at: int
    resumed: tuple[UUID, ...] = ()
    pools: tuple[str, ...] = ()


class ReconcileInput(Request):
    """The one argument of `ReconcileWorkflow`.

    Without `device_ids` the account is looked at and then every lock that is due; with them, these locks and no others.
    """

    account_id: UUID
    device_ids: tuple[UUID, ...] = ()
    everything: bool = False
    """Also the places of others, where each costs a call."""


class ReconcileResult(BaseModel):
    """What one reconciliation came to, in locks and codes."""

    model_config = ConfigDict(frozen=True)

    locks: int = 0
    unread: int = 0
    """Locks that were due and could not be read; they are due again at once."""
    as_expected: int = 0
    drifted: int = 0
    doubtful: int = 0
    unmanaged: int = 0


class UnmanagedCodeInput(Request):
    """The one argument of `UnmanagedCodeWorkflow`; `operation` is `adopt`, `remove` or `type_in`."""

    operation: Literal["adopt", "remove", "type_in"]
    access_code_id: UUID
    device_id: UUID
    workspace_id: UUID
    provider: str
    allows_external_modification: bool = False
    action_attempt_id: UUID | None = None
    code: Sealed | None = None
    """The digits that are to be typed in, sealed for `access_code_id`."""
    name: str | None = None


class UnmanagedCodeResult(BaseModel):
    """How it ended; `failure` says in words why it did not come about."""

    model_config = ConfigDict(frozen=True)

    failure: str | None = None
    refusal: RefusalType | None = None
    """Why the lock took no digits that somebody typed; None also where it is no simulated one."""
    access_code_id: UUID | None = None
    """The code that was typed in."""


class ReplaceDeviceInput(Request):
    """The one argument of `ReplaceDeviceWorkflow`: a replacement is its rows, and its workflow carries nothing else."""

    device_id: UUID
    """The new lock."""
    replaces_id: UUID
    workspace_id: UUID
    rolls_back: bool = False
    """One that is done is to be rolled back."""


class ReplacementReceipt(BaseModel):
    """What the updates of a replacement answer."""

    model_config = ConfigDict(frozen=True)

    device_id: UUID
    replaces_id: UUID
    status: ReplacementStatus


class MoveDoorInput(Request):
    """The one argument of `MoveDoorWorkflow`; with `locked` false the door is unlocked."""

    action_attempt_id: UUID
    workspace_id: UUID
    device_id: UUID
    provider: str
    locked: bool


class LockNewsInput(Request):
    """The one argument of `LockNewsWorkflow`: a vendor's message whose signature was checked, sealed."""

    account_id: UUID
    message_id: str
    sealed: str
    received_at: AwareDatetime


class DeliveryInput(Request):
    """The one argument of `WebhookDeliveryWorkflow`.  With `once` a failure is final, as a test wants it."""

    event_id: UUID
    webhook_id: UUID
    once: bool = False


class MessageInput(Request):
    """The one argument of `MessageWorkflow`.  Without a generation somebody asked for it: any digits do."""

    message_id: UUID
    workspace_id: UUID
    access_code_id: UUID
    generation: int | None = None
    channel_id: UUID | None = None
