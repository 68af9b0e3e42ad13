"""Statements that find a few rows by a key: SQLite answers them in less time than the way to its thread and back takes.

Marked here, they run where they are asked for (`store/sqlite_driver.py`).  What scans or sorts is not marked: it goes to
the thread, and everybody else goes on meanwhile.
"""

from typing import Any, TypeVar

from sqlalchemy import Executable

S = TypeVar("S", bound=Executable)

_MARK = "at_once"


def at_once(statement: S) -> S:
    """Mark a statement.  On PostgreSQL it makes no difference."""
    return statement.execution_options(**{_MARK: True})


def is_at_once(execution_options: Any) -> bool:
    """Tell whether a statement was marked, by the options with which it is executed."""
    return bool(execution_options.get(_MARK))
