"""The keys of a deployment, and all encryption of what is at rest or on its way.

One ring holds several keys for each purpose, and one of them is primary.  The primary encrypts; every key decrypts what
it once encrypted, so a key can be changed while old data still bears the old one.  No repr, listing or error shows key
material, plain text or digits.

A running process keeps the ring that it was started with: give every worker the new key before it becomes primary
(`add(..., primary=False)`, restart, `promote`), or let the others wait at `UnknownKeyError` until they are restarted.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from domain.sealed import SealedPin, pin_aad
from store.key_file import Key, KeyRingError, Purpose, check_ring, parse, read_private, render, write_private

__all__ = [
    "Encrypted",
    "KeyFacts",
    "KeyRing",
    "KeyRingError",
    "Purpose",
    "UndecryptableError",
    "UnknownKeyError",
    "pin_aad",
]

NONCE_BYTES = 12
"""What AES-GCM is defined for.  Random nonces are sound for 2^32 encryptions with one key (NIST SP 800-38D)."""

_FORMAT = 1
_KEY_BYTES = 32


class UnknownKeyError(KeyRingError):
    """The data was encrypted with a key that this ring lacks.

    An operator must bring the key back or restart the process with the current key file; until then a retry is vain.
    """

    def __init__(self, purpose: Purpose, key_id: str) -> None:
        super().__init__(f"no {purpose} key {key_id[:64]!r} in the key ring")
        self.key_id = key_id


class UndecryptableError(KeyRingError):
    """The data was changed, belongs to another code, or is no cipher text of ours.  A retry does not help."""


@dataclass(frozen=True)
class KeyFacts:
    """What may be told of a key."""

    key_id: str
    purpose: Purpose
    primary: bool
    created_at: datetime


@dataclass(frozen=True)
class Encrypted:
    """A cipher text (tag at its end) with what one needs to find its key."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


