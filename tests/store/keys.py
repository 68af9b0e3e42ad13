"""Key rings for tests: ids count up, so that a test can name them."""

from datetime import UTC, datetime
from itertools import count

from store.keyring import KeyRing

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def new_ring() -> KeyRing:
    """A ring with the keys k1 (pin), k2 (index) and k3 (codec)."""
    numbers = count(1)
    return KeyRing.generate(lambda: f"k{next(numbers)}", NOW)
