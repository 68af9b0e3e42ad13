"""What may go wrong in an expected way at the command line, told in one line that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


class CommandError(Exception):
    """The operator must act as the message says; it is printed alone, without a traceback, and the exit code is 1."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what may fail in an expected way below into the one line that the command prints.

    Raises:
        CommandError: with the line.
    """
    try:
        yield
    except Exception as error:
        if _is_expected(error):
            raise CommandError(str(error)) from None
        raise


def _is_expected(error: Exception) -> bool:
    # Imported only for an error: the database's modules would hold up the start of everything else.
    from api.errors import SyncFailedError, TemporalUnavailableError
    from store.errors import StoreUnavailableError, StoreVersionError
    from store.key_file import KeyRingError

    expected = (SyncFailedError, TemporalUnavailableError, StoreUnavailableError, StoreVersionError, KeyRingError)
    return isinstance(error, expected)
