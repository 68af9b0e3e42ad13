"""What comes into the cloud and what goes out, as far as HTTP is concerned: requests, answers, lines of the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from providers.simulated.faults import Operation
from providers.simulated.locks import Refusal
from providers.simulated.words import JSON

STATUS: Mapping[Refusal, int] = {
    Refusal.LOCK_NOT_FOUND: 404,
    Refusal.ACCESS_CODE_NOT_FOUND: 404,
    Refusal.PIN_CONFLICT: 409,
    Refusal.SLOT_OCCUPIED: 409,
    Refusal.NO_SPACE: 409,
    Refusal.INVALID_PIN: 422,
    Refusal.INVALID_NAME: 422,
    Refusal.NOT_SUPPORTED: 422,
    Refusal.BAD_REQUEST: 400,
}


@dataclass(frozen=True, slots=True)
class Request:
    """One call to the API, as far as the log and the faults care."""

    method: str
    path: str
    token: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back.  `status` None: no answer, the connection is aborted; `body` None: not JSON."""

    status: int | None
    body: JSON | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_seconds: float = 0
    """Wall time to let pass before answering."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One line of the log; no digits of codes."""

    method: str
    path: str
    lock: str | None
    operation: Operation
    when: datetime
    fault: str | None
    status: int | None


def error_answer(status: int, code: str, retry_after: int | None = None) -> Answer:
    """The API's immediate error, `{error_code, message}`; `retry_after` in seconds, None sends no such header."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(status, {"error_code": code, "message": code.replace("_", " ").lower()}, headers)