class KeyRing:
    """Keys by purpose.  A ring never changes: `add`, `promote` and `retire` return another one."""

    def __init__(self, keys: Iterable[Key]) -> None:
        """Take keys as they were read from a file.

        Raises:
            KeyRingError: ids repeat, or a purpose lacks its one primary key.
        """
        self._keys = check_ring(keys)

    def __repr__(self) -> str:
        ids = ", ".join(f"{facts.purpose}:{facts.key_id}{'*' if facts.primary else ''}" for facts in self.listing)
        return f"KeyRing({ids})"

    @classmethod
    def generate(cls, new_id: Callable[[], str], now: datetime) -> "KeyRing":
        """A new ring: one key for each purpose, from the operating system's randomness."""
        return cls(_new_key(purpose, new_id(), now, primary=True) for purpose in Purpose)

    @classmethod
    def from_json(cls, text: str) -> "KeyRing":
        """The ring in a key file's text, for deployments that pass it in the environment.

        Raises:
            KeyRingError: the text is no key ring.
        """
        return cls(parse(text))

    @classmethod
    def load(cls, path: Path) -> "KeyRing":
        """The ring in a file that only its owner can read.

        Raises:
            KeyRingError: there is no such file, others can read or write it, or it is no key ring.
        """
        return cls.from_json(read_private(path))

    def save(self, path: Path) -> None:
        """Write the ring to a file of mode 0600, whole or not at all."""
        write_private(path, render(self._keys))

    @property
    def listing(self) -> tuple[KeyFacts, ...]:
        """Every key without its material, in the order in which they were added."""
        return tuple(KeyFacts(key.id, key.purpose, key.primary, key.created_at) for key in self._keys)

    def add(self, purpose: Purpose, key_id: str, now: datetime, *, primary: bool | None = None) -> "KeyRing":
        """A ring with one more key; a primary one displaces the former primary, which still decrypts.

        By default the new key is primary, save an index key: indexes made with two keys cannot be compared, so that
        one becomes primary (`promote`) in the step that recomputes every stored index, `keyring reencrypt`.

        Raises:
            KeyRingError: the id is taken.
        """
        is_primary = purpose is not Purpose.INDEX if primary is None else primary
        others = [key.demoted() if is_primary and key.purpose is purpose else key for key in self._keys]
        return KeyRing([*others, _new_key(purpose, key_id, now, primary=is_primary)])

    def promote(self, key_id: str) -> "KeyRing":
        """A ring in which this key is its purpose's primary.

        Raises:
            KeyRingError: there is no such key.
        """
        chosen = self._named(key_id)
        others = [key.demoted() if key.purpose is chosen.purpose else key for key in self._keys]
        return KeyRing(key.promoted() if key.id == key_id else key for key in others)

    def retire(self, key_id: str) -> "KeyRing":
        """A ring without this key.  What still bears it becomes unreadable: re-encrypt first, and keep a codec key for
        as long as histories are kept.

        Raises:
            KeyRingError: there is no such key, or it is a primary.
        """
        chosen = self._named(key_id)
        if chosen.primary:
            raise KeyRingError(f"key {key_id!r} is the primary {chosen.purpose} key: promote another first")
        return KeyRing(key for key in self._keys if key is not chosen)

    def seal(self, purpose: Purpose, plaintext: bytes, aad: bytes) -> Encrypted:
        """Encrypt with the purpose's primary key and a fresh random nonce."""
        key = self._primary(purpose)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Encrypted(key.id, nonce, AESGCM(key.material).encrypt(nonce, plaintext, aad))

    def open(self, purpose: Purpose, encrypted: Encrypted, aad: bytes) -> bytes:
        """Decrypt with the key that the cipher text names.

        Raises:
            UnknownKeyError: the ring lacks that key.
            UndecryptableError: cipher text, nonce or `aad` are not those of the encryption.
        """
        key = next((key for key in self._keys if key.purpose is purpose and key.id == encrypted.key_id), None)
        if key is None:
            raise UnknownKeyError(purpose, encrypted.key_id)
        try:
            return AESGCM(key.material).decrypt(encrypted.nonce, encrypted.ciphertext, aad)
        except (InvalidTag, ValueError):
            # From None: what the cipher says adds nothing, and its frames hold the material.
            raise UndecryptableError("the data was changed or belongs to another code") from None

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt for the database with the PIN key: version byte, length of key id, key id, nonce, cipher text."""
        sealed = self.seal(Purpose.PIN, plaintext, aad)
        key_id = sealed.key_id.encode()
        return bytes([_FORMAT, len(key_id)]) + key_id + sealed.nonce + sealed.ciphertext

    def decrypt(self, blob: bytes, aad: bytes) -> bytes:
        """What `encrypt` was given.

        Raises:
            UnknownKeyError: the ring lacks the key.
            UndecryptableError: the data was changed, was cut, or `aad` is another.
        """
        if len(blob) < 2 or blob[0] != _FORMAT:
            raise UndecryptableError("the data is not in the key ring's format")
        nonce_at = 2 + blob[1]
        key_id = blob[2:nonce_at].decode("ascii", "replace")
        sealed = Encrypted(key_id, blob[nonce_at : nonce_at + NONCE_BYTES], blob[nonce_at + NONCE_BYTES :])
        return self.open(Purpose.PIN, sealed, aad)

    def key_id_of(self, blob: bytes) -> str:
        """The id of the key that encrypted `blob`, so that re-encryption can skip what is current."""
        return blob[2 : 2 + blob[1]].decode("ascii", "replace") if len(blob) > 1 else ""

    def primary_id(self, purpose: Purpose) -> str:
        """The id of the key that encrypts now."""
        return self._primary(purpose).id

    def seal_pin(self, pin: SecretStr, *, workspace_id: UUID | str, access_code_id: UUID | str) -> SealedPin:
        """Seal a PIN for one access code of one workspace."""
        aad = pin_aad(workspace_id, access_code_id)
        sealed = self.seal(Purpose.PIN, pin.get_secret_value().encode(), aad)
        return SealedPin(
            key_id=sealed.key_id,
            nonce=base64.b64encode(sealed.nonce).decode(),
            ciphertext=base64.b64encode(sealed.ciphertext).decode(),
        )

    def open_pin(self, sealed: SealedPin, *, workspace_id: UUID | str, access_code_id: UUID | str) -> SecretStr:
        """The PIN in a seal made by us or by a caller.  That it is digits is still to be checked.

        Raises:
            UnknownKeyError: the ring lacks the key.
            UndecryptableError: it was sealed for another code, changed, or is not text.
        """
        try:
            nonce = base64.b64decode(sealed.nonce, validate=True)
            ciphertext = base64.b64decode(sealed.ciphertext, validate=True)
        except binascii.Error:
            raise UndecryptableError("the sealed PIN is not valid base64") from None
        aad = pin_aad(workspace_id, access_code_id)
        plaintext = self.open(Purpose.PIN, Encrypted(sealed.key_id, nonce, ciphertext), aad)
        try:
            return SecretStr(plaintext.decode("ascii"))
        except UnicodeDecodeError:
            raise UndecryptableError("the sealed PIN is not text") from None

    def blind_index(self, device_id: UUID | str, pin: str, *, key_id: str | None = None) -> str:
        """HMAC-SHA256 of lock and PIN in hex: equal PINs on one lock can be found, and nobody without the key can try
        all PINs against it.

        `key_id` names an index key that is not primary yet, for re-encryption; None is the primary.

        Raises:
            UnknownKeyError: the ring lacks that index key.
        """
        candidates = (key for key in self._keys if key.purpose is Purpose.INDEX)
        key = next((key for key in candidates if (key.primary if key_id is None else key.id == key_id)), None)
        if key is None:
            raise UnknownKeyError(Purpose.INDEX, key_id or "primary")
        # The zero byte keeps lock and PIN apart: neither can hold one.
        return hmac.new(key.material, f"{device_id}\0{pin}".encode(), hashlib.sha256).hexdigest()

    def fingerprint(self, text: str, *, like: str | None = None) -> str:
        """Give `<key id>:<HMAC-SHA256>` under the index key: equal texts can be told, and nothing else.

        `like` is an earlier fingerprint whose key is to be used, so that the two can be compared.

        Raises:
            UnknownKeyError: the ring lacks the key of `like`.
        """
        key_id = self.primary_id(Purpose.INDEX) if like is None else like.partition(":")[0]
        return f"{key_id}:{self.blind_index('fingerprint', text, key_id=key_id)}"

    def _primary(self, purpose: Purpose) -> Key:
        return next(key for key in self._keys if key.purpose is purpose and key.primary)

    def _named(self, key_id: str) -> Key:
        chosen = next((key for key in self._keys if key.id == key_id), None)
        if chosen is None:
            raise KeyRingError(f"no key {key_id[:64]!r} in the key ring")
        return chosen


def _new_key(purpose: Purpose, key_id: str, now: datetime, *, primary: bool) -> Key:
    return Key.of(key_id=key_id, purpose=purpose, material=os.urandom(_KEY_BYTES), created_at=now, primary=primary)
