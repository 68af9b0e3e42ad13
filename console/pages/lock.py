"""One lock: what is on it and will be, what is wrong with it, and what can be done about it.

What takes the lock a while is asked for by a part of the page, and its outcome is told above it.  The page itself
follows the lock, so that what came about is seen there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from console.code_views import CodeView, view
from console.foreign_codes import foreign_codes
from console.kept_backups import kept_backups
from console.lock_views import abilities, lengths, lock_view
from console.lock_views import slots as slots_of
from console.locks_known import lock_of
from console.table import Page, Redirect, Visit
from console.words import Tone, problem_label, sentence
from domain.audit import AuditAction
from domain.refusals import RefusalType, RefusedError
from domain.requests import DeviceChange
from domain.roles import Role
from store.code_table import TableFilter
from store.device_lists import DeviceFilter, Located
from store.devices import facts_of
from store.lock_use import places_held
from store.pages import Page as Rows
from workflows.contracts import ReconcileResult

MOST_STAYS = 50
DAYS_AHEAD = 7
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of something that was asked of the lock."""

    tone: Tone
    title: str
    text: str = ""


async def page(visit: Visit) -> Page:
    """Show the lock."""
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
        return await _lock_page(visit, {"pool": sentence(error.refusal.message)})
    await visit.services.audit.note(visit.user, AuditAction.POOL_SWITCHED, device_id=device_id)
    return Redirect(f"/console/locks/{device_id}")


async def switch_use(visit: Visit) -> Page | Redirect:
    """Have the lock managed, or no more; with guests' codes on it only when asked again, knowing that."""
    device_id, is_managed = visit.id("device_id"), visit.filled("managed") == "yes"
    force = not is_managed and visit.filled("force") == "yes"
    change = DeviceChange(device_id=device_id, workspace_id=visit.workspace_id, is_managed=is_managed, force=force)
    try:
        await visit.services.devices.update(change)
    except RefusedError as error:
        if error.refusal.type is RefusalType.DEVICE_IN_USE:
            return await _lock_page(visit, {"live": "Codes on this lock have not ended."})
        return await _lock_page(visit, {"use": sentence(error.refusal.message)})
    await visit.services.audit.note(visit.user, AuditAction.LOCK_USE_SWITCHED, device_id=device_id)
    return Redirect(f"/console/locks/{device_id}")


async def reconcile(visit: Visit) -> Page:
    """Have the lock read now, and what differs from the books put right."""
    device, _ = await located(visit)
    await visit.services.audit.note(visit.user, AuditAction.LOCK_RECONCILED, device_id=device.id)
    return await outcome_page(visit, _found(await visit.services.devices.reconcile(device.id)))


async def outcome_page(visit: Visit, outcome: Outcome) -> Page:
    """Tell what came of it: above the page that is open, or on the page anew for who has no script."""
    if visit.is_partial:
        headers = {"hx-retarget": "#notice", "hx-reswap": "innerHTML", "hx-trigger": "latchwork:done"}
        return Page("outcome.html", {"outcome": outcome}, headers=headers)
    return await _lock_page(visit, {}, outcome)


async def located(visit: Visit) -> Located:
    """Give the lock of the address, with its account.

    Raises:
        RefusedError: this workspace has none such.
    """
    return await visit.services.devices.get(visit.workspace_id, DeviceFilter(ids=[visit.id("device_id")]))


def _found(result: ReconcileResult) -> Outcome:
    if result.unread or not result.locks:
        text = "It is read again by itself as soon as it answers. Nothing was changed."
        return Outcome(Tone.WARN, "The lock could not be read", text)
    told = {
        "as expected": result.as_expected,
        "changed by somebody, and seen to": result.drifted,
        "in doubt, and looked at again": result.doubtful,
        "of somebody else’s": result.unmanaged,
    }
    text = "; ".join(f"{number} {words}" for words, number in told.items() if number)
    tone = Tone.WARN if result.drifted or result.doubtful else Tone.GOOD
    return Outcome(tone, "The lock was read", sentence(f"Codes: {text}" if text else "It holds no codes"))


async def _lock_page(visit: Visit, refusals: dict[str, str], outcome: Outcome | None = None) -> Page:
    mark, services, now = await visit.live.mark(), visit.services, visit.now
    found = await located(visit)
    device, facts = found[0], facts_of(found[0])
    pools = await services.devices.pools(visit.workspace_id, device.id)
    wanted = TableFilter(device_id=device.id, is_over=False)
    stays = await services.codes.page(visit.workspace_id, wanted, Rows(MOST_STAYS))
    calendar = await services.slots.calendar(device.id, now, days=DAYS_AHEAD)
    async with services.database.read() as session:
        held = await places_held(session, [device.id])
    kept = await kept_backups(services, stays[:MOST_STAYS], now)
    kept_ids = {one.code.id for one in kept}
    views = {one.row.id: view(one, now) for one in stays[:MOST_STAYS]}
    told: dict[str, Any] = {
        "mark": mark,
        "lock": lock_view(found, held.get(device.id, 0), has_pool=any(pool.is_enabled for pool in pools)),
        "problems": [problem_label(problem) for problem in lock_of(found).problems],
        "device": device,
        "facts": facts,
        "abilities": abilities(facts),
        "lengths": lengths(facts),
        "pools": pools,
        "slots": None if calendar is None else slots_of(calendar, now),
        "without_slot": [] if calendar is None else await _named(visit, calendar.without_slot, views),
        "codes": sorted(
            (one for one in views.values() if one.id not in kept_ids), key=lambda one: (one.turns_at or now, one.name)
        ),
        "kept": kept,
        "request": uuid4(),
        "foreign": await foreign_codes(services, visit.workspace_id, device.id),
        "refusals": refusals,
        "outcome": outcome,
        "may_act": visit.user.may(Role.OPERATOR),
    }
    return Page("lock.html", told, HTTPStatus.UNPROCESSABLE_ENTITY if refusals else HTTPStatus.OK)


async def _named(visit: Visit, ids: Sequence[UUID], views: Mapping[UUID, CodeView]) -> list[CodeView]:
    """Give guests' codes that are known by their ids; those that are not shown yet are read."""
    named = []
    for code_id in ids[:MOST_STAYS]:
        known = views.get(code_id)
        try:
            named.append(known or view(await visit.services.codes.get(code_id), visit.now))
        except RefusedError:
            # It ended meanwhile.
            continue
    return named
