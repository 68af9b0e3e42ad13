"""Keys as they lie in a file: one JSON document that only its owner can read.

    {"version": 1, "keys": [{"id", "purpose", "material": "<base64 of 32 bytes>", "created_at", "primary"}, ...]}

This module reads and writes that form and refuses a ring that is not whole.  It encrypts nothing.
"""

import base64
import os
import stat
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, ValidationError, field_validator

from domain.sealed import KEY_ID_PATTERN

_OWNER_ONLY = 0o600
_OTHERS = 0o077
_MATERIAL_BYTES = 32


class KeyRingError(Exception):
    """Something is wrong with the keys.  An operator must act; the message is one line and shows no material."""


class Purpose(StrEnum):
    """What a key is for; no key serves two purposes."""

    PIN = "pin"
    """AES-256-GCM: PINs and vendors' credentials at rest, and PINs that callers seal."""
    INDEX = "index"
    """HMAC-SHA256: the blind index by which equal PINs on one lock are found."""
    CODEC = "codec"
    """AES-256-GCM: payloads in Temporal's histories."""


class Key(BaseModel):
    """One key with its material; nothing shows the material but the file itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(pattern=KEY_ID_PATTERN)
    purpose: Purpose
    material: Base64Bytes = Field(repr=False)
    created_at: AwareDatetime
    primary: bool

    @field_validator("material")
    @classmethod
    def _has_full_length(cls, material: bytes) -> bytes:
        if len(material) != _MATERIAL_BYTES:
            raise ValueError(f"key material is {_MATERIAL_BYTES} bytes")
        return material

    @classmethod
    def of(cls, *, key_id: str, purpose: Purpose, material: bytes, created_at: datetime, primary: bool) -> "Key":
        """A key from raw material.

        Raises:
            KeyRingError: the id has characters that a key's id may not have, or the instant no offset.
        """
        try:
            return cls(
                id=key_id,
                purpose=purpose,
                material=base64.b64encode(material),
                created_at=created_at,
                primary=primary,
            )
        except ValidationError as error:
            raise KeyRingError(f"not a key: {_places(error)}") from None

    def promoted(self) -> "Key":
        return self.model_copy(update={"primary": True})

    def demoted(self) -> "Key":
        return self.model_copy(update={"primary": False})


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    version: Literal[1] = 1
    keys: tuple[Key, ...]


def check_ring(keys: Iterable[Key]) -> tuple[Key, ...]:
    """The same keys, if they make a ring: ids differ and every purpose has exactly one primary key.

    Raises:
        KeyRingError: they do not.
    """
    ring = tuple(keys)
    if len({key.id for key in ring}) < len(ring):
        raise KeyRingError("two keys of the ring have the same id")
    primaries = Counter(key.purpose for key in ring if key.primary)
    for purpose in Purpose:
        if primaries[purpose] != 1:
            raise KeyRingError(f"the ring needs exactly one primary {purpose} key, it has {primaries[purpose]}")
    return ring


def parse(text: str) -> tuple[Key, ...]:
    """The keys in a file's text.

    Raises:
        KeyRingError: the text is no key file; the message names the places, not what stands there.
    """
    try:
        return _File.model_validate_json(text).keys
    except ValidationError as error:
        raise KeyRingError(f"not a key ring: {_places(error)}") from None


def render(keys: Iterable[Key]) -> str:
    """The file's text, key material included."""
    return _File(keys=tuple(keys)).model_dump_json(indent=2) + "\n"


def read_private(path: Path) -> str:
    """The text of a file that nobody but its owner can read or write.

    Raises:
        KeyRingError: the file is missing, unreadable, or open to others.
    """
    try:
        with path.open(encoding="utf-8") as file:
            # Of the opened file, not of the path: it cannot be exchanged between the question and the reading.
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
                raise KeyRingError(f"the key file {path} is open to other users: chmod 600 it, then change its keys")
            return file.read()
    except FileNotFoundError:
        raise KeyRingError(f"there is no key file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyRingError(f"the key file {path} cannot be read ({type(error).__name__})") from None


def write_private(path: Path, text: str) -> None:
    """Replace a file by one of mode 0600, in one step: a crash leaves the old file or the new one, never a half."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _places(error: ValidationError) -> str:
    """Where and what kind, never the input: it may be key material."""
    return "; ".join(
        f"{'.'.join(map(str, e['loc'])) or 'text'}: {e['type']}" for e in error.errors(include_input=False)
    )
