"""Requests that are carried out once, however often they come.

Two kinds of repetition are known.  One names itself by an `Idempotency-Key`: it gets the first answer for a day, other
parameters under the same key are refused, and so is a repetition while the first is under way.  The other is a PUT or
DELETE that a client library sends again by itself: it gets the first answer for a minute, until something else is
asked of the same thing; while the first is under way it waits.

An answer is kept without digits; whoever sends it again fills them in.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from store import answers
from store.answers import Wanted
from store.database import Database
from store.errors import StoreUnavailableError

BUSY = timedelta(seconds=45)
"""How long a process may be at one request: an update of a workflow takes 30 s at most.  Then it must be dead."""
KEYED_LASTS = timedelta(hours=24)
UNKEYED_LASTS = timedelta(seconds=60)

_POLL_SECONDS = 0.1


class KeyReusedError(Exception):
    """The key came with other parameters before: the caller must choose another key."""


class UnderWayError(Exception):
    """The first request with this key is still being carried out: the caller may ask again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with."""

    status: int
    body: dict[str, Any]
    is_kept: bool = False
    """It was given before, and its digits are still to be filled in."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """How a request would be known again."""

    wanted: Wanted
    is_keyed: bool
    """It names itself by a key."""


Act = Callable[[UUID], Awaitable[Answer]]
"""Carries a request out; everything that it makes has ids derived from the argument."""


class AnswerService:
    """Carries requests out once.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def once(self, repetition: Repetition, act: Act, stripped: Callable[[Answer], dict[str, Any]]) -> Answer:
        """Carry a request out, or give the answer that its first sending got.

        `stripped` gives an answer's body as it may be kept.  What `act` raises is not kept: the next sending tries anew.

        Raises:
            KeyReusedError: the key belongs to a request with other parameters.
            UnderWayError: its first sending is not answered yet.
        """
        taken = await self._taken(repetition)
        if isinstance(taken, Answer):
            return taken
        try:
            answer = await act(taken)
        except BaseException:
            with suppress(StoreUnavailableError):
                async with self._database.write() as session:
                    await answers.let_go(session, repetition.wanted, taken, datetime.now(UTC))
            raise
        async with self._database.write() as session:
            await answers.fill_in(session, repetition.wanted, taken, answer.status, stripped(answer))
        return answer

    async def forget(self, api_key_id: UUID, key: str) -> None:
        """Drop what an unkeyed request was answered: something else was asked of the same thing."""
        async with self._database.write() as session:
            await answers.forget(session, api_key_id, key)

    async def _taken(self, repetition: Repetition) -> UUID | Answer:
        """Take the request, or give its answer."""
        deadline = time.monotonic() + BUSY.total_seconds()
        while True:
            found = await self._try_to_take(repetition)
            if found is not None:
                return found
            if repetition.is_keyed or time.monotonic() > deadline:
                raise UnderWayError
            await asyncio.sleep(_POLL_SECONDS)

    async def _try_to_take(self, repetition: Repetition) -> UUID | Answer | None:
        """Take the request, or give its answer; None while somebody else is at it."""
        wanted, mine, now = repetition.wanted, uuid4(), datetime.now(UTC)
        lasts = KEYED_LASTS if repetition.is_keyed else UNKEYED_LASTS
        async with self._database.write() as session:
            row = await answers.take(session, wanted, operation_id=mine, now=now, busy=BUSY, lasts=lasts)
            if row.operation_id == mine:
                return mine
            if row.fingerprint != wanted.fingerprint:
                if repetition.is_keyed:
                    raise KeyReusedError
                row.fingerprint, row.operation_id, row.status, row.body = wanted.fingerprint, mine, None, None
                row.busy_until, row.expires_at = now + BUSY, now + lasts
                return mine
            if row.status is not None:
                return Answer(row.status, row.body or {}, is_kept=True)
            if row.busy_until > now:
                return None
            row.busy_until = now + BUSY
            return row.operation_id
