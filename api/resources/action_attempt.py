"""The `action_attempt` resource: something asked for, and how it stands."""

from typing import Any
from uuid import UUID

from api.resources.access_code import AccessCodeResource
from api.resources.base import Resource
from domain.action_attempts import ActionType, AttemptStatus, Outcome
from store.api_tables import ActionAttemptRow


class ActionAttemptResource(Resource):
    """An action attempt as the API shows it."""

    action_attempt_id: UUID
    action_type: ActionType
    status: AttemptStatus
    result: dict[str, Any] | None
    error: dict[str, str] | None


def action_attempt_resource(
    row: ActionAttemptRow, stands: Outcome, access_code: AccessCodeResource | None
) -> ActionAttemptResource:
    """Show an attempt; `access_code` is the code as it is now, None when it was deleted."""
    action = ActionType(row.action_type)
    result: dict[str, Any] | None = None
    if stands.status is AttemptStatus.SUCCESS:
        shown = None if access_code is None else access_code.model_dump(mode="json")
        result = {} if action is ActionType.DELETE else {"access_code": shown}
        if row.moved is not None and action is not ActionType.DELETE:
            result = {"was_confirmed_by_device": row.moved["confirmed"]}
    failed = stands.status is AttemptStatus.ERROR
    return ActionAttemptResource(
        action_attempt_id=row.id,
        action_type=action,
        status=stands.status,
        result=result,
        error={"type": stands.error or "", "message": stands.message or ""} if failed else None,
    )
