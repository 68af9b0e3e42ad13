"""What every act of the demo has: one guest with a code, a door to try, and steps that are read back where it counts.

What a door does is asked at the lock; what Latchwork knows is asked of its store.  Every wait is for a condition, with
a deadline: a step that does not come in time is told with what was expected and what was seen, and its act ends there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr

from api.access_codes import AccessCodeService
from api.devices import DeviceService
from domain.access_code import Status
from domain.lifecycle import status
from domain.requests import CodeRequest
from store.codes import StoredCode
from store.database import Database
from store.keyring import KeyRing
from store.tables import DeviceRow
from workers.demo_parts import Door, wall
from workers.demo_telling import HIDDEN, Teller

STARTS_IN = timedelta(seconds=3)
GONE_WITHIN = timedelta(seconds=20)
"""How long after its end a code may take to be proven gone, on a machine that is busy with other things."""

_POLL_SECONDS = 0.1

Look = Callable[[], Awaitable[str | None]]
"""Tells what is seen instead of what is expected; None: it is as expected."""


class StepError(Exception):
    """A step was not read back; it has been told already."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: the service as any backend has it, the keys to try digits at a door, and the teller."""

    service: AccessCodeService
    devices: DeviceService
    database: Database
    keyring: KeyRing
    http: httpx.AsyncClient
    """Leads to the lock cloud's control side."""
    teller: Teller


class Guest:
    """One code in one act: its lock, its digits, and the steps that every act has."""

    def __init__(self, cast: Cast, door: Door, device: DeviceRow, *, lasts: timedelta) -> None:
        self.cast = cast
        self.door = door
        self.device = device
        self.scene = device.name
        self.id: UUID = uuid4()
        self.pin = SecretStr("")
        self._lasts = lasts
        self.starts_at = self.ends_at = wall()

    async def register(self) -> None:
        """Have the code registered; it begins in a moment."""
        self.starts_at = wall().replace(microsecond=0) + STARTS_IN + timedelta(seconds=1)
        self.ends_at = self.starts_at + self._lasts
        request = CodeRequest(
            device_id=self.device.id, name="Demo guest", starts_at=self.starts_at, ends_at=self.ends_at
        )
        await self.cast.service.create(request, access_code_id=self.id, pin=None)
        self.pin = await self.cast.service.reveal(self.id, self.cast.keyring)
        window = f"{self.starts_at.astimezone():%H:%M:%S} to {self.ends_at.astimezone():%H:%M:%S}"
        self.cast.teller.prove(self.scene, f"a code {HIDDEN} is registered, from {window} (id {self.id})")

    async def stays_shut(self) -> None:
        """See that the door does not open before the code's time."""
        self.cast.teller.wait(self.scene, "trying the door before the time")
        tried = 0
        while wall() < self.starts_at:
            opens = await self.door.opens(self.pin)
            if opens and wall() < self.starts_at:
                self.broken("the door stays shut before the time", "it opened")
            tried += 1
            await asyncio.sleep(_POLL_SECONDS)
        self.cast.teller.prove(self.scene, f"before the time the door stayed shut (tried {tried} times at the lock)")

    async def gets_in(self) -> None:
        """See that the door opens in time, and that Latchwork knows it."""
        await self.until("the door opens with the guest's code", self._shut, by=self.ends_at, since=self.starts_at)
        expected = "Latchwork read it back: the code is set"
        await self.until(expected, self._unset, by=self.ends_at, asked="asked in the store")

    async def leaves(self) -> None:
        """See that the code is gone after its end, and that Latchwork has proven it."""
        by = self.ends_at + GONE_WITHIN
        await self.waits_for_its_end()
        await self.until("the door does not open any more", self.still_open, by=by, since=self.ends_at)
        await self.until("no code is left on the lock", self._left, by=by)
        await self.until("Latchwork has proven it gone", self._not_closed, by=by, asked="asked in the store")
        self.cast.teller.wait(self.scene, None)

    async def waits_for_its_end(self) -> None:
        """Wait until the code's time is over."""
        self.cast.teller.wait(self.scene, f"its end at {self.ends_at.astimezone():%H:%M:%S}")
        # The engine decides by the wall clock, and that may be set meanwhile; the deadlines afterwards are judged by it.
        await asyncio.sleep(max(0.0, (self.ends_at - wall()).total_seconds()))

    async def until(
        self,
        expected: str,
        look: Look,
        *,
        by: datetime,
        since: datetime | None = None,
        asked: str = "asked at the lock",
    ) -> None:
        """Wait until it is as expected and tell it; `since` tells how long after that instant it was, too.

        Raises:
            StepError: it was not in time.
        """
        self.cast.teller.wait(self.scene, expected)
        while (seen := await look()) is not None:
            if wall() > by:
                self.broken(expected, seen)
            await asyncio.sleep(_POLL_SECONDS)
        late = "" if since is None else f", {(wall() - since).total_seconds():.1f} s after the time"
        self.cast.teller.prove(self.scene, f"{expected} ({asked}{late})")

    def broken(self, expected: str, seen: str) -> None:
        """Tell that a step failed.

        Raises:
            StepError: always.
        """
        self.cast.teller.fail(self.scene, expected, seen)
        self.cast.teller.wait(self.scene, None)
        raise StepError

    async def stored(self) -> StoredCode:
        """Give what Latchwork knows of the code."""
        return await self.cast.service.get(self.id)

    async def _shut(self) -> str | None:
        return None if await self.door.opens(self.pin) else "it stays shut"

    async def still_open(self) -> str | None:
        """Look whether the door does not open with the code."""
        return "it still opens" if await self.door.opens(self.pin) else None

    async def _left(self) -> str | None:
        count = await self.door.codes()
        return f"{count} on it" if count else None

    async def _unset(self) -> str | None:
        known = status((await self.stored()).code, wall())
        return None if known is Status.SET else f"status {known}"

    async def _not_closed(self) -> str | None:
        code = (await self.stored()).code
        return None if code.closed else f"status {status(code, wall())}"
