"""A lock as pages show it: its state in words, what it can do, and how full it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from api.slots import SlotCalendar
from console.locks_known import Lock, lock_of
from console.moments import day as day_name
from console.words import Label, Tone, problem_label
from domain.devices import DeviceFacts
from store.device_lists import Located
from store.devices import facts_of

LOW_BATTERY = 0.2
ONLINE, OFFLINE = Label("Online", Tone.GOOD), Label("Offline", Tone.BAD)
UNREADABLE = Label("Account disconnected", Tone.BAD, "The vendor refuses the account's credentials.")
UNMANAGED = Label("Not managed", Tone.QUIET, "No new codes are put on it.")
ABILITIES = {
    "can_program_online_access_codes": "take codes",
    "can_update_in_place": "change codes in place",
    "has_native_scheduling": "keep windows by itself",
    "masks_codes": "hide digits when read",
    "can_remotely_lock": "lock from afar",
    "can_remotely_unlock": "unlock from afar",
    "supports_backup_access_code_pool": "keep backup codes",
    "webhooks_from_lock": "tell by itself what is on it",
}


@dataclass(frozen=True, slots=True)
class LockView:
    """One lock as the list shows it."""

    lock: Lock
    model: str
    labels: Sequence[Label]
    battery: str | None
    battery_is_low: bool
    held: int
    room: int | None
    """None: the vendor does not tell."""
    has_pool: bool
    account: str


def lock_view(located: Located, held: int, *, has_pool: bool) -> LockView:
    """Give a lock as pages show it; `held` is how many places are held on it."""
    device, account = located
    facts, lock = facts_of(device), lock_of(located)
    standing = UNREADABLE if not lock.is_readable else ONLINE if lock.is_online else OFFLINE
    own = [problem_label(problem) for problem in lock.problems]
    others = [label for label in own if label.text not in ("Account disconnected", "Lock offline")]
    level = facts.battery_level
    return LockView(
        lock=lock,
        model=" ".join(part for part in (facts.manufacturer, facts.model) if part) or account.provider,
        labels=[standing, *([] if lock.is_managed else [UNMANAGED]), *others],
        battery=None if level is None else f"{level:.0%}",
        battery_is_low=level is not None and level <= LOW_BATTERY,
        held=held,
        room=facts.max_active_codes_supported,
        has_pool=has_pool,
        account=account.nickname or account.name,
    )


@dataclass(frozen=True, slots=True)
class DaySlots:
    """The slots of a lock on one of the days to come."""

    day: str
    used: int
    free: int | None
    """Negative: so many guests are without; None: the lock names no capacity."""


def slots(calendar: SlotCalendar, now: datetime) -> Sequence[DaySlots]:
    """Give a lock's slots, day by day in its own time zone."""
    zone = ZoneInfo(calendar.time_zone)
    midnights = [datetime.combine(one.day, time(), zone) for one in calendar.days]
    return [
        DaySlots(day_name(at, zone, now), one.used, one.free) for at, one in zip(midnights, calendar.days, strict=True)
    ]


def abilities(facts: DeviceFacts) -> Sequence[str]:
    """Say what a lock can do."""
    return [text for name, text in ABILITIES.items() if getattr(facts.capabilities, name)]


def lengths(facts: DeviceFacts) -> str:
    """Say how many digits a lock's codes have."""
    known = sorted(facts.supported_code_lengths)
    if len(known) > 1 and known == list(range(known[0], known[-1] + 1)):
        return f"{known[0]} to {known[-1]}"
    return ", ".join(map(str, known))
