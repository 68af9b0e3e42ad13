"""Passwords: which are taken, and how they are kept and compared.

argon2id with the library's own parameters (RFC 9106's second choice: 64 MiB).  One hash takes some tens of
milliseconds of a core and its memory, so they are made one at a time, beside the loop.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from pydantic import SecretStr

SHORTEST, LONGEST = 12, 200
"""In characters.  No rules about their kind: length is what protects."""

T = TypeVar("T")

_HASHER = PasswordHasher()
_ONE_AT_A_TIME = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$8YIsfUpWwEKvPlkL4kWu+A$yT2SY0/PyT+pxB0D06yZWaaoh3v4uHpz4e02FvMR4J0"
"""What is compared where there is no such user, so that the answer takes as long."""


class WeakPasswordError(Exception):
    """The password is too short or too long; the message says what is taken.  Its owner must choose another."""


def check(password: SecretStr) -> None:
    """Refuse what is no good as a password.

    Raises:
        WeakPasswordError: it is too short or too long.
    """
    if not SHORTEST <= len(password.get_secret_value()) <= LONGEST:
        raise WeakPasswordError(f"a password has {SHORTEST} to {LONGEST} characters")


async def hashed(password: SecretStr) -> str:
    """Give the hash to keep.

    Raises:
        WeakPasswordError: it is too short or too long.
    """
    check(password)
    return await _beside(lambda: _HASHER.hash(password.get_secret_value()))


async def matches(password: SecretStr, password_hash: str | None) -> bool:
    """Tell whether a password is the one that was kept; None takes as long and is never right."""
    right = await _beside(lambda: _compare(password.get_secret_value()[:LONGEST], password_hash or _NOBODYS))
    return right and password_hash is not None


async def _beside(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, work)


def _compare(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
