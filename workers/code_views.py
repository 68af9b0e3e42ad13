"""An access code as the command shows it: to people in the lock's own time, to programs in UTC with every field."""

from datetime import datetime
from typing import Any

from domain.lifecycle import status
from domain.problems import Problem, Severity
from store.codes import StoredCode
from store.devices import facts_of
from workers.moments import show_moment
from workflows.contracts import AccessCodeReceipt


def stored_brief(stored: StoredCode, now: datetime, *, as_json: bool) -> dict[str, Any]:
    """Give the columns of a listing, or for programs everything."""
    facts = stored_facts(stored, now, as_json=as_json)
    if as_json:
        return facts
    columns = ("access_code_id", "name", "device_name", "status", "starts_at", "ends_at")
    brief = {column: facts[column] for column in columns}
    return {**brief, "problems": [problem.code for problem in stored.problems]}


def stored_facts(stored: StoredCode, now: datetime, *, as_json: bool) -> dict[str, Any]:
    """Give everything of one code but its digits."""
    wish, problems = stored.code.wish, stored.problems
    zone = facts_of(stored.device).time_zone

    def moment(instant: datetime | None) -> Any:
        return (instant and instant.isoformat()) if as_json else show_moment(instant, zone)

    return {
        "access_code_id": stored.row.id,
        "name": stored.row.name,
        "device_id": stored.device.id,
        "device_name": stored.device.name,
        "workspace_id": stored.row.workspace_id,
        "type": wish.type,
        "status": status(stored.code, now, readable=stored.is_readable),
        "starts_at": moment(wish.starts_at),
        "ends_at": moment(wish.ends_at),
        "created_at": moment(stored.row.created_at),
        "is_ended": stored.code.closed,
        "errors": _told(problems, Severity.ERROR, as_json=as_json),
        "warnings": _told(problems, Severity.WARNING, as_json=as_json),
    }


def deletion_facts(receipt: AccessCodeReceipt, *, is_gone: bool) -> dict[str, Any]:
    """Give what is left to say of a code that is being deleted; `is_gone`: its absence was read back."""
    return {"access_code_id": receipt.access_code_id, "device_name": receipt.device_name, "is_gone": is_gone}


def _told(problems: tuple[Problem, ...], severity: Severity, *, as_json: bool) -> list[Any]:
    chosen = [problem for problem in problems if problem.severity is severity]
    if not as_json:
        return [f"{problem.code}: {problem.message}" for problem in chosen]
    name = f"{severity}_code"
    return [
        {name: problem.code, "message": problem.message, "created_at": problem.created_at.isoformat()}
        for problem in chosen
    ]
