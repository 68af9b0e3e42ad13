"""Who may come in to the console: the session of a request, and the token of a form.

    cookie `latchwork_session`    who is signed in; HttpOnly, SameSite=Lax, Secure where the address is https
    cookie `latchwork_visit`      somebody who is not yet; it binds the sign-in form to one browser

A form is taken only with the token of its cookie, which other sites can neither read nor guess.
"""

from dataclasses import dataclass
from secrets import token_urlsafe

from fastapi import Request, Response

from api.users import UserService, Visitor
from console.table import ConsoleSettings, Route

SESSION, VISIT = "latchwork_session", "latchwork_visit"
TOKEN_FIELD, TOKEN_HEADER = "csrf", "x-csrf-token"
COOKIE_PATH = "/console"


class SignInNeededError(Exception):
    """Nobody is signed in; the person must sign in and come again."""


class ForbiddenError(Exception):
    """The person's role does not reach; an admin must give them another."""


class ForgedFormError(Exception):
    """A form came without its token: from elsewhere, or from a page that was open for too long.  Load it again."""


@dataclass(slots=True)
class Browser:
    """Whoever comes with a request, and the cookies that they leave with."""

    visitor: Visitor | None
    secret: str
    """The cookie that forms are bound to."""
    set_session: str | None = None
    set_visit: str | None = None
    clear_session: bool = False

    def leave(self, request: Request, response: Response) -> None:
        """Put the cookies on the answer."""
        secure = request.url.scheme == "https"
        for name, value in ((SESSION, self.set_session), (VISIT, self.set_visit)):
            if value is not None:
                response.set_cookie(name, value, path=COOKIE_PATH, httponly=True, samesite="lax", secure=secure)
        if self.clear_session:
            response.delete_cookie(SESSION, path=COOKIE_PATH)


async def recognised(request: Request, users: UserService, settings: ConsoleSettings) -> Browser:
    """Say who comes, by the session's cookie, or by the word of the trusted proxy."""
    cookie = request.cookies.get(SESSION)
    visitor = None if cookie is None else await users.recognise(cookie)
    if settings.user_header is not None:
        named = request.headers.get(settings.user_header)
        if visitor is not None and (named is None or visitor.name != named.strip().casefold()):
            visitor = None
        if visitor is None and named is not None:
            opened = await users.vouched(named, lasts=settings.session_lasts)
            if opened is not None:
                return Browser(opened[0], opened[1], set_session=opened[1])
    if visitor is not None and cookie is not None:
        return Browser(visitor, cookie)
    visit = request.cookies.get(VISIT)
    if visit is not None and 20 <= len(visit) <= 100:
        return Browser(None, visit)
    fresh = token_urlsafe(24)
    return Browser(None, fresh, set_visit=fresh)


def admit(browser: Browser, route: Route) -> None:
    """Let somebody through to a route.

    Raises:
        SignInNeededError: nobody is signed in.
        ForbiddenError: their role does not reach.
    """
    if route.role is None:
        return
    if browser.visitor is None:
        raise SignInNeededError
    if not browser.visitor.may(route.role):
        raise ForbiddenError(f"this takes the role {route.role.value}; yours is {browser.visitor.role.value}")


def check_token(request: Request, browser: Browser, users: UserService, filled: str | None) -> None:
    """See that a form is ours.

    Raises:
        ForgedFormError: it is not, or it cannot be told.
    """
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise ForgedFormError
    token = request.headers.get(TOKEN_HEADER) or filled
    if token is None or not users.is_token_of(browser.secret, token):
        raise ForgedFormError
