"""The `connected_account` resource: an account at a lock vendor, without what it signs in with."""

from typing import Any
from uuid import UUID

from api.resources.base import Moment, Resource, Told, told_problems
from domain.problems import ProblemCode, Problems, Severity, raised
from store.tables import ConnectedAccountRow


class ConnectedAccountResource(Resource):
    """An account as the API shows it."""

    connected_account_id: UUID
    workspace_id: UUID
    account_type: str
    account_type_display_name: str
    display_name: str
    user_identifier: dict[str, Any] | None = None
    automatically_manage_new_devices: bool = True
    accepted_capabilities: tuple[str, ...] = ("lock",)
    custom_metadata: dict[str, Any]
    created_at: Moment
    errors: list[Told]
    warnings: list[Told]


def connected_account_resource(row: ConnectedAccountRow) -> ConnectedAccountResource:
    """Show an account."""
    problems: Problems = ()
    if row.disconnected_at is not None:
        problems = raised((), ProblemCode.ACCOUNT_DISCONNECTED, row.disconnected_at)
    flag = {"is_connected_account_error": True}
    return ConnectedAccountResource(
        connected_account_id=row.id,
        workspace_id=row.workspace_id,
        account_type=row.provider,
        account_type_display_name=row.provider.replace("_", " ").capitalize(),
        display_name=row.nickname or row.name,
        custom_metadata=row.custom_metadata,
        created_at=row.created_at,
        errors=told_problems(problems, Severity.ERROR, **flag),
        warnings=[],
    )
