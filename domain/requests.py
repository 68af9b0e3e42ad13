"""What somebody asks for: a new code, or a change of one.

These are the shapes that cross a boundary, so they are strict where a mistake would cost a guest: an instant without
an offset is refused, an unknown field is refused, and digits are never accepted in the clear.  No error quotes the
value that it refuses.
"""

from datetime import datetime
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


class CodeWindow(Request):
    """A whole new window: what is None is none."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None


class CodeChange(Request):
    """A change of a code; what is None stays as it is.  An empty `name` takes the name away."""

    name: str | None = Field(default=None, max_length=200)
    window: CodeWindow | None = None
    code: Sealed | None = None
    new_digits: bool = False
    """Choose new digits."""

    @model_validator(mode="after")
    def _one_source_of_digits(self) -> Self:
        if self.code is not None and self.new_digits:
            raise PydanticCustomError("two_sources_of_digits", "give `code` or `new_digits`, not both")
        return self
