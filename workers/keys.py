"""Where the key ring comes from: made once by `up` or `keyring make`, demanded by everything else.

A process that made keys of its own would write data that no other process can read, so only those two make them, only
where the data folder has none, and only while they hold the folder.
"""

import secrets
from datetime import UTC, datetime

from store.keyring import KeyRing, KeyRingError
from workers.errors import CommandError
from workers.settings import Settings

_MISSING = (
    "there are no keys: run `latchwork up` once, or `latchwork keyring make`, to make them in {path}, "
    "or set LATCHWORK_KEYRING_PATH (or LATCHWORK_KEYRING) to existing ones"
)


def load_keys(settings: Settings) -> KeyRing:
    """Give the key ring of the settings.

    Raises:
        CommandError: there is none, others can read it, or it is damaged.
    """
    path = settings.keyring_file
    try:
        if settings.keyring is not None:
            return KeyRing.from_json(settings.keyring.get_secret_value())
        if not path.exists():
            raise CommandError(_MISSING.format(path=path))
        return KeyRing.load(path)
    except KeyRingError as error:
        raise CommandError(str(error)) from None


def make_keys(settings: Settings) -> KeyRing:
    """Give the key ring of the settings; where neither text nor file exists, make one, readable by its owner alone.

    Only the one process that holds the data folder may call this.

    Raises:
        CommandError: the keys that exist cannot be used, or the new ones cannot be written.
    """
    if settings.keyring is not None or settings.keyring_file.exists():
        return load_keys(settings)
    ring = KeyRing.generate(new_key_id, datetime.now(UTC))
    try:
        ring.save(settings.keyring_file)
    except OSError as error:
        raise CommandError(f"the keys cannot be written to {settings.keyring_file}: {error.strerror}") from None
    return ring


def save_keys(settings: Settings, ring: KeyRing) -> None:
    """Write a changed ring back to its file.

    Raises:
        CommandError: the ring came from the environment, where it cannot be changed from here.
    """
    if settings.keyring is not None:
        raise CommandError("the keys are given by LATCHWORK_KEYRING; change them where that is set")
    try:
        ring.save(settings.keyring_file)
    except OSError as error:
        raise CommandError(f"the keys cannot be written to {settings.keyring_file}: {error.strerror}") from None


def new_key_id() -> str:
    """Make the id of a new key: a date for people and randomness against collisions."""
    return f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(4)}"
