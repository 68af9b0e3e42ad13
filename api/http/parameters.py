"""The kinds of parameters that the routes share.  Each route's own are beside its handler.

A JSON body may name nothing that its route does not know: a misspelt `ends_at` must not make a code without an end.
None always means "not given", unless a model says otherwise.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from domain.requests import Instant

MAX_IDS = 1000
MAX_NAME = 200
MAX_METADATA_KEYS = 50
MAX_METADATA_KEY = 40
MAX_METADATA_VALUE = 500
MIN_PIN, MAX_PIN = 4, 12


class Parameters(BaseModel):
    """What a route is called with; queries and bodies are read into it alike."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Nothing(Parameters):
    """A route without parameters."""


Text = Annotated[str, Field(max_length=MAX_NAME, pattern=r"^[^\x00]*$")]
"""Text that every database can hold."""
Ids = Annotated[list[UUID], Field(max_length=MAX_IDS)]
Words = Annotated[list[Text], Field(max_length=MAX_IDS)]


def _digits(value: Any) -> Any:
    """Look at digits without ever repeating them."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and MIN_PIN <= len(value) <= MAX_PIN:
        return value
    raise PydanticCustomError("digits", f"must be a string of {MIN_PIN} to {MAX_PIN} digits")


Pin = Annotated[
    SecretStr,
    BeforeValidator(_digits),
    WithJsonSchema({"type": "string", "pattern": f"^[0-9]{{{MIN_PIN},{MAX_PIN}}}$"}),
]


def _metadata(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise PydanticCustomError("metadata", "must be an object")
    if len(value) > MAX_METADATA_KEYS:
        raise PydanticCustomError("metadata_keys", f"must have at most {MAX_METADATA_KEYS} keys")
    for key in value:
        if not isinstance(key, str) or not 0 < len(key) <= MAX_METADATA_KEY or "." in key or "\0" in key:
            raise PydanticCustomError("metadata_key", f"a key has 1 to {MAX_METADATA_KEY} characters and no dot")
    return value


_MetadataValue = Annotated[str, Field(max_length=MAX_METADATA_VALUE, pattern=r"^[^\x00]*$")] | bool | None
Metadata = Annotated[
    dict[str, _MetadataValue],
    BeforeValidator(_metadata),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": MAX_METADATA_KEYS,
            "propertyNames": {"pattern": rf"^[^.\x00]{{1,{MAX_METADATA_KEY}}}$"},
            "additionalProperties": {
                "anyOf": [
                    {"type": "string", "maxLength": MAX_METADATA_VALUE, "pattern": r"^[^\x00]*$"},
                    {"type": "boolean"},
                    {"type": "null"},
                ]
            },
        }
    ),
]
"""What a caller keeps with a thing; in a change, null or an empty text takes a key away."""

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _sensible(value: datetime) -> datetime:
    if not _FIRST <= value < _LAST:
        raise PydanticCustomError("instant_out_of_range", f"must be from {_FIRST.year} to {_LAST.year - 1}")
    return value


When = Annotated[Instant, AfterValidator(_sensible)]
"""An instant with an offset, near enough that every clock and database can reckon with it."""

Cursor = Annotated[str, Field(max_length=1000)]


class OfOneCode(Parameters):
    """A route about one access code."""

    access_code_id: UUID


class OfOneDevice(Parameters):
    """A route about one device."""

    device_id: UUID


class OfOneAccount(Parameters):
    """A route about one connected account."""

    connected_account_id: UUID


def changed_metadata(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a change over metadata."""
    merged = {**before, **change}
    return {key: value for key, value in merged.items() if value not in (None, "")}
