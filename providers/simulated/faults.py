"""What can go wrong between a caller and a lock, as data.

A fault says when it strikes (`on`, `count` or `seconds`, `probability`); its kind says what then happens (`KINDS`).
Kinds of two sorts meet in one call: an *answer* stands in place of the true one, and the first that strikes wins;
a *modifier* (slow, delayed, stale, masked) acts beside it.  An answer that fails has no effect on the lock, unless
its fault says `effect: true`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from pydantic import BaseModel, ConfigDict, Field, model_validator

WHOLE_CLOUD = "_"
"""The lock id that means every lock and the account."""


class Operation(StrEnum):
    """What a call to the vendor's API is about."""

    READ = "read"
    PROGRAM = "program"
    REMOVE = "remove"
    MOVE = "move"
    """Locking or unlocking the door."""
    DESCRIBE = "describe"
    LIST_LOCKS = "list_locks"
    NOTIFY = "notify"
    """No call to the API but one that the cloud makes: a webhook."""


class FaultTarget(StrEnum):
    """Which operations a fault strikes; `any` is all that its kind can strike."""

    READ = "read"
    PROGRAM = "program"
    REMOVE = "remove"
    MOVE = "move"
    ANY = "any"


class FaultKind(StrEnum):
    """Everything that can go wrong."""

    OFFLINE = "offline"
    FLAPPING = "flapping"
    SLOW = "slow"
    HTTP_401 = "http_401"
    HTTP_404_DEVICE = "http_404_device"
    HTTP_409 = "http_409"
    HTTP_429 = "http_429"
    HTTP_500 = "http_500"
    HTTP_502 = "http_502"
    HTTP_503 = "http_503"
    RESET_BEFORE = "reset_before"
    LOST_REPLY = "lost_reply"
    LYING_SUCCESS = "lying_success"
    DELAYED_EFFECT = "delayed_effect"
    STALE_READ = "stale_read"
    MASKED_READ = "masked_read"
    MALFORMED = "malformed"
    WRONG_LOCK = "wrong_lock"
    SLOTS_FULL = "slots_full"
    REJECT = "reject"
    JAMMED = "jammed"
    ACCOUNT_DISCONNECTED = "account_disconnected"
    CLOCK_SKEW = "clock_skew"
    WEBHOOK_LOST = "webhook_lost"
    WEBHOOK_DUPLICATE = "webhook_duplicate"
    WEBHOOK_DELAY = "webhook_delay"
    WEBHOOK_REORDER = "webhook_reorder"


class Shape(StrEnum):
    """What an answer looks like that is not the true one."""

    ERROR = "error"
    ABORT = "abort"
    NOT_JSON = "not_json"
    OTHER_LOCK = "other_lock"
    PLAIN = "plain"
    """As if all were well."""


