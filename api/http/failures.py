"""Every way in which a call can fail, as Seam's error envelope.

    {"error": {"type": …, "message": …, "validation_errors"?: {…}}, "ok": false}

A failure is expected and its caller can act upon it: 4xx, or 503 when a part of ours is away.  Nothing here repeats
what the caller sent: messages name parameters, rules and shapes, and runs of digits in them are struck out.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from api.errors import SyncFailedError, TemporalUnavailableError
from domain.malformed import struck
from domain.refusals import Refusal, RefusalType, RefusedError
from domain.scopes import Scope
from store.accounts import AccountInUseError
from store.errors import StoreUnavailableError

RETRY_AFTER_SECONDS = 2
"""When to come back after a part of ours was away: restarts take about this long."""

STATUSES: Mapping[RefusalType, HTTPStatus] = {
    RefusalType.DEVICE_NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalType.ACCESS_CODE_NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalType.BACKUP_NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalType.WEBHOOK_NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalType.EVENT_NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalType.GUEST_NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalType.MESSAGE_NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalType.MESSAGE_CHANNEL_NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalType.TOLD_TO_ANOTHER_GUEST: HTTPStatus.CONFLICT,
    RefusalType.DUPLICATE_ACCESS_CODE: HTTPStatus.CONFLICT,
    RefusalType.DEVICE_IN_USE: HTTPStatus.CONFLICT,
    RefusalType.NO_SPACE: HTTPStatus.CONFLICT,
    RefusalType.STORE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The HTTP status of a refusal; 400 where none is named."""


class ApiError(Exception):
    """A call that fails in an expected way; the message is for its caller."""

    def __init__(
        self,
        status: HTTPStatus,
        type: str,
        message: str,
        *,
        validation_errors: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
        allow: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.status, self.type, self.message = status, type, message
        self.validation_errors, self.retry_after, self.allow = validation_errors, retry_after, allow

    @classmethod
    def forbidden(cls, scope: Scope) -> "ApiError":
        """Make the error of a key that lacks a right."""
        return cls(HTTPStatus.FORBIDDEN, "forbidden", f"this key lacks the scope `{scope.value}`")

    @property
    def envelope(self) -> dict[str, Any]:
        """The body of the answer."""
        error: dict[str, Any] = {"type": self.type, "message": self.message}
        if self.validation_errors is not None:
            error["validation_errors"] = self.validation_errors
        return {"error": error, "ok": False}

    @property
    def headers(self) -> dict[str, str]:
        """What the answer's headers say of it."""
        headers = {}
        if self.retry_after is not None:
            headers["retry-after"] = str(self.retry_after)
        if self.allow:
            headers["allow"] = ", ".join(self.allow)
        return headers


def not_found(what: str, message: str) -> ApiError:
    """Make the error of an id that the caller's workspace does not have."""
    return ApiError(HTTPStatus.NOT_FOUND, f"{what}_not_found", message)


def invalid(message: str, *path: str) -> ApiError:
    """Make the error of one parameter; without a path, of the request as a whole."""
    return ApiError(HTTPStatus.BAD_REQUEST, "invalid_input", message, validation_errors=_nested([(path, message)]))


def malformed(error: ValidationError) -> ApiError:
    """Make the error of a request whose parameters break their rules."""
    complaints = [
        (tuple(struck(str(part)) for part in found["loc"]), struck(found["msg"]))
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    path, first = complaints[0]
    message = f"{'.'.join(path)}: {first}" if path else first
    return ApiError(HTTPStatus.BAD_REQUEST, "invalid_input", message, validation_errors=_nested(complaints))


def translated(error: Exception) -> ApiError | None:
    """Give what an application service's error is to a caller; None for a defect of ours."""
    match error:
        case ApiError():
            return error
        case RefusedError(refusal=refusal):
            return _refused(refusal)
        case TemporalUnavailableError() | StoreUnavailableError():
            return _away()
        case SyncFailedError():
            return ApiError(HTTPStatus.BAD_REQUEST, "provider_unavailable", str(error))
        case AccountInUseError():
            return ApiError(HTTPStatus.CONFLICT, "connected_account_in_use", str(error))
    return None


def _refused(refusal: Refusal) -> ApiError:
    if refusal.type is RefusalType.STORE_UNAVAILABLE:
        return _away()
    status = STATUSES.get(refusal.type, HTTPStatus.BAD_REQUEST)
    nested = None
    if refusal.type is RefusalType.INVALID_INPUT:
        path = () if refusal.field is None else (refusal.field,)
        nested = _nested([(path, refusal.message)])
    return ApiError(status, refusal.type, refusal.message, validation_errors=nested)


def _away() -> ApiError:
    message = "a part of this service does not answer; nothing was half made: repeat the same request"
    return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "service_unavailable", message, retry_after=RETRY_AFTER_SECONDS)


def _nested(complaints: Sequence[tuple[Sequence[str], str]]) -> dict[str, Any]:
    """Lay complaints out as Seam does: `{"_errors": [], "<param>": {"_errors": [message]}}`."""
    root: dict[str, Any] = {"_errors": []}
    for path, message in complaints:
        node = root
        for part in path:
            node = node.setdefault(part if part != "_errors" else "_errors_", {"_errors": []})
        node["_errors"].append(message)
    return root
