"""Signing in and out."""

from http import HTTPStatus

from fastapi import Response
from fastapi.responses import RedirectResponse

from api.limits import TooOftenError
from console.gate import COOKIE_PATH, SESSION
from console.table import Page, Redirect, Visit

HOME = "/console/"


async def form(visit: Visit) -> Page | Redirect:
    """Show the form; who is signed in already goes on."""
    to = _destination(visit.query.get("next"))
    return Redirect(to) if visit.visitor is not None else _form(visit, to)


async def sign_in(visit: Visit) -> Page | Response:
    """Take name and password."""
    to, name = _destination(visit.filled("next")), visit.filled("name")
    if name is None or not visit.form.get("password"):
        return _form(visit, to, "Fill in your name and your password.")
    client = visit.request.client
    try:
        opened = await visit.services.users.sign_in(
            name,
            visit.secret("password"),
            address="" if client is None else client.host,
            lasts=visit.settings.session_lasts,
        )
    except TooOftenError as error:
        return _form(visit, to, f"Too many tries. Try again in {error.retry_after} seconds.")
    if opened is None:
        return _form(visit, to, "Name and password do not belong together.")
    answer = RedirectResponse(to, HTTPStatus.SEE_OTHER)
    secure = visit.request.url.scheme == "https"
    answer.set_cookie(SESSION, opened[1], path=COOKIE_PATH, httponly=True, samesite="lax", secure=secure)
    return answer


async def sign_out(visit: Visit) -> Response:
    """End the session."""
    await visit.services.users.sign_out(visit.user)
    answer = RedirectResponse("/console/sign-in", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(SESSION, path=COOKIE_PATH)
    return answer


def _form(visit: Visit, to: str, refusal: str | None = None) -> Page:
    shown = {
        "next": to,
        "name": visit.filled("name") or "",
        "refusal": refusal,
        "by_proxy": visit.settings.user_header is not None,
    }
    return Page("sign_in.html", shown, HTTPStatus.OK if refusal is None else HTTPStatus.UNPROCESSABLE_ENTITY)


def _destination(wanted: str | None) -> str:
    """Give where to go on, within the console: whatever a link said."""
    if wanted is None or not wanted.startswith(HOME) or "//" in wanted or "\\" in wanted or not wanted.isprintable():
        return HOME
    return wanted
