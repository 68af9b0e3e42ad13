"""The secrets that sign webhooks, encrypted for their endpoint alone."""

import base64
from uuid import UUID

from pydantic import SecretStr

from store.keyring import KeyRing

SECRET_BYTES = 32
"""What an HMAC with SHA-256 makes use of."""

_PREFIX = "whsec_"


def webhook_aad(webhook_id: UUID) -> bytes:
    """Give what binds a secret's cipher text to its endpoint."""
    return f"latchwork/webhook-secret/{webhook_id}".encode()


def new_secret(material: bytes) -> SecretStr:
    """Write `SECRET_BYTES` of randomness as receivers know secrets: `whsec_` and base64."""
    return SecretStr(_PREFIX + base64.b64encode(material).decode())


def seal_secret(keyring: KeyRing, webhook_id: UUID, secret: SecretStr) -> bytes:
    """Encrypt a secret for the endpoint's row."""
    return keyring.encrypt(secret.get_secret_value().encode(), webhook_aad(webhook_id))


def open_secret(keyring: KeyRing, webhook_id: UUID, sealed: bytes) -> SecretStr:
    """Decrypt a secret.

    Raises:
        KeyRingError: the key is missing, or the row was tampered with.
    """
    return SecretStr(keyring.decrypt(sealed, webhook_aad(webhook_id)).decode())
