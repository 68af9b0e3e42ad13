"""Seam's own web components on this API: what a product that uses them would show its users.

They speak to the API as any browser does, with a session token that is made for this page and lasts as long as a look
at it.  Telemetry, and the files that they would load from elsewhere, are off.
"""

from datetime import timedelta
from uuid import UUID

from fastapi import Response
from fastapi.responses import JSONResponse

from console.table import Page, Visit
from domain.audit import AuditAction
from domain.scopes import Scope
from store.device_lists import DeviceFilter

SESSION_LASTS = timedelta(hours=1)


async def page(visit: Visit) -> Page:
    """Show the table of locks, and of one that is chosen its codes; of one of these, its details and its form."""
    lock, code = _id(visit, "lock"), _id(visit, "code")
    if lock is not None:
        await visit.services.devices.get(visit.workspace_id, DeviceFilter(ids=[lock]))
    if code is not None:
        await visit.services.codes.get(code, workspace_id=visit.workspace_id)
    return Page("components.html", {"lock": lock, "code": code})


async def session(visit: Visit) -> Response:
    """Give the components a token to call the API with.  They show digits: that somebody opened them is written down."""
    await visit.services.audit.note(visit.user, AuditAction.COMPONENTS_OPENED)
    minted = await visit.services.keys.mint(
        f"components of {visit.user.name}",
        workspace_id=visit.workspace_id,
        scopes=tuple(Scope),
        lasts=SESSION_LASTS,
        is_session=True,
    )
    return JSONResponse({"client_session_token": minted.token.get_secret_value()})


def _id(visit: Visit, name: str) -> UUID | None:
    try:
        return UUID(visit.query[name])
    except (KeyError, ValueError):
        return None
