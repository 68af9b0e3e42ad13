"""When the database itself cannot serve, callers hear it as one error; everything else stays what it is.

`IntegrityError` is a fact about rows and belongs to the query that ran into it.  A mistake in a statement is a defect
and is not dressed up as an outage, which somebody would retry for ever.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_SQLITE_OUTAGES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


class StoreUnavailableError(Exception):
    """The database cannot be reached or cannot write: the operator must act, and a later retry may succeed.

    The message is one line that names the database without its password.
    """


class StoreVersionError(Exception):
    """The database was made by a newer Latchwork: the operator must run that one; a retry cannot help."""


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn an outage of the database at `url` into one clear line.

    Raises:
        StoreUnavailableError: the database refused, was locked for too long, is full or is no database.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise _unavailable(url, "every connection has been busy for too long") from error
    except DBAPIError as error:
        if not _is_outage(error):
            raise
        raise _unavailable(url, str(error.orig)) from error
    except sqlite3.Error as error:  # While a connection is made ready, SQLAlchemy wraps nothing.
        if not _is_sqlite_outage(error):
            raise
        raise _unavailable(url, str(error)) from error


def _is_outage(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return _is_sqlite_outage(error.orig)
    return isinstance(error, OperationalError | InterfaceError)


def _is_sqlite_outage(error: sqlite3.Error) -> bool:
    # The low byte is the primary code; the rest says more than we need.  Without one, the driver itself gave up.
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _SQLITE_OUTAGES


def _unavailable(url: URL, reason: str) -> StoreUnavailableError:
    words = " ".join(reason.split())
    if url.password:
        words = words.replace(str(url.password), "***")
    # A password may hide among the options too.
    address = url.set(query={}).render_as_string(hide_password=True)
    return StoreUnavailableError(f"the database {address} cannot be used: {words}")
