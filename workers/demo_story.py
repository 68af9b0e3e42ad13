"""The story of the demo: three codes live their lives, and every step is read back where it counts.

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
from api.errors import TemporalUnavailableError
from domain.access_code import Status
from domain.lifecycle import status
from domain.problems import ProblemCode
from domain.refusals import RefusedError
from domain.requests import CodeRequest
from store import devices
from store.accounts import DEFAULT_WORKSPACE_ID
from store.codes import StoredCode
from store.database import Database
from store.errors import StoreUnavailableError
from store.keyring import KeyRing
from store.tables import DeviceRow
from workers.demo_parts import Door, wall
from workers.demo_telling import HIDDEN, Teller

STARTS_IN = timedelta(seconds=3)
LASTS = timedelta(seconds=12)
OFFLINE_LASTS = timedelta(seconds=18)
"""Longer: the warning and the coming back take their time."""
DELAY_AFTER_SECONDS = 4
"""When the warning is due in the demo, instead of after a minute."""
RETRY_CAP_SECONDS = 3
"""How long the demo's offline lock waits for the next attempt at most, instead of a minute."""
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
        self.scene = device.name
        self.id: UUID = uuid4()
        self._device = device
        self._lasts = lasts
        self._pin = SecretStr("")
        self.starts_at = self.ends_at = wall()

    async def register(self) -> None:
        """Have the code registered; it begins in a moment."""
        self.starts_at = wall().replace(microsecond=0) + STARTS_IN + timedelta(seconds=1)
        self.ends_at = self.starts_at + self._lasts
        request = CodeRequest(
            device_id=self._device.id, name="Demo guest", starts_at=self.starts_at, ends_at=self.ends_at
        )
        await self.cast.service.create(request, access_code_id=self.id, pin=None)
        self._pin = await self.cast.service.reveal(self.id, self.cast.keyring)
        window = f"{self.starts_at.astimezone():%H:%M:%S} to {self.ends_at.astimezone():%H:%M:%S}"
        self.cast.teller.prove(self.scene, f"a code {HIDDEN} is registered, from {window} (id {self.id})")

    async def stays_shut(self) -> None:
        """See that the door does not open before the code's time."""
        self.cast.teller.wait(self.scene, "trying the door before the time")
        tried = 0
        while wall() < self.starts_at:
            opens = await self.door.opens(self._pin)
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
        self.cast.teller.wait(self.scene, f"its end at {self.ends_at.astimezone():%H:%M:%S}")
        # The engine decides by the wall clock, and that may be set meanwhile; the deadlines below are judged by it.
        await asyncio.sleep(max(0.0, (self.ends_at - wall()).total_seconds()))
        await self.until("the door does not open any more", self._open, by=by, since=self.ends_at)
        await self.until("no code is left on the lock", self._left, by=by)
        await self.until("Latchwork has proven it gone", self._not_closed, by=by, asked="asked in the store")
        self.cast.teller.wait(self.scene, None)

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
        return None if await self.door.opens(self._pin) else "it stays shut"

    async def _open(self) -> str | None:
        return "it still opens" if await self.door.opens(self._pin) else None

    async def _left(self) -> str | None:
        count = await self.door.codes()
        return f"{count} on it" if count else None

    async def _unset(self) -> str | None:
        known = status((await self.stored()).code, wall())
        return None if known is Status.SET else f"status {known}"

    async def _not_closed(self) -> str | None:
        code = (await self.stored()).code
        return None if code.closed else f"status {status(code, wall())}"


async def whole_life(guest: Guest) -> None:
    """Act 1: shut before, open in time, gone after."""
    await guest.register()
    await guest.stays_shut()
    await guest.gets_in()
    await guest.leaves()


async def lost_reply(guest: Guest) -> None:
    """Act 2: the lock carries the order out, and its answer never arrives."""
    await guest.door.disturb(kind="lost_reply", on="program", count=1)
    guest.cast.teller.note(guest.scene, "the answer to the next write on this lock will be lost")
    await guest.register()
    await guest.stays_shut()
    await guest.gets_in()

    async def not_exactly_one() -> str | None:
        count, writes = await guest.door.codes(), await guest.door.calls("program")
        lost = sum(write["fault"] == "lost_reply" for write in writes)
        fine = (count, len(writes), lost) == (1, 1, 1)
        return None if fine else f"{count} codes after {len(writes)} writes, {lost} answers lost"

    expected = "the answer was lost, and yet there was one write and is one code"
    await guest.until(expected, not_exactly_one, by=guest.ends_at)
    await guest.leaves()


async def offline(guest: Guest) -> None:
    """Act 3: the lock is away when the code begins, and comes back."""
    await guest.door.disturb(kind="offline")
    guest.cast.teller.note(
        guest.scene,
        f"this lock is offline from now on; it warns after {DELAY_AFTER_SECONDS} s instead of a minute and is tried "
        f"every {RETRY_CAP_SECONDS} s at the latest (durations of its own)",
    )
    await guest.register()
    await guest.stays_shut()

    async def warnings() -> set[ProblemCode]:
        return {problem.code for problem in (await guest.stored()).code.problems}

    async def no_warning() -> str | None:
        shown = await warnings()
        return None if ProblemCode.DELAY_IN_SETTING in shown else f"problems: {', '.join(shown) or 'none'}"

    async def not_healed() -> str | None:
        return ", ".join(await warnings()) or None

    asked, by = "asked in the store", guest.ends_at
    expected = f"the warning {ProblemCode.DELAY_IN_SETTING} is shown"
    await guest.until(expected, no_warning, by=by, since=guest.starts_at, asked=asked)
    await guest.door.heal()
    guest.cast.teller.note(guest.scene, "the lock is back")
    await guest.gets_in()
    await guest.until("all warnings are gone by themselves", not_healed, by=by, asked=asked)
    await guest.leaves()


async def play_all(cast: Cast) -> None:
    """Play the three acts side by side, so that nobody waits a minute."""
    await asyncio.gather(
        _play(cast, whole_life, "Front Door", LASTS),
        _play(cast, lost_reply, "Garden Gate", LASTS),
        _play(cast, offline, "Lake House", OFFLINE_LASTS, delay_after=DELAY_AFTER_SECONDS, retry_cap=RETRY_CAP_SECONDS),
    )


async def _play(
    cast: Cast, act: Callable[[Guest], Awaitable[None]], lock: str, lasts: timedelta, **policy: float
) -> None:
    """Play one act to its end, or to the step that failed; `policy` are durations of the lock's own, in seconds."""
    try:
        async with cast.database.write() as session:
            device = await devices.find_device(session, DEFAULT_WORKSPACE_ID, lock)
            if device is None:
                cast.teller.fail(lock, "a lock of this name", "none")
                return
            await devices.set_policy(session, device.id, policy)
        await act(Guest(cast, Door(cast.http, device.lock_id), device, lasts=lasts))
    except StepError:
        return
    except (httpx.HTTPError, RefusedError, StoreUnavailableError, TemporalUnavailableError) as error:
        cast.teller.fail(lock, "every part answers", f"{type(error).__name__}: {error}")
