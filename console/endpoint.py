"""What happens to every request to the console, in this order, whatever its route.

    who comes → may they? → form and its token → handler → page, with headers that let nothing else in

A failure that a person can act upon is a page in words; one that is a defect of ours is logged and told without its
words.  To htmx, which shows parts of a page, every failure is a message on the page that is open.
"""

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import structlog
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from api.bodies import BodyTooLargeError, UnreadableBodyError, bounded_body
from api.errors import SyncFailedError, TemporalUnavailableError, log_outage
from api.http.failures import STATUSES
from api.limits import TooOftenError
from api.services import Services
from console.gate import (
    TOKEN_FIELD,
    Browser,
    ForbiddenError,
    ForgedFormError,
    SignInNeededError,
    admit,
    check_token,
    recognised,
)
from console.live import Live
from console.rendering import HEADERS, Pages
from console.table import ConsoleSettings, NotHereError, Page, Redirect, Route, Visit
from console.words import sentence
from domain.refusals import RefusalType, RefusedError
from store.errors import StoreUnavailableError

MAX_FORM_BYTES, MAX_FORM_FIELDS = 64 * 1024, 200

_LOG = structlog.get_logger(__name__)


class Endpoint:
    """Answers the requests of one route."""

    def __init__(self, route: Route, services: Services, settings: ConsoleSettings, live: Live, pages: Pages) -> None:
        self._route = route
        self._services = services
        self._settings = settings
        self._live = live
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await self.respond(request)
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """Give the answer to one request, with every header that it needs."""
        response = await self._respond(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    async def _respond(self, request: Request) -> Response:
        browser = None
        try:
            browser = await recognised(request, self._services.users, self._settings)
            admit(browser, self._route)
            response = await self._answered(request, browser)
        except SignInNeededError:
            response = _to_sign_in(request)
        except Exception as error:
            response = self._failed(request, browser, error)
        if browser is not None:
            browser.leave(request, response)
        return response

    async def _answered(self, request: Request, browser: Browser) -> Response:
        form = await _form(request) if request.method == "POST" else {}
        if request.method == "POST":
            check_token(request, browser, self._services.users, form.get(TOKEN_FIELD))
        visit = Visit(request, self._services, self._settings, self._live, form, browser.visitor)
        answer = await self._route.handler(visit)
        if isinstance(answer, Redirect):
            return _redirected(request, answer.to)
        if isinstance(answer, Page):
            return self._pages.render(request, answer, browser.visitor, self._services.users.token_of(browser.secret))
        return answer

    def _failed(self, request: Request, browser: Browser | None, error: Exception) -> Response:
        status, title, text = told(error)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            log_outage(error)
        elif status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.error("the console failed by a defect", exc_info=error)
        visitor = None if browser is None else browser.visitor
        token = "" if browser is None else self._services.users.token_of(browser.secret)
        shown: dict[str, Any] = {"title": title, "text": text, "status": int(status)}
        headers = {"hx-retarget": "#notice", "hx-reswap": "innerHTML"}
        return self._pages.render(request, Page("error.html", shown, int(status), headers), visitor, token)


def told(error: Exception) -> tuple[HTTPStatus, str, str]:
    """Say what a failure is to a person: a status, a heading, and what they can do."""
    match error:
        case NotHereError():
            return HTTPStatus.NOT_FOUND, "Not found", "There is no such page. It may have been deleted meanwhile."
        case ForbiddenError():
            return HTTPStatus.FORBIDDEN, "Not for your role", f"{str(error).capitalize()}. An admin can change that."
        case ForgedFormError():
            text = "This form came from a page that is out of date. Load the page again and repeat what you did."
            return HTTPStatus.FORBIDDEN, "Out of date", text
        case TooOftenError():
            return HTTPStatus.TOO_MANY_REQUESTS, "Too often", f"Try again in {error.retry_after} seconds."
        case RefusedError(refusal=refusal) if refusal.type is not RefusalType.STORE_UNAVAILABLE:
            status = STATUSES.get(refusal.type, HTTPStatus.BAD_REQUEST)
            title = "Not found" if status is HTTPStatus.NOT_FOUND else "Not possible"
            return status, title, sentence(refusal.message)
        case RefusedError() | TemporalUnavailableError() | StoreUnavailableError():
            text = "A part of Latchwork does not answer. Nothing was half made: try the same again in a moment."
            return HTTPStatus.SERVICE_UNAVAILABLE, "Not answering", text
        case SyncFailedError():
            return HTTPStatus.BAD_GATEWAY, "The vendor cannot be asked", sentence(str(error))
        case UnreadableBodyError():
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too long", "What was filled in is too long."
    return HTTPStatus.INTERNAL_SERVER_ERROR, "A defect", "This is a defect of Latchwork; the server's log tells more."


async def _form(request: Request) -> dict[str, str]:
    body = await bounded_body(request, MAX_FORM_BYTES)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS))
    except ValueError:
        raise BodyTooLargeError from None


def _to_sign_in(request: Request) -> Response:
    """Send somebody to sign in, and back to the page where they were or wanted to go."""
    if request.headers.get("accept") == "text/event-stream":
        return Response(status_code=HTTPStatus.UNAUTHORIZED)
    is_partial = request.headers.get("hx-request") == "true"
    page = urlsplit(request.headers.get("hx-current-url", "") if is_partial else str(request.url))
    wanted = page.path if is_partial or request.method == "GET" else "/console/"
    wanted = f"{wanted}?{page.query}" if page.query else wanted
    to = f"/console/sign-in?next={quote(wanted, safe='')}"
    if is_partial:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": to})
    return RedirectResponse(to, HTTPStatus.SEE_OTHER)


def _redirected(request: Request, to: str) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(headers={"hx-redirect": to})
    return RedirectResponse(to, HTTPStatus.SEE_OTHER)
