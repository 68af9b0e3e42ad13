"""The story of the demo: codes live their lives side by side, each act on a lock of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx

from api.errors import TemporalUnavailableError
from domain.problems import ProblemCode
from domain.refusals import RefusedError
from store import devices
from store.accounts import DEFAULT_WORKSPACE_ID
from store.errors import StoreUnavailableError
from workers.demo_backup import BACKED_UP_LASTS, BACKED_UP_POLICY, backed_up
from workers.demo_guest import Cast, Guest, StepError
from workers.demo_parts import Door

LASTS = timedelta(seconds=12)
OFFLINE_LASTS = timedelta(seconds=18)
"""Longer: the warning and the coming back take their time."""
DELAY_AFTER_SECONDS = 4
"""When the warning is due in the demo, instead of after a minute."""
RETRY_CAP_SECONDS = 3
"""How long the demo's offline lock waits for the next attempt at most, instead of a minute."""


async def whole_life(guest: Guest) -> None:
    """A plain stay: shut before, open in time, gone after."""
    await guest.register()
    await guest.stays_shut()
    await guest.gets_in()
    await guest.leaves()


async def lost_reply(guest: Guest) -> None:
    """The lock carries the order out, and its answer never arrives."""
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
    """The lock is away when the code begins, and comes back."""
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
    """Play both parts of the story side by side, so that nobody waits a minute: three guests' own codes, and a backup."""
    await asyncio.gather(
        _play(cast, whole_life, "Front Door", LASTS),
        _play(cast, lost_reply, "Garden Gate", LASTS),
        _play(cast, offline, "Lake House", OFFLINE_LASTS, delay_after=DELAY_AFTER_SECONDS, retry_cap=RETRY_CAP_SECONDS),
        _play(cast, backed_up, "Loft", BACKED_UP_LASTS, **BACKED_UP_POLICY),
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
