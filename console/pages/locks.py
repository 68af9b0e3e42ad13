"""The locks: whether they answer, how full they are, and the accounts that they come with."""

from typing import Any

from console.lock_views import lock_view
from console.new_lock_views import new_lock, progress
from console.table import Page, Visit
from domain.roles import Role
from store.device_lists import DeviceFilter
from store.lock_use import places_held
from store.pages import Page as Rows

MOST_LOCKS = 1000


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
    shown = [lock_view(one, held.get(one[0].id, 0), has_pool=one[0].id in pooled) for one in found]
    asked = await services.replacements.questions(visit.workspace_id, visit.now)
    known = [progress(one, visit.now) for one in await services.replacements.list(visit.workspace_id)]
    told: dict[str, Any] = {
        "mark": mark,
        "new_locks": [new_lock(one) for one in asked],
        "replacements": [one for one in known if one is not None],
        "may_act": visit.user.may(Role.OPERATOR),
        "search": search,
        "locks": sorted(shown, key=lambda one: (one.lock.name.casefold(), str(one.lock.id))),
        "accounts": await services.accounts.of_workspace(visit.workspace_id),
        "may_connect": visit.user.may(Role.ADMIN) and bool(visit.settings.drivers),
    }
    return Page("locks.html", told)
