"""What of guests and messages is encrypted: contacts, channels' URLs, and the texts that were sent.

Each is bound to its own row, so that none can be read from another's.
"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, SecretStr

from domain.guests import Guest
from domain.message_text import Template
from store.guest_tables import GuestRow, MessageChannelRow, MessageRow
from store.keyring import KeyRing


class Letter(BaseModel):
    """What was written to whom; digits are a placeholder."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    address: str
    text: Template


def guest_aad(guest_id: UUID) -> bytes:
    """Give what binds a contact's cipher text to its guest."""
    return f"latchwork/guest/{guest_id}".encode()


def channel_aad(channel_id: UUID) -> bytes:
    """Give what binds a URL's cipher text to its channel."""
    return f"latchwork/message-channel/{channel_id}".encode()


def message_aad(message_id: UUID) -> bytes:
    """Give what binds a text's cipher text to its message."""
    return f"latchwork/message/{message_id}".encode()


def seal_guest(keyring: KeyRing, guest_id: UUID, guest: Guest) -> bytes:
    """Encrypt a contact for its row."""
    return keyring.encrypt(guest.model_dump_json(exclude_none=True).encode(), guest_aad(guest_id))


def open_guest(keyring: KeyRing, row: GuestRow) -> Guest | None:
    """Decrypt a contact; None for a guest who was forgotten.

    Raises:
        KeyRingError: the key is missing, or the row was tampered with.
    """
    return None if row.sealed is None else Guest.model_validate_json(keyring.decrypt(row.sealed, guest_aad(row.id)))


def seal_url(keyring: KeyRing, channel_id: UUID, url: SecretStr) -> bytes:
    """Encrypt a channel's URL for its row."""
    return keyring.encrypt(url.get_secret_value().encode(), channel_aad(channel_id))


def open_url(keyring: KeyRing, row: MessageChannelRow) -> SecretStr:
    """Decrypt a channel's URL.

    Raises:
        KeyRingError: the key is missing, or the row was tampered with.
    """
    return SecretStr(keyring.decrypt(row.url, channel_aad(row.id)).decode())


def seal_letter(keyring: KeyRing, message_id: UUID, letter: Letter) -> bytes:
    """Encrypt what was written for its message's row."""
    return keyring.encrypt(letter.model_dump_json().encode(), message_aad(message_id))


def open_letter(keyring: KeyRing, row: MessageRow) -> Letter | None:
    """Decrypt what was written; None where nothing was, or the guest was forgotten.

    Raises:
        KeyRingError: the key is missing, or the row was tampered with.
    """
    if row.sealed is None:
        return None
    return Letter.model_validate_json(keyring.decrypt(row.sealed, message_aad(row.id)))
