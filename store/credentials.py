"""What an account signs in with, encrypted for that account alone."""

import json
from collections.abc import Mapping
from uuid import UUID

from store.keyring import KeyRing
from store.tables import ConnectedAccountRow


def _aad(account_id: UUID) -> bytes:
    return f"latchwork/credentials/{account_id}".encode()


def seal_credentials(keyring: KeyRing, account_id: UUID, credentials: Mapping[str, str]) -> bytes:
    """Encrypt credentials for the account's row."""
    return keyring.encrypt(json.dumps(dict(credentials)).encode(), _aad(account_id))


def open_credentials(keyring: KeyRing, account: ConnectedAccountRow) -> dict[str, str]:
    """Decrypt an account's credentials.

    Raises:
        KeyRingError: the key is missing, or the row was tampered with.
    """
    opened: dict[str, str] = json.loads(keyring.decrypt(account.credentials, _aad(account.id)))
    return opened
