"""What happens to every call, in this order, whatever its route.

    verb → key and rights → how often → parameters → came before? → handler → envelope

Failures of every kind leave through one door, as Seam's error envelope.
"""

from contextlib import AbstractAsyncContextManager, nullcontext
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import structlog
from fastapi import Request, Response
from pydantic_core import from_json, to_json
from starlette.types import Receive, Scope, Send

from api.answers import Answer, KeyReusedError, Repetition, UnderWayError
from api.callers import Caller
from api.errors import log_outage
from api.http.cors import CORS, preflight
from api.http.failures import ApiError, translated
from api.http.gate import admitted
from api.http.parameters import Parameters
from api.http.reading import checked, read_arguments
from api.http.repetition import (
    refusal_of_repetition,
    repetition_of,
    unkeyed_name,
    with_secrets,
    without_secrets,
)
from api.http.table import Call, Route
from api.limits import Rate, TooOftenError
from api.services import Services

_LOG = structlog.get_logger(__name__)


class Endpoint:
    """Answers the calls of one route."""

    def __init__(self, route: Route[Any], services: Services) -> None:
        self._route = route
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        response = preflight(self._route) if request.method == "OPTIONS" else await self._respond(request)
        response.headers.update(CORS)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            async with self._one_moment():
                answer = await self._answered(request)
        except Exception as error:
            return failure_response(error)
        return _json(answer.body, answer.status)

    def _one_moment(self) -> AbstractAsyncContextManager[None]:
        """Have a call that only reads see one moment of the store: key, code, digits and backups in one session."""
        only_reads = self._route.scope is not None and not self._route.writes
        return self._services.database.snapshot() if only_reads else nullcontext()

    async def _answered(self, request: Request) -> Answer:
        route = self._route
        if request.method not in route.verbs:
            raise method_not_allowed(route)
        caller = _NOBODY
        if route.scope is not None:
            caller = await admitted(request, self._services.keys, route.scope)
            self._services.limiter.count(Rate.CALL, caller.key_id)
        arguments = await read_arguments(request, route.parameters)
        asked = checked(arguments, route.parameters)
        repetition = repetition_of(request, route, arguments, caller, self._services.keyring)
        if repetition is None:
            await self._forget_other(caller, arguments)
            return await self._carried_out(request, caller, asked, uuid4())
        return await self._once(request, caller, asked, repetition)

    async def _once(self, request: Request, caller: Caller, asked: Parameters, repetition: Repetition) -> Answer:
        """Carry the call out, unless it came before."""

        async def act(operation_id: UUID) -> Answer:
            return await self._settled(request, caller, asked, operation_id)

        try:
            answer = await self._services.answers.once(repetition, act, without_secrets)
        except (KeyReusedError, UnderWayError) as error:
            raise refusal_of_repetition(error) from None
        if not answer.is_kept:
            return answer
        return Answer(answer.status, await with_secrets(answer.body, caller, self._services))

    async def _forget_other(self, caller: Caller, arguments: dict[str, Any]) -> None:
        """What was answered about a thing a moment ago does not stand once something else is asked of it."""
        name = unkeyed_name(self._route, arguments)
        if self._route.writes and name is not None:
            await self._services.answers.forget(caller.key_id, name)

    async def _settled(self, request: Request, caller: Caller, asked: Parameters, operation_id: UUID) -> Answer:
        """Carry out a call whose answer is kept, be it a refusal; what may succeed later is raised, and not kept."""
        try:
            answer = await self._carried_out(request, caller, asked, operation_id)
            return Answer(answer.status, from_json(to_json(answer.body)))
        except Exception as error:
            failure = translated(error)
            if failure is None or failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            return Answer(failure.status, failure.envelope)

    async def _carried_out(self, request: Request, caller: Caller, asked: Parameters, operation_id: UUID) -> Answer:
        route = self._route
        url = str(request.url.replace(query=""))
        call = Call(self._services, caller, asked, url, operation_id, route.rate)
        return Answer(HTTPStatus.OK, {**await route.handler(call), "ok": True})


_NOBODY = Caller(UUID(int=0), UUID(int=0), frozenset())
"""Whoever calls a route that takes no key."""


def method_not_allowed(route: Route[Any]) -> ApiError:
    """Make the answer to a verb that the route does not take."""
    verbs = [verb.value for verb in route.verbs]
    message = f"only {', '.join(verbs)} accepted"
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", message, allow=verbs)


def failure_response(error: Exception) -> Response:
    """Answer with a failure; an outage is logged, and a defect of ours, which is told without its words."""
    failure = _too_often(error) if isinstance(error, TooOftenError) else translated(error)
    if failure is None:
        _LOG.error("a call failed by a defect", exc_info=error)
        failure = ApiError(
            HTTPStatus.INTERNAL_SERVER_ERROR, "internal_server_error", "this is a defect; the server's log tells more"
        )
    elif failure.status == HTTPStatus.SERVICE_UNAVAILABLE:
        log_outage(error)
    response = _json(failure.envelope, failure.status)
    response.headers.update(failure.headers)
    return response


def _too_often(error: TooOftenError) -> ApiError:
    return ApiError(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", str(error), retry_after=error.retry_after)


def _json(body: Any, status: int) -> Response:
    return Response(to_json(body), status, media_type="application/json")
