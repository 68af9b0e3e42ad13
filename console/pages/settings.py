"""Who one is, and who else may come in."""

from http import HTTPStatus

from api.passwords import LONGEST, SHORTEST, WeakPasswordError
from console.table import Page, Redirect, Visit
from console.words import DEEDS, sentence
from domain.audit import AuditAction
from domain.roles import Role


async def page(visit: Visit) -> Page:
    """Show one's own account; to admins also the users and what people did."""
    return await _page(visit, {})


async def change_password(visit: Visit) -> Page | Redirect:
    """Take another password."""
    new, again = visit.secret("new"), visit.secret("again")
    if new.get_secret_value() != again.get_secret_value():
        return await _page(visit, {"again": "The two are not the same."})
    try:
        changed = await visit.services.users.change_password(visit.user, visit.secret("old"), new)
    except WeakPasswordError as error:
        return await _page(visit, {"new": sentence(str(error))})
    if not changed:
        return await _page(visit, {"old": "This is not your present password."})
    return Redirect("/console/settings?changed=yes")


async def _page(visit: Visit, refusals: dict[str, str]) -> Page:
    users, deeds = [], []
    if visit.user.may(Role.ADMIN):
        users = list(await visit.services.users.list(visit.workspace_id))
        entries = await visit.services.audit.newest(visit.workspace_id)
        deeds = [(entry, DEEDS[AuditAction(entry.action)]) for entry in entries]
    shown = {
        "refusals": refusals,
        "users": users,
        "deeds": deeds,
        "changed": "changed" in visit.query,
        "by_proxy": visit.settings.user_header is not None,
        "shortest": SHORTEST,
        "longest": LONGEST,
    }
    return Page("settings.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if refusals else HTTPStatus.OK)
