"""What an API key may do.  A key has one workspace and any of these; nothing widens them."""

from enum import StrEnum


class Scope(StrEnum):
    """One right of an API key."""

    READ = "read"
    """Look at everything but digits."""
    WRITE = "write"
    """Create, change and delete."""
    PINS = "pins"
    """See digits."""
