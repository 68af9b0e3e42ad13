"""What one row of the console's table of routes is, and what a handler is given.

A handler is a short function: it takes a `Visit`, asks application services, and gives a page.  Everything else
(sign-in, roles, form tokens, headers, refusals) follows from the row and happens in `console/endpoint.py`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import SecretStr

from api.services import Services
from api.users import Visitor
from console.live import Live
from domain.roles import Role


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """What the console needs to know of its surroundings."""

    session_lasts: timedelta = timedelta(hours=12)
    user_header: str | None = None
    """The header in which a trusted proxy names who signed in; None: people sign in here."""
    temporal_ui: str | None = None
    """The address of the Temporal UI for people; None: no links to it."""
    temporal_namespace: str = "default"
    drivers: Mapping[str, "DriverForm"] = field(default_factory=dict)
    """The drivers whose accounts can be connected, by name."""


@dataclass(frozen=True, slots=True)
class DriverForm:
    """What a driver asks for, to connect an account."""

    fields: tuple[str, ...]
    secret: frozenset[str] = frozenset()
    """Those of the fields that are not to be shown while they are typed."""
    check: Callable[[Mapping[str, str]], None] = lambda _: None
    """Refuses credentials that cannot be right, with a `ValueError` for people."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a handler answers with: a template and what it shows."""

    template: str
    shown: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on elsewhere, with GET.  A whole address within the console, such as `/console/codes`."""

    to: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One request by somebody who may make it."""

    request: Request
    services: Services
    settings: ConsoleSettings
    live: Live
    form: Mapping[str, str]
    """What was filled in; empty for GET.  A field that is there several times has its last value."""
    visitor: Visitor | None
    """None only on the routes that need no sign-in."""

    @property
    def user(self) -> Visitor:
        """Who is signed in, on a route that needs it."""
        assert self.visitor is not None  # noqa: S101
        return self.visitor

    @property
    def workspace_id(self) -> UUID:
        """The workspace of who is signed in."""
        return self.user.workspace_id

    @property
    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    @property
    def query(self) -> Mapping[str, str]:
        """The address's query; empty values are left out."""
        return {name: value for name, value in self.request.query_params.items() if value}

    @property
    def is_partial(self) -> bool:
        """Whether htmx asks for a part of a page that is open."""
        return self.request.headers.get("hx-request") == "true"

    def id(self, name: str) -> UUID:
        """Give an id of the address.

        Raises:
            NotHereError: it is no id.
        """
        try:
            return UUID(self.request.path_params[name])
        except ValueError:
            raise NotHereError from None

    def filled(self, name: str) -> str | None:
        """Give a field's text without blanks around it; None when there is none."""
        return self.form.get(name, "").strip() or None

    def secret(self, name: str) -> SecretStr:
        """Give a field that nobody may see, as it was typed."""
        return SecretStr(self.form.get(name, ""))


class NotHereError(Exception):
    """There is no such page."""


Handler = Callable[[Visit], Awaitable[Page | Redirect | Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row: everything that there is to say of a route."""

    method: str
    path: str
    handler: Handler
    role: Role | None = Role.VIEWER
    """What a person must at least be; None: no sign-in is needed."""
