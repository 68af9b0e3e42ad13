"""What a lock cloud says on the wire, and how it becomes the domain's words.

A field that the vendor adds is ignored, a field that it leaves out has the domain's default; a field of the wrong
type makes the whole answer nonsense.  Nothing here knows HTTP.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from domain.constraints import CodeConstraint, ConstraintType
from domain.devices import DEFAULT_CODE_LENGTHS, Capabilities, DeviceFacts
from providers.base import Known, Masked, NonsenseError, RejectReason

LONGEST_EXCERPT = 160
"""How many characters of a senseless answer are kept."""

DEVICE_OFFLINE = "DEVICE_OFFLINE"
LOCK_GONE = frozenset({"LOCK_NOT_FOUND", "DEVICE_NOT_FOUND"})
"""`error_code`s about the lock itself."""

NOT_SUPPORTED = "NOT_SUPPORTED"
REJECTIONS: Mapping[str, RejectReason] = {
    "PIN_CONFLICT": RejectReason.DUPLICATE_PIN,
    "SLOT_OCCUPIED": RejectReason.SLOT_OCCUPIED,
    "NO_SPACE": RejectReason.NO_SPACE,
    "INVALID_PIN": RejectReason.CONSTRAINTS_VIOLATED,
    "INVALID_PIN_FORMAT": RejectReason.CONSTRAINTS_VIOLATED,
    "INVALID_NAME": RejectReason.CONSTRAINTS_VIOLATED,
    NOT_SUPPORTED: RejectReason.CONSTRAINTS_VIOLATED,
}
"""The vendor's `error_code`s that refuse for good."""


class _Wire(BaseModel):
    # Errors never quote the input: it may hold digits.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Ack(_Wire):
    """The reply to a write: which code on which lock."""

    reference: str = Field(validation_alias=AliasChoices("access_code_id", "id"))
    lock_id: str


class MoveAck(_Wire):
    """The reply to an order to lock or unlock: which lock took it."""

    lock_id: str


class ListedCode(_Wire):
    """One code of a list.  `code` is null or asterisks where the lock hides digits; `slot` is our extension."""

    reference: str = Field(validation_alias=AliasChoices("access_code_id", "id"))
    lock_id: str | None = None
    slot: int | None = None
    name: str = ""
    code: SecretStr | None = None

    def reading(self) -> Known | Masked:
        """The code as the driver protocol says it."""
        digits = self.code.get_secret_value() if self.code else ""
        if self.code and digits.isascii() and digits.isdigit():
            return Known(self.code, self.reference, self.slot, self.name)
        return Masked(self.reference, self.slot, self.name)


class CodeList(_Wire):
    """The answer to "what is on this lock"."""

    lock_id: str
    access_codes: tuple[ListedCode, ...]

    def is_about(self, lock_id: str) -> bool:
        """Whether the list and all that is in it belong to the lock."""
        return all(told in (None, lock_id) for told in (self.lock_id, *(code.lock_id for code in self.access_codes)))

    def is_consistent(self) -> bool:
        """Whether each code has an id, and a slot where slots are told, of its own."""
        references = [code.reference for code in self.access_codes]
        slots = [code.slot for code in self.access_codes if code.slot is not None]
        return len(set(references)) == len(references) and len(set(slots)) == len(slots)


class _Constraint(_Wire):
    constraint_type: str
    min_length: int | None = None
    max_length: int | None = None

    def as_domain(self) -> CodeConstraint | None:
        """None for a rule that we do not know: the lock itself will refuse what breaks it."""
        with suppress(ValueError):
            kind = ConstraintType(self.constraint_type)
            return CodeConstraint(constraint_type=kind, min_length=self.min_length, max_length=self.max_length)
        return None


class _Capabilities(_Wire):
    can_program_online_access_codes: bool = True
    can_update_in_place: bool = True
    has_native_scheduling: bool = False
    windows_in_local_time: bool = False
    window_resolution_seconds: float = Field(default=0, ge=0)
    masks_codes: bool = False
    reads_lag_seconds: float = Field(default=0, ge=0)
    writes_settle_seconds: float = Field(default=0, ge=0)
    min_gap_seconds: float = Field(default=0, ge=0)
    supports_backup_access_code_pool: bool = True
    can_remotely_lock: bool = False
    can_remotely_unlock: bool = False
    webhooks_from_lock: bool = False
    reads_slot_by_slot: bool = False

    def as_domain(self) -> Capabilities:
        durations = {"window_resolution_seconds", "reads_lag_seconds", "writes_settle_seconds", "min_gap_seconds"}
        return Capabilities(
            **self.model_dump(exclude=durations),
            window_resolution=timedelta(seconds=self.window_resolution_seconds),
            reads_lag=timedelta(seconds=self.reads_lag_seconds),
            writes_settle=timedelta(seconds=self.writes_settle_seconds),
            min_gap=timedelta(seconds=self.min_gap_seconds),
        )


class LockDescription(_Wire):
    """One lock, as the cloud describes it."""

    id: str
    name: str
    online: bool = True
    manufacturer: str | None = None
    model: str | None = None
    time_zone: str | None = None
    battery_level: float | None = Field(default=None, ge=0, le=1)
    locked: bool | None = None
    supported_code_lengths: tuple[int, ...] = DEFAULT_CODE_LENGTHS
    max_active_codes_supported: int | None = None
    code_constraints: tuple[_Constraint, ...] = ()
    capabilities: _Capabilities = _Capabilities()

    def facts(self) -> DeviceFacts:
        """The description in the domain's words."""
        rules = (constraint.as_domain() for constraint in self.code_constraints)
        return DeviceFacts(
            lock_id=self.id,
            code_constraints=tuple(rule for rule in rules if rule is not None),
            capabilities=self.capabilities.as_domain(),
            **self.model_dump(exclude={"id", "code_constraints", "capabilities"}),
        )


class LockList(_Wire):
    """The locks of an account."""

    locks: tuple[LockDescription, ...]


Answer = TypeVar("Answer", bound=BaseModel)


def parse(model: type[Answer], body: object) -> Answer:
    """The body as the model.

    Raises:
        NonsenseError: it does not fit; the text names the fields, never what is in them.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        text = f"the answer is no {model.__name__}: {_fields(error)}"
    raise NonsenseError(text[:200], answer=redacted(body))


def redacted(body: object) -> str:
    """Give the beginning of an answer without any digit: no PIN is left, however it was written."""
    try:
        text = json.dumps(body)
    except (TypeError, ValueError):
        return type(body).__name__
    return re.sub(r"\d", "#", text[:LONGEST_EXCERPT])


def _fields(error: ValidationError) -> str:
    # Only names of our own models: a validator's `loc` may also hold an index, which says nothing to a reader.
    names: Sequence[str] = [str(part) for item in error.errors() for part in item["loc"] if isinstance(part, str)]
    return ", ".join(dict.fromkeys(names)) or "wrong shape"
