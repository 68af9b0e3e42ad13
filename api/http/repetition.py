"""How a request is known as one that came before, and what of its answer may be kept."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import Request

from api.answers import Answer, KeyReusedError, Repetition, UnderWayError
from api.callers import Caller
from api.http.failures import ApiError, invalid
from api.http.table import Route, Verb
from api.services import Services
from domain.scopes import Scope
from store.answers import Wanted
from store.keyring import KeyRing

HEADER = "idempotency-key"
MAX_KEY = 255
_REPEATED_BY_LIBRARIES = (Verb.PUT, Verb.DELETE)


def repetition_of(
    request: Request, route: Route[Any], arguments: Mapping[str, Any], caller: Caller, keyring: KeyRing
) -> Repetition | None:
    """Say how the request would be known again; None for one that is carried out every time.

    Raises:
        ApiError: the key is not fit to be one.
    """
    if not route.writes:
        return None
    key = request.headers.get(HEADER) if request.method == Verb.POST else None
    if key is None and request.method not in _REPEATED_BY_LIBRARIES:
        return None
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise invalid(f"an Idempotency-Key has 1 to {MAX_KEY} printable characters")
    told = json.dumps([route.path, arguments], sort_keys=True)
    fingerprint = keyring.fingerprint(told)
    name = f"key {key}" if key is not None else unkeyed_name(route, arguments) or f"{route.path} {fingerprint}"
    return Repetition(Wanted(caller.key_id, name, fingerprint), is_keyed=key is not None)


def unkeyed_name(route: Route[Any], arguments: Mapping[str, Any]) -> str | None:
    """Name the thing that a request without a key is about; None when it is about no single thing."""
    return None if route.subject is None else f"{route.path} {arguments.get(route.subject)}"[:MAX_KEY]


def refusal_of_repetition(error: KeyReusedError | UnderWayError) -> ApiError:
    """Say why a repetition is not answered as the first sending was."""
    if isinstance(error, KeyReusedError):
        message = "this Idempotency-Key came with other parameters before; use another one for another request"
        return ApiError(HTTPStatus.BAD_REQUEST, "idempotency_error", message)
    message = "the first request with this Idempotency-Key is still being carried out"
    return ApiError(HTTPStatus.CONFLICT, "idempotency_key_in_use", message, retry_after=1)


_DIGITS = "_digits_of"


def without_digits(answer: Answer) -> dict[str, Any]:
    """Give an answer's body as it may be kept: the codes whose digits it showed, in place of the digits."""
    shown: list[str] = []
    body = _walked(answer.body, lambda code: _struck(code, shown))
    return {**body, _DIGITS: sorted(set(shown))}


async def with_digits(body: Mapping[str, Any], caller: Caller, services: Services) -> dict[str, Any]:
    """Fill the digits in again, as they are now; those of codes that are gone stay out."""
    shown = [UUID(code_id) for code_id in body.get(_DIGITS, [])]
    rest = {name: value for name, value in body.items() if name != _DIGITS}
    if not shown or not caller.may(Scope.PINS):
        return rest
    digits = await services.events.reveal(shown, services.keyring)
    words = {str(code_id): pin.get_secret_value() for code_id, pin in digits.items()}
    filled: dict[str, Any] = _walked(rest, lambda code: {**code, "code": words.get(code["access_code_id"])})
    return filled


def _struck(code: Mapping[str, Any], shown: list[str]) -> dict[str, Any]:
    if code["code"] is not None:
        shown.append(code["access_code_id"])
    return {**code, "code": None}


def _walked(value: Any, change: Any) -> Any:
    """Change every object of the value that shows a code with its digits."""
    if isinstance(value, Mapping):
        inner = {name: _walked(part, change) for name, part in value.items()}
        return change(inner) if {"access_code_id", "code"} <= inner.keys() else inner
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_walked(part, change) for part in value]
    return value
