"""How a request is known as one that came before, and what of its answer may be kept."""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import SecretStr

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


_DIGITS, _SECRETS = "_digits_of", "_secrets_of"


def without_secrets(answer: Answer) -> dict[str, Any]:
    """Give an answer's body as it may be kept: whose digits and secrets it showed, in place of these."""
    codes: set[str] = set()
    webhooks: set[str] = set()

    def strike(thing: dict[str, Any]) -> dict[str, Any]:
        if thing.get("code") is not None and "access_code_id" in thing:
            codes.add(thing["access_code_id"])
            return {**thing, "code": None}
        if thing.get("secret") is not None and "webhook_id" in thing:
            webhooks.add(thing["webhook_id"])
            return {**thing, "secret": None}
        return thing

    return {**_walked(answer.body, strike), _DIGITS: sorted(codes), _SECRETS: sorted(webhooks)}


async def with_secrets(body: Mapping[str, Any], caller: Caller, services: Services) -> dict[str, Any]:
    """Fill digits and secrets in again, as they are now; those of what is gone stay out."""
    digits: Mapping[UUID, SecretStr] = {}
    if caller.may(Scope.PINS) and body.get(_DIGITS):
        digits = await services.events.reveal([UUID(code_id) for code_id in body[_DIGITS]], services.keyring)
    webhooks = await services.webhooks.list(caller.workspace_id) if body.get(_SECRETS) else ()
    codes = {str(code_id): pin.get_secret_value() for code_id, pin in digits.items()}
    secrets = {str(one.webhook_id): one.secret.get_secret_value() for one in webhooks}

    def fill(thing: dict[str, Any]) -> dict[str, Any]:
        if thing.get("access_code_id") in codes and "code" in thing:
            return {**thing, "code": codes[thing["access_code_id"]]}
        if thing.get("webhook_id") in secrets and "secret" in thing:
            return {**thing, "secret": secrets[thing["webhook_id"]]}
        return thing

    filled: dict[str, Any] = _walked(body, fill)
    return {name: value for name, value in filled.items() if name not in (_DIGITS, _SECRETS)}


def _walked(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Change every object of the value, from the inside out."""
    if isinstance(value, Mapping):
        return change({name: _walked(part, change) for name, part in value.items()})
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_walked(part, change) for part in value]
    return value