_LOCK = frozenset({Operation.READ, Operation.PROGRAM, Operation.REMOVE, Operation.MOVE})
_WRITES = frozenset({Operation.PROGRAM, Operation.REMOVE, Operation.MOVE})
_ALL = frozenset(Operation) - {Operation.NOTIFY}
_WEBHOOKS = frozenset({Operation.NOTIFY})


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of fault does.  `shape` None: it is a modifier and leaves the answer alone."""

    strikes: frozenset[Operation]
    shape: Shape | None = None
    status: int = 200
    error_code: str = ""
    has_effect: bool = False
    needs: str | None = None
    """The parameter without which the kind means nothing."""


KINDS: Mapping[FaultKind, Kind] = {
    FaultKind.OFFLINE: Kind(_LOCK, Shape.ERROR, 503, "DEVICE_OFFLINE"),
    FaultKind.FLAPPING: Kind(_LOCK, Shape.ERROR, 503, "DEVICE_OFFLINE", needs="period_seconds"),
    FaultKind.SLOW: Kind(_ALL, needs="delay_seconds"),
    FaultKind.HTTP_401: Kind(_ALL, Shape.ERROR, 401, "UNAUTHORIZED"),
    FaultKind.HTTP_404_DEVICE: Kind(_LOCK | {Operation.DESCRIBE}, Shape.ERROR, 404, "LOCK_NOT_FOUND"),
    FaultKind.HTTP_409: Kind(_ALL, Shape.ERROR, 409, "CONFLICT"),
    FaultKind.HTTP_429: Kind(_ALL, Shape.ERROR, 429, "TOO_MANY_REQUESTS"),
    FaultKind.HTTP_500: Kind(_ALL, Shape.ERROR, 500, "INTERNAL"),
    FaultKind.HTTP_502: Kind(_ALL, Shape.ERROR, 502, "BAD_GATEWAY"),
    FaultKind.HTTP_503: Kind(_ALL, Shape.ERROR, 503, "UNAVAILABLE"),
    FaultKind.RESET_BEFORE: Kind(_ALL, Shape.ABORT),
    FaultKind.LOST_REPLY: Kind(_ALL, Shape.ABORT, has_effect=True),
    FaultKind.LYING_SUCCESS: Kind(_WRITES, Shape.PLAIN),
    FaultKind.DELAYED_EFFECT: Kind(_WRITES, needs="delay_seconds"),
    FaultKind.STALE_READ: Kind(frozenset({Operation.READ}), needs="seconds_ago"),
    FaultKind.MASKED_READ: Kind(frozenset({Operation.READ})),
    FaultKind.MALFORMED: Kind(_ALL, Shape.NOT_JSON),
    FaultKind.WRONG_LOCK: Kind(_LOCK | {Operation.DESCRIBE}, Shape.OTHER_LOCK),
    FaultKind.SLOTS_FULL: Kind(frozenset({Operation.PROGRAM}), Shape.ERROR, 409, "NO_SPACE"),
    FaultKind.REJECT: Kind(frozenset({Operation.PROGRAM}), Shape.ERROR, 422, "INVALID_PIN"),
    FaultKind.JAMMED: Kind(frozenset({Operation.MOVE}), Shape.ERROR, 409, "JAMMED"),
    FaultKind.ACCOUNT_DISCONNECTED: Kind(_ALL, Shape.ERROR, 401, "ACCOUNT_DISCONNECTED"),
    # A skewed clock strikes no call: it moves the windows for as long as it stands.
    FaultKind.CLOCK_SKEW: Kind(frozenset(), needs="skew_seconds"),
    FaultKind.WEBHOOK_LOST: Kind(_WEBHOOKS),
    FaultKind.WEBHOOK_DUPLICATE: Kind(_WEBHOOKS),
    FaultKind.WEBHOOK_DELAY: Kind(_WEBHOOKS, needs="delay_seconds"),
    FaultKind.WEBHOOK_REORDER: Kind(_WEBHOOKS),
}


class FaultSpec(BaseModel):
    """A fault as somebody orders it.  `seconds`, `period_seconds` and `seconds_ago` are the cloud's clock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    on: FaultTarget = FaultTarget.ANY
    count: int | None = Field(default=None, ge=1)
    """Strikes this often; None: no such bound."""
    seconds: float | None = Field(default=None, gt=0)
    """Strikes for this long; None: no such bound."""
    probability: float = Field(default=1, ge=0, le=1)
    effect: bool | None = None
    """Whether a failing answer hides a carried-out order; None: as is usual for the kind."""
    delay_seconds: float | None = Field(default=None, ge=0)
    """`slow`: wall time before the answer; otherwise the cloud's time before the effect or the webhook."""
    period_seconds: float | None = Field(default=None, gt=0)
    retry_after: int | None = Field(default=None, ge=0)
    """Sent as `Retry-After`, in seconds, with an error."""
    seconds_ago: float | None = Field(default=None, ge=0)
    skew_seconds: float | None = None
    """Positive: the lock's clock is ahead."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "FaultSpec":
        needed = KINDS[self.kind].needs
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"{self.kind.value} needs {needed}")
        return self


@dataclass(slots=True)
class Fault:
    """A fault in force."""

    lock_id: str
    spec: FaultSpec
    since: datetime
    struck: int = 0

    def is_live(self, now: datetime) -> bool:
        """Whether it can still strike."""
        used_up = self.spec.count is not None and self.struck >= self.spec.count
        over = self.spec.seconds is not None and now >= self.since + timedelta(seconds=self.spec.seconds)
        return not used_up and not over

    def is_in_phase(self, now: datetime) -> bool:
        """False in the good halves of a flapping lock; it begins with a bad half."""
        if self.spec.period_seconds is None:
            return True
        return (now - self.since).total_seconds() % self.spec.period_seconds < self.spec.period_seconds / 2

    def concerns(self, lock_id: str | None, operation: Operation) -> bool:
        """Whether the call is one of those that it strikes."""
        if self.spec.kind is FaultKind.ACCOUNT_DISCONNECTED:
            return operation is not Operation.NOTIFY
        here = self.lock_id in (WHOLE_CLOUD, lock_id)
        aimed = self.spec.on is FaultTarget.ANY or self.spec.on.value == operation.value
        return here and aimed and operation in KINDS[self.spec.kind].strikes


@dataclass(slots=True)
class Notice:
    """What is to happen to one webhook: how often and when it is sent, and whether the next one goes first."""

    copies: int = 1
    delay: timedelta = timedelta(0)
    is_overtaken: bool = False


@dataclass(slots=True)
class Plan:
    """What is to happen to one call: at most one answer, and the modifiers."""

    answer: Fault | None = None
    struck: list[FaultKind] = field(default_factory=list)
    wait_seconds: float = 0
    effect_delay: timedelta = timedelta(0)
    stale_by: timedelta = timedelta(0)
    is_masked: bool = False
    notice: Notice = field(default_factory=Notice)

    @property
    def has_effect(self) -> bool:
        """Whether the order reaches the lock."""
        if self.answer is None:
            return True
        wanted = self.answer.spec.effect
        return KINDS[self.answer.spec.kind].has_effect if wanted is None else wanted

    def take(self, fault: Fault) -> None:
        """Let the fault strike this call."""
        spec = fault.spec
        fault.struck += 1
        self.struck.append(spec.kind)
        match spec.kind:
            case FaultKind.SLOW:
                self.wait_seconds += spec.delay_seconds or 0
            case FaultKind.DELAYED_EFFECT:
                self.effect_delay += timedelta(seconds=spec.delay_seconds or 0)
            case FaultKind.STALE_READ:
                self.stale_by += timedelta(seconds=spec.seconds_ago or 0)
            case FaultKind.MASKED_READ:
                self.is_masked = True
            case FaultKind.WEBHOOK_LOST:
                self.notice.copies = 0
            case FaultKind.WEBHOOK_DUPLICATE:
                self.notice.copies *= 2
            case FaultKind.WEBHOOK_DELAY:
                self.notice.delay += timedelta(seconds=spec.delay_seconds or 0)
            case FaultKind.WEBHOOK_REORDER:
                self.notice.is_overtaken = True
            case _:
                self.answer = fault


class FaultBoard:
    """The faults in force, and the dice that decide about those that strike only sometimes."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._faults: list[Fault] = []

    def put(self, lock_id: str, spec: FaultSpec, now: datetime) -> Fault:
        """Set a fault on a lock, or with `_` on the whole cloud."""
        fault = Fault(lock_id, spec, now)
        self._faults.append(fault)
        return fault

    def on(self, lock_id: str, now: datetime) -> list[Fault]:
        """The live faults that were set on exactly this lock; `_`: those on the whole cloud."""
        self._faults = [fault for fault in self._faults if fault.is_live(now)]
        return [fault for fault in self._faults if fault.lock_id == lock_id]

    def clear(self, lock_id: str | None = None) -> int:
        """Lift what was set on exactly this lock (None: everything); returns how many faults that were."""
        kept = [] if lock_id is None else [fault for fault in self._faults if fault.lock_id != lock_id]
        lifted = len(self._faults) - len(kept)
        self._faults = kept
        return lifted

    def plan(self, lock_id: str | None, operation: Operation, now: datetime) -> Plan:
        """Decide about one call, and count what strikes."""
        plan = Plan()
        for fault in self._live(now):
            if not fault.concerns(lock_id, operation) or not fault.is_in_phase(now):
                continue
            if plan.answer is not None and KINDS[fault.spec.kind].shape is not None:
                continue
            if fault.spec.probability >= 1 or self._dice.random() < fault.spec.probability:
                plan.take(fault)
        return plan

    def is_online(self, lock_id: str, now: datetime) -> bool:
        """Whether the lock answers its cloud; asking strikes nothing."""
        kinds = (FaultKind.OFFLINE, FaultKind.FLAPPING)
        return not any(fault.is_in_phase(now) for fault in self._standing(lock_id, kinds, now))

    def skew(self, lock_id: str, now: datetime) -> timedelta:
        """How far the lock's own clock is ahead."""
        skewed = self._standing(lock_id, (FaultKind.CLOCK_SKEW,), now)
        return timedelta(seconds=sum(fault.spec.skew_seconds or 0 for fault in skewed))

    def _live(self, now: datetime) -> Iterable[Fault]:
        return [fault for fault in self._faults if fault.is_live(now)]

    def _standing(self, lock_id: str, kinds: Iterable[FaultKind], now: datetime) -> list[Fault]:
        wanted = set(kinds)
        return [
            fault for fault in self._live(now) if fault.spec.kind in wanted and fault.lock_id in (WHOLE_CLOUD, lock_id)
        ]
