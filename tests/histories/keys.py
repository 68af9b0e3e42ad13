"""The key ring of the recorded histories.  For tests only: it is public, and protects nothing.

It is kept so that histories recorded long ago can still be read.
"""

from pathlib import Path

from store.keyring import KeyRing

FOLDER = Path(__file__).parent
KEYS = FOLDER / "test-only-keyring.json"


def history_keys() -> KeyRing:
    """Read the ring; a checked-out file is readable by everybody, which is fine for this one alone."""
    return KeyRing.from_json(KEYS.read_text())
