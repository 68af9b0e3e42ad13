"""Temporal's failures as callers can act upon them."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError

from api.errors import TemporalUnavailableError


@contextmanager
def translated() -> Iterator[None]:
    """Turn a refusal of Temporal's into one that says to repeat.

    Raises:
        TemporalUnavailableError: Temporal does not take what the block asked of it.
    """
    try:
        yield
    except RPCError as error:
        raise TemporalUnavailableError(f"Temporal cannot take this now: {error.message}") from None
