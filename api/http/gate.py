"""Who may come in: the token of a request, the workspace and the rights that it brings."""

from http import HTTPStatus

from fastapi import Request

from api.callers import Caller
from api.http.failures import ApiError
from api.keys import SESSION_PREFIX, KeyService
from domain.scopes import Scope

_SESSION_HEADER = "client-session-token"


async def admitted(request: Request, keys: KeyService, scope: Scope) -> Caller:
    """Say who calls.

    Raises:
        ApiError: 401 without a token that works, 403 where its rights do not reach.
    """
    token = _token(request)
    caller = None if token is None else await keys.recognise(token)
    if caller is None:
        raise ApiError(
            HTTPStatus.UNAUTHORIZED, "unauthorized", "send an API key that works, as in `Authorization: Bearer seam_…`"
        )
    if not caller.may(scope):
        raise ApiError.forbidden(scope)
    return caller


def _token(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    session = request.headers.get(_SESSION_HEADER)
    return session if session is not None and session.startswith(SESSION_PREFIX) else None
