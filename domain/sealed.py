"""A PIN that travels encrypted: what a caller puts into a workflow's input instead of digits.

The form is made to be written in a few lines of any language.  It is AES-256-GCM under one of the deployment's PIN
keys, a fresh 12-byte nonce, the PIN's ASCII digits as plain text, and `pin_aad` as additional data: so it opens for the
one code that it was sealed for.  `ciphertext` is what most libraries return, the 16-byte tag at its end.

    {"key_id": "...", "nonce": "<base64>", "ciphertext": "<base64>"}

This module knows no keys; sealing and opening are the key ring's.
"""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

_BASE64 = r"^[A-Za-z0-9+/]+={0,2}$"

KEY_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""What the id of a key may be: 64 characters at most, because they travel with everything the key encrypts."""


class SealedPin(BaseModel):
    """An encrypted PIN.  Neither its text nor an error about it shows more than the key's id."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key_id: str = Field(pattern=KEY_ID_PATTERN)
    nonce: Annotated[str, Field(pattern=_BASE64, min_length=16, max_length=16, repr=False)]
    """12 bytes in base64."""
    ciphertext: Annotated[str, Field(pattern=_BASE64, min_length=24, max_length=64, repr=False)]
    """Digits and tag in base64, 48 bytes at most."""


def pin_aad(workspace_id: UUID | str, access_code_id: UUID | str) -> bytes:
    """What binds an encrypted PIN to its code: `latchwork/pin/<workspace id>/<access code id>` in ASCII.

    Ids in their usual text form, UUIDs in lower case with hyphens.
    """
    return f"latchwork/pin/{workspace_id}/{access_code_id}".encode()
