"""An event as Seam publishes it: one flat object, the same in a webhook's body and in a listing.

At rest an event names digits by their generation (`domain.events.digits_of`); here they are filled in for whoever has
the right to see them, and otherwise left out with their key.  What an event says of problems was true when it was
written; problems of the lock and the account are those that began before the event and still stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.events import PROBLEMS, EventType, generation_of
from domain.problems import Problem, ProblemCode, Problems, Severity, has

DESCRIPTIONS = {
    EventType.NAME_CHANGED: "The name of this access code was changed.",
    EventType.CODE_CHANGED: "The digits of this access code were changed.",
    EventType.TIME_FRAME_CHANGED: "The time frame of this access code was changed.",
}
"""What Seam's types for these events require besides from and to."""

ENVELOPE = frozenset(
    {
        "event_id",
        "event_type",
        "workspace_id",
        "created_at",
        "occurred_at",
        "access_code_id",
        "device_id",
        "connected_account_id",
    }
)
"""What every event may have: which one it is, when, and about what."""

_ABOUT_TROUBLE = frozenset(
    {
        EventType.DELAY_IN_SETTING,
        EventType.FAILED_TO_SET,
        EventType.FAILED_TO_REMOVE,
        EventType.UNMANAGED_NOT_CONVERTED,
    }
)
_INSTANTS = frozenset({"starts_at", "ends_at"})
_LEFT_OUT = object()


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event's row, and what stood wrong with its lock and its account."""

    id: UUID
    event_type: str
    workspace_id: UUID
    created_at: datetime
    occurred_at: datetime
    payload: Mapping[str, Any]
    access_code_id: UUID | None = None
    device_id: UUID | None = None
    account_id: UUID | None = None
    device_problems: Problems = ()
    account_problems: Problems = ()


def generations_in(payload: Any) -> frozenset[int]:
    """Name the generations of digits that an event refers to."""
    generation = generation_of(payload)
    if generation is not None:
        return frozenset({generation})
    inner = payload.values() if isinstance(payload, Mapping) else payload if isinstance(payload, list) else ()
    return frozenset().union(*map(generations_in, inner))


def body(event: StoredEvent, digits: Mapping[int, str]) -> dict[str, Any]:
    """Give the event's flat object.  `digits` by generation; those that are missing are left out."""
    told: dict[str, Any] = {
        "event_id": str(event.id),
        "event_type": event.event_type,
        "workspace_id": str(event.workspace_id),
        "created_at": wire_instant(event.created_at),
        "occurred_at": wire_instant(event.occurred_at),
    }
    about = {
        "access_code_id": event.access_code_id,
        "device_id": event.device_id,
        "connected_account_id": event.account_id,
    }
    told |= {name: str(subject) for name, subject in about.items() if subject is not None}
    payload = {name: value for name, value in event.payload.items() if name != PROBLEMS}
    return {**told, **_filled(payload, digits), **_required(event)}


def wire_instant(instant: datetime) -> str:
    """Write an instant as Seam does: UTC, to the millisecond."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03}Z"


def _required(event: StoredEvent) -> dict[str, Any]:
    """Give the fields that the event's type has besides its payload."""
    kind = event.event_type
    device = _split("device", _before(event, event.device_problems))
    account = _split("connected_account", _before(event, event.account_problems))
    if kind in DESCRIPTIONS:
        return {"description": DESCRIPTIONS[EventType(kind)]}
    if kind in _ABOUT_TROUBLE:
        own = tuple(Problem.model_validate(problem) for problem in event.payload.get(PROBLEMS, ()))
        return _split("access_code", own) | device | account
    if kind == EventType.DEVICE_DISCONNECTED:
        no_account = has(event.account_problems, ProblemCode.ACCOUNT_DISCONNECTED)
        reason = ProblemCode.ACCOUNT_DISCONNECTED if no_account else ProblemCode.DEVICE_DISCONNECTED
        return {"error_code": reason.value} | device | account
    return account if kind == EventType.ACCOUNT_DISCONNECTED else {}


def _before(event: StoredEvent, problems: Problems) -> Problems:
    return tuple(problem for problem in problems if problem.created_at <= event.occurred_at)


def _split(owner: str, problems: Problems) -> dict[str, Any]:
    return {
        f"{owner}_{severity}s": [
            {
                f"{severity}_code": problem.code,
                "message": problem.message,
                "created_at": wire_instant(problem.created_at),
            }
            for problem in problems
            if problem.severity is severity
        ]
        for severity in Severity
    }


def _filled(value: Any, digits: Mapping[int, str], name: str = "") -> Any:
    generation = generation_of(value)
    if generation is not None:
        return digits.get(generation, _LEFT_OUT)
    if isinstance(value, Mapping):
        filled = {
            key: _filled(inner, digits, value.get("property", key) if key in ("from", "to") else key)
            for key, inner in value.items()
        }
        return {key: inner for key, inner in filled.items() if inner is not _LEFT_OUT}
    if isinstance(value, list):
        return [_filled(inner, digits, name) for inner in value]
    if isinstance(value, str) and name in _INSTANTS:
        return wire_instant(datetime.fromisoformat(value))
    return value
