"""The `access_code` resource: a stored code in Seam's shape, with the problems of its lock and its account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from api.resources.base import Moment, Resource, Told, told, told_problems
from domain.access_code import AccessCodeType, Status
from domain.common_keys import shown_key
from domain.lifecycle import is_over, is_scheduled, status
from domain.pending_mutations import PendingMutation, pending_mutations
from domain.problems import Problem, ProblemCode, Severity
from store.codes import StoredCode

OF_DEVICE = frozenset(
    {
        ProblemCode.DEVICE_DISCONNECTED,
        ProblemCode.DEVICE_REMOVED,
        ProblemCode.PROVIDER_ISSUE,
        ProblemCode.EMPTY_POOL,
        ProblemCode.PARTIAL_POOL,
        ProblemCode.MANY_ACTIVE_BACKUPS,
        ProblemCode.MAX_CODES_REACHED,
    }
)
OF_ACCOUNT = frozenset({ProblemCode.ACCOUNT_DISCONNECTED})


class AccessCodeResource(Resource):
    """An access code as the API shows it."""

    access_code_id: UUID
    workspace_id: UUID
    device_id: UUID
    type: AccessCodeType
    name: str | None
    code: str | None = Field(description="The digits; null where the key may not see them.")
    common_code_key: str | None
    created_at: Moment
    starts_at: Moment | None
    ends_at: Moment | None
    status: Status
    display_status: str
    is_managed: Literal[True] = True
    is_backup: bool
    is_backup_access_code_available: bool
    pulled_backup_access_code_id: UUID | None
    is_external_modification_allowed: bool
    is_offline_access_code: bool = False
    is_one_time_use: bool = False
    is_scheduled_on_device: bool = False
    is_waiting_for_code_assignment: bool = False
    errors: list[Told]
    warnings: list[Told]
    pending_mutations: list[dict[str, Any]]
    appearance: None = None
    dormakaba_oracode_metadata: None = None


def access_code_resource(
    stored: StoredCode, code: str | None, *, has_backup: bool, now: datetime
) -> AccessCodeResource:
    """Show a code; `code` is its digits, None for who may not see them; `has_backup`: a pull would bring a backup."""
    row, wish = stored.row, stored.code.wish
    stands = status(stored.code, now, readable=stored.is_readable)
    return AccessCodeResource(
        access_code_id=row.id,
        workspace_id=row.workspace_id,
        device_id=row.device_id,
        type=wish.type,
        name=row.name,
        code=code,
        common_code_key=shown_key(row.common_code_key),
        created_at=row.created_at,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        status=stands,
        display_status=_displayed(stored, stands, now),
        is_backup=row.backup_id is not None,
        is_scheduled_on_device=is_scheduled(stored.code),
        is_backup_access_code_available=has_backup,
        pulled_backup_access_code_id=stored.code.backup.access_code_id,
        is_external_modification_allowed=stored.code.allows_external_modification,
        errors=_problems(stored.problems, Severity.ERROR),
        warnings=_problems(stored.problems, Severity.WARNING),
        pending_mutations=[_mutation(one) for one in pending_mutations(stored.code, now)],
    )


def _displayed(stored: StoredCode, stands: Status, now: datetime) -> str:
    """Say in a word for people how it stands."""
    match stands:
        case Status.SET:
            return "Active"
        case Status.SETTING:
            return "Issuing"
        case Status.REMOVING:
            return "Removing"
        case Status.UNKNOWN:
            return "Unknown"
        case Status.UNSET:
            return "Expired" if is_over(stored.code, now) else "Scheduled"


def _problems(problems: Sequence[Problem], severity: Severity) -> list[Told]:
    """Merge the problems of the code, its lock and its account, each with its flag."""
    shown = []
    for problem in problems:
        kind = "connected_account" if problem.code in OF_ACCOUNT else "device" if problem.code in OF_DEVICE else None
        flags = {f"is_{kind or 'access_code'}_{severity.value}": True}
        shown += told_problems([problem], severity, **flags)
    return shown


def _mutation(pending: PendingMutation) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "mutation_code": pending.mutation_code.value,
        "message": pending.message,
        "created_at": told(pending.created_at),
    }
    if pending.scheduled_at is not None:
        shown["scheduled_at"] = told(pending.scheduled_at)
    return shown
