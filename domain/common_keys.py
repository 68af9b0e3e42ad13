"""The keys under which codes share their digits, as far as Latchwork makes them up.

Who gave the digits to several locks at once never sees the key, and so cannot change those codes by it.
"""

_SHOWN = "auto_set_by_create_multiple_"
"""Seam's own: callers look for it."""

_HIDDEN = "given_to_create_multiple_"


def made_up_key(batch: str, *, digits_given: bool) -> str:
    """Make the key of a batch of codes."""
    return f"{_HIDDEN if digits_given else _SHOWN}{batch}"


def shown_key(key: str | None) -> str | None:
    """Give the key as callers see it; None for one that is hidden, or that is not there."""
    return None if key is None or key.startswith(_HIDDEN) else key
