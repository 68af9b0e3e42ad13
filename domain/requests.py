"""What somebody asks for: a new code, or a change of one.

These are the shapes that cross a boundary, so they are strict where a mistake would cost a guest: an instant without
an offset is refused, an unknown field is refused, and digits are never accepted in the clear.  No error quotes the
value that it refuses.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from domain.sealed import SealedPin


def _instant(value: Any) -> Any:
    """Refuse an instant without an offset by its own name: whose midnight it would be is anybody's guess."""
    if isinstance(value, (int, float)):
        raise PydanticCustomError("instant_not_text", "an instant is ISO 8601 text with an offset, not a number")
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            raise PydanticCustomError("instant_malformed", "an instant is ISO 8601 text with an offset") from None
    else:
        parsed = value
    if isinstance(parsed, datetime) and parsed.tzinfo is None:
        raise PydanticCustomError(
            "instant_without_offset", "an instant needs an offset, as in 2026-07-01T16:00:00+02:00; this one has none"
        )
    return parsed


def _sealed(value: Any) -> Any:
    """Refuse digits in the clear before anything can repeat them."""
    if isinstance(value, (str, int)):
        raise PydanticCustomError(
            "plaintext_pin", "digits are not accepted in the clear: seal them, or leave `code` out to have some chosen"
        )
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
Sealed = Annotated[SealedPin, BeforeValidator(_sealed)]


class Request(BaseModel):
    """The base of everything that crosses the boundary."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Sibling(Request):
    """Another code that is registered together with the first, on another lock, with the same digits."""

    access_code_id: UUID
    device_id: UUID


class CodeRequest(Request):
    """A code that is asked for.  Without `code`, digits are chosen; without times, it works from now until deleted."""

    device_id: UUID
    workspace_id: UUID | None = None
    """The workspace that the caller speaks for; None leaves it to the device."""
    name: str | None = Field(default=None, max_length=200)
    code: Sealed | None = None
    preferred_code_length: int | None = Field(default=None, ge=1, le=20)
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    arrives_at: Instant | None = None
    """When the guest is expected; None: at `starts_at`."""
    common_code_key: str | None = Field(default=None, min_length=1, max_length=200)
    """Codes with one key have the same digits, on whichever locks."""
    siblings: tuple[Sibling, ...] = Field(default=(), max_length=99)
    """Codes to register in the same step: all of them are, or none.  They need a `common_code_key`."""
    is_external_modification_allowed: bool = False
    """What others change of the code at its lock is honoured instead of undone."""
    use_backup_access_code_pool: bool = False
    """Have the lock keep backup codes from now on."""
    prefer_native_scheduling: bool = True
    """Have a lock that can keep the window by itself: it is told ahead.  False: it is told at the start."""
    max_time_rounding: timedelta | None = Field(default=None, ge=timedelta(0), le=timedelta(days=1))
    """How much earlier the lock may open where it keeps coarse times, in ISO 8601 (`PT1H`); None: a minute."""
    action_attempt_id: UUID | None = None
    """The id of the action attempt that tells how putting the code on its lock goes; None: there is none."""

    @model_validator(mode="after")
    def _siblings_share(self) -> Self:
        devices = [self.device_id, *(sibling.device_id for sibling in self.siblings)]
        if len(set(devices)) < len(devices):
            raise PydanticCustomError("one_code_per_device", "each sibling must be on a device of its own")
        if self.siblings and self.common_code_key is None:
            raise PydanticCustomError("siblings_without_key", "siblings share their digits: give a `common_code_key`")
        return self


class CodeWindow(Request):
    """A whole new window: what is None is none."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None


class DeviceChange(Request):
    """A change of what a lock is used for; what is None stays as it is."""

    device_id: UUID
    workspace_id: UUID | None = None
    """The workspace that the caller speaks for; None leaves it to the device."""
    is_managed: bool | None = None
    """False: no new codes, and the backup codes that nobody has are taken off; guests keep theirs until their end."""
    releases_codes: bool = False
    """With `is_managed=False`: guests' codes stay on the lock for good and are no matter of ours any more."""
    force: bool = False
    """With `is_managed=False`: also while guests' codes are live.  They are on the exposure report until they are gone."""
    backup_access_code_pool_enabled: bool | None = None
    """True: keep backup codes ready.  False: add none, and take those off that nobody has."""


class CodeChange(Request):
    """A change of a code; what is None stays as it is.  An empty `name` takes the name away."""

    name: str | None = Field(default=None, max_length=200)
    window: CodeWindow | None = None
    code: Sealed | None = None
    new_digits: bool = False
    """Choose new digits."""
    is_external_modification_allowed: bool | None = None
    """Whether what others change of the code at its lock is honoured instead of undone."""
    device_id: UUID | None = None
    """The lock to which the code is moved; it keeps its digits where that lock takes them."""

    @model_validator(mode="after")
    def _one_source_of_digits(self) -> Self:
        if self.code is not None and self.new_digits:
            raise PydanticCustomError("two_sources_of_digits", "give `code` or `new_digits`, not both")
        return self
