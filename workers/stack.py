"""Where the running `up` of a data folder can be reached, so that other commands need no settings.

`up` holds a lock on `DIR/up.lock` while it lives and writes its addresses to `DIR/stack.json`.  The kernel drops the
lock with the process, however that ended, so addresses without a held lock are leftovers and nobody believes them.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from workers.errors import CommandError
from workers.settings import Settings

_LOCK = "up.lock"
_FILE = "stack.json"


class Stack(BaseModel):
    """What `up` says when it is ready; None marks a part that is not there."""

    model_config = ConfigDict(frozen=True)

    ready: bool = True
    api: str
    console: str | None = None
    temporal_ui: str
    temporal_address: str
    api_key: str | None = None
    locks: str | None = None


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Be the only `up` on this folder; the folder is made when it is missing.

    Raises:
        CommandError: another one runs on it, or the folder cannot be used.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CommandError(f"the data folder {folder} cannot be used: {error.strerror}") from None
    try:
        if not _lock(descriptor, fcntl.LOCK_EX):
            raise CommandError(f"`latchwork up` already runs on {folder}; stop it, or choose another --data folder")
        yield
    finally:
        os.close(descriptor)


def write_stack(folder: Path, stack: Stack) -> None:
    """Leave the addresses for other commands of the same owner; they are replaced in one step.

    The key is left out: it is shown to whoever started `up`, and to nobody who can only read the folder.
    """
    fresh = folder / f"{_FILE}.new"
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(stack.model_dump(exclude={"api_key"}), file)
    fresh.replace(folder / _FILE)


def forget_stack(folder: Path) -> None:
    """Take the addresses away."""
    (folder / _FILE).unlink(missing_ok=True)


def read_stack(folder: Path) -> Stack | None:
    """Give the addresses of the `up` that runs on this folder; None when none does."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _lock(descriptor, fcntl.LOCK_SH):
            return None
        return Stack.model_validate_json((folder / _FILE).read_text())
    except (OSError, ValidationError):
        return None
    finally:
        os.close(descriptor)


def located(settings: Settings) -> Settings:
    """Fill in where Temporal is from the running `up`, unless the environment says it."""
    if settings.temporal_address is not None:
        return settings
    stack = read_stack(settings.data)
    return settings if stack is None else settings.model_copy(update={"temporal_address": stack.temporal_address})


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
