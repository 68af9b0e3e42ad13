"""The locks: whether they answer, what they can do, how full they are, and what they are used for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from console.code_views import view
from console.locks_known import Lock, lock_of
from console.moments import day as day_name
from console.table import Page, Redirect, Visit
from console.words import Label, Tone, problem_label
from domain.audit import AuditAction
from domain.devices import DeviceFacts
from domain.local_times import zone_of
from domain.refusals import RefusedError
from domain.requests import DeviceChange
from domain.roles import Role
from store.code_table import TableFilter
from store.device_lists import DeviceFilter, Located
from store.devices import facts_of
from store.lock_use import places_held, stays_between
from store.pages import Page as Rows

MOST_LOCKS, MOST_STAYS = 1000, 50
DAYS_AHEAD = 7
LOW_BATTERY = 0.2
LONGEST_NAME = 200
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


@dataclass(frozen=True, slots=True)
class DayUse:
    """How many places are held on one of the days to come."""

    day: str
    held: int
    is_full: bool


async def page(visit: Visit) -> Page:
    """List the locks and the accounts that they come with."""
    mark, services = await visit.live.mark(), visit.services
    search = visit.query.get("search", "").strip()[:100]
    wanted = DeviceFilter(search=search or None)
    found = (await services.devices.page(visit.workspace_id, wanted, Rows(MOST_LOCKS)))[:MOST_LOCKS]
    ids = [device.id for device, _ in found]
    pooled = await services.devices.pooled(ids)
    async with services.database.read() as session:
        held = await places_held(session, ids)
    shown = [_view(one, held.get(one[0].id, 0), has_pool=one[0].id in pooled) for one in found]
    told: dict[str, Any] = {
        "mark": mark,
        "search": search,
        "locks": sorted(shown, key=lambda one: (one.lock.name.casefold(), str(one.lock.id))),
        "accounts": await services.accounts.of_workspace(visit.workspace_id),
        "may_connect": visit.user.may(Role.ADMIN) and bool(visit.settings.drivers),
    }
    return Page("locks.html", told)


async def lock(visit: Visit) -> Page:
    """Show one lock."""
    return await _lock_page(visit, {})


async def rename(visit: Visit) -> Page | Redirect:
    """Give a lock another name here; none goes back to its vendor's."""
    device_id, name = visit.id("device_id"), visit.filled("name") or ""
    if len(name) > LONGEST_NAME:
        return await _lock_page(visit, {"name": f"A name has at most {LONGEST_NAME} characters."})
    await visit.services.devices.describe(visit.workspace_id, device_id, nickname=name, metadata=None)
    await visit.services.audit.note(visit.user, AuditAction.LOCK_RENAMED, device_id=device_id)
    return Redirect(f"/console/locks/{device_id}")


async def switch_pool(visit: Visit) -> Page | Redirect:
    """Have the lock keep backup codes ready, or no more."""
    device_id, enabled = visit.id("device_id"), visit.filled("enabled") == "yes"
    change = DeviceChange(device_id=device_id, workspace_id=visit.workspace_id, backup_access_code_pool_enabled=enabled)
    try:
        await visit.services.devices.update(change)
    except RefusedError as error:
        return await _lock_page(visit, {"pool": error.refusal.message})
    await visit.services.audit.note(visit.user, AuditAction.POOL_SWITCHED, device_id=device_id)
    return Redirect(f"/console/locks/{device_id}")


async def _lock_page(visit: Visit, refusals: dict[str, str]) -> Page:
    mark, services, now = await visit.live.mark(), visit.services, visit.now
    located = await services.devices.get(visit.workspace_id, DeviceFilter(ids=[visit.id("device_id")]))
    device = located[0]
    facts = facts_of(device)
    pools = await services.devices.pools(visit.workspace_id, device.id)
    wanted = TableFilter(device_id=device.id, is_over=False)
    stays = await services.codes.page(visit.workspace_id, wanted, Rows(MOST_STAYS))
    async with services.database.read() as session:
        held = await places_held(session, [device.id])
        ahead = await stays_between(session, device.id, now, now + timedelta(days=DAYS_AHEAD))
    views = sorted((view(one, now) for one in stays[:MOST_STAYS]), key=lambda one: (one.turns_at or now, one.name))
    told: dict[str, Any] = {
        "mark": mark,
        "lock": _view(located, held.get(device.id, 0), has_pool=any(pool.is_enabled for pool in pools)),
        "device": device,
        "facts": facts,
        "abilities": [text for name, text in ABILITIES.items() if getattr(facts.capabilities, name)],
        "lengths": _lengths(facts),
        "pools": pools,
        "days": _days(facts, ahead, now),
        "codes": views,
        "refusals": refusals,
        "may_act": visit.user.may(Role.OPERATOR),
    }
    return Page("lock.html", told, HTTPStatus.UNPROCESSABLE_ENTITY if refusals else HTTPStatus.OK)


def _view(located: Located, held: int, *, has_pool: bool) -> LockView:
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


def _lengths(facts: DeviceFacts) -> str:
    lengths = sorted(facts.supported_code_lengths)
    if len(lengths) > 1 and lengths == list(range(lengths[0], lengths[-1] + 1)):
        return f"{lengths[0]} to {lengths[-1]}"
    return ", ".join(map(str, lengths))


def _days(
    facts: DeviceFacts, stays: Sequence[tuple[datetime | None, datetime | None]], now: datetime
) -> Sequence[DayUse]:
    """Count the codes that touch each of the coming days, by the lock's own midnight."""
    zone, _ = zone_of(facts.time_zone)
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = []
    for number in range(DAYS_AHEAD):
        begins, ends = today + timedelta(days=number), today + timedelta(days=number + 1)
        touching = sum((a is None or a < ends) and (b is None or b > max(begins, now) or b <= now) for a, b in stays)
        room = facts.max_active_codes_supported
        days.append(DayUse(day_name(begins, zone, now), touching, room is not None and touching >= room))
    return days
