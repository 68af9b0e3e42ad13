"""What one row of the table of routes is, and what a handler is given.

A handler is a short function: it takes a `Call`, asks application services, and gives the answer's keys with their
resources.  Everything else (verbs, rights, limits, parameters, repetition, envelopes) follows from the row.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid5

from api.callers import Caller
from api.http.parameters import Parameters
from api.limits import Rate
from api.services import Services
from domain.scopes import Scope

P = TypeVar("P", bound=Parameters)


class Verb(StrEnum):
    """The HTTP methods of the API."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Call(Generic[P]):
    """One call of a route, by somebody who may make it, with parameters that keep their rules."""

    services: Services
    caller: Caller
    asked: P
    url: str
    """The route's own address, for links to further pages."""
    operation_id: UUID
    """The same for every repetition of this request; what it makes has ids derived from it."""
    rate: Rate | None = None

    @property
    def workspace_id(self) -> UUID:
        """The workspace that the caller's key speaks for."""
        return self.caller.workspace_id

    @property
    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    def id_of(self, what: str) -> UUID:
        """Give the id of something that this request makes."""
        return uuid5(self.operation_id, what)

    def count(self, device_id: UUID) -> None:
        """Count the call against what may be asked of one lock.

        Raises:
            TooOftenError: it is one too many.
        """
        if self.rate is not None:
            self.services.limiter.count(self.rate, device_id)


Body = Mapping[str, Any]
Handler = Callable[[Call[P]], Awaitable[Body]]


@dataclass(frozen=True, slots=True)
class Route(Generic[P]):
    """One row: everything that there is to say of a route."""

    path: str
    verb: Verb
    """What today's SDKs send.  Every route takes POST as well."""
    parameters: type[P]
    handler: Handler[P]
    answers: Mapping[str, Any]
    """The keys of the answer, with the types of what stands under them."""
    scope: Scope | None = Scope.READ
    """The right it takes; None: no key at all."""
    rate: Rate | None = None
    """What a call counts as against the limits of its lock."""
    subject: str | None = None
    """The parameter that names the thing which a PUT or a DELETE changes; None: the whole request does."""
    older_verbs: tuple[Verb, ...] = ()
    """What older SDKs send."""

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """Every verb that the route takes."""
        return tuple(dict.fromkeys((self.verb, *self.older_verbs, Verb.POST)))

    @property
    def writes(self) -> bool:
        """Whether a call may change anything."""
        return self.scope is Scope.WRITE
