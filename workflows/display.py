"""What a person reads of a code in the Temporal UI: its state and the reason for it, never its digits."""

from datetime import datetime
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from domain.access_code import AccessCode, Presence
from domain.devices import DeviceCard
from domain.lifecycle import Action, Decision, status
from domain.problems import Severity
from workflows.contracts import SearchAttribute

_KEYS: dict[SearchAttribute, SearchAttributeKey[Any]] = {
    SearchAttribute.CODE_STATUS: SearchAttributeKey.for_keyword(SearchAttribute.CODE_STATUS),
    SearchAttribute.DEVICE_ID: SearchAttributeKey.for_keyword(SearchAttribute.DEVICE_ID),
    SearchAttribute.WORKSPACE_ID: SearchAttributeKey.for_keyword(SearchAttribute.WORKSPACE_ID),
    SearchAttribute.HAS_PROBLEM: SearchAttributeKey.for_bool(SearchAttribute.HAS_PROBLEM),
    SearchAttribute.STARTS_AT: SearchAttributeKey.for_datetime(SearchAttribute.STARTS_AT),
    SearchAttribute.ENDS_AT: SearchAttributeKey.for_datetime(SearchAttribute.ENDS_AT),
}

_ON_LOCK = {
    Presence.ABSENT: "nothing of it is on the lock",
    Presence.PRESENT: "it was read back from the lock",
    Presence.MAYBE: "it may be on the lock; nobody has seen yet",
}


def search_attributes(code: AccessCode, device: DeviceCard, now: datetime) -> dict[SearchAttribute, Any]:
    """Give the values that operators filter by; None where there is none."""
    return {
        SearchAttribute.CODE_STATUS: status(code, now).value,
        SearchAttribute.DEVICE_ID: str(device.device_id),
        SearchAttribute.WORKSPACE_ID: str(device.workspace_id),
        SearchAttribute.HAS_PROBLEM: bool(code.problems),
        SearchAttribute.STARTS_AT: code.wish.starts_at,
        SearchAttribute.ENDS_AT: code.wish.ends_at,
    }


def updates(shown: dict[SearchAttribute, Any], wanted: dict[SearchAttribute, Any]) -> list[SearchAttributeUpdate[Any]]:
    """List what differs from what is shown, as one command's worth of updates."""
    return [
        _KEYS[name].value_unset() if value is None else _KEYS[name].value_set(value)
        for name, value in wanted.items()
        if shown.get(name) != value
    ]


def shown_at_start(attributes: Any) -> dict[SearchAttribute, Any]:
    """Read what the starter set, which costs nothing; a foreign caller may have set nothing."""
    return {name: attributes.get(key) for name, key in _KEYS.items()}


def details(code: AccessCode, device: DeviceCard, decision: Decision, now: datetime, *, trying: bool) -> str:
    """Write the live status of a code in markdown."""
    lines = [
        f"**{status(code, now)}** on **{device.name}**: {_ON_LOCK[code.on_lock.presence]}.",
        "",
        f"- wanted from {_when(code.wish.starts_at, 'its creation')} to {_when(code.wish.ends_at, 'its deletion')}",
        f"- next: {_next(decision, trying=trying)}",
    ]
    if code.backup.access_code_id is not None:
        lines.append(f"- backup code `{code.backup.access_code_id}` stands in")
    elif code.backup.wanted_at is not None:
        lines.append(f"- asks for a backup code since {_when(code.backup.wanted_at, '')}")
    if code.wish.ending is not None:
        lines.append(f"- {code.wish.ending} at {_when(code.wish.ending_at, '')}")
    for problem in code.problems:
        sign = "❌" if problem.severity is Severity.ERROR else "⚠️"
        lines.append(f"- {sign} `{problem.code}` since {_when(problem.created_at, '')}: {problem.message}")
    return "\n".join(lines)


def waiting_for(decision: Decision) -> str:
    """Label the timer of a wait."""
    match decision.action:
        case Action.WAIT:
            return f"asleep until {_when(decision.wake_at, '')}"
        case action:
            return f"{action} goes on; looks again at {_when(decision.wake_at, '')}"


def _next(decision: Decision, *, trying: bool) -> str:
    match decision.action:
        case Action.WAIT:
            return f"wakes at {_when(decision.wake_at, 'the next message')}"
        case Action.FINISH:
            return "nothing; it has ended"
        case action:
            return f"{action}{', trying again until it is proven' if trying else ''}"


def _when(instant: datetime | None, otherwise: str) -> str:
    return otherwise if instant is None else instant.strftime("%Y-%m-%d %H:%M:%S UTC")
