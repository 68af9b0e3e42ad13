"""The `workspace` resource: the tenant that a key speaks for."""

from typing import Any
from uuid import UUID

from api.resources.base import Resource
from store.tables import WorkspaceRow


class WorkspaceResource(Resource):
    """A workspace as the API shows it."""

    workspace_id: UUID
    name: str
    company_name: str
    connect_partner_name: str | None = None
    is_sandbox: bool = False
    is_suspended: bool = False
    is_publishable_key_auth_enabled: bool = False
    organization_id: UUID | None = None
    connect_webview_customization: dict[str, Any]


def workspace_resource(row: WorkspaceRow) -> WorkspaceResource:
    """Show a workspace."""
    return WorkspaceResource(
        workspace_id=row.id, name=row.name, company_name=row.name, connect_webview_customization={}
    )
