"""The routes of workspaces: a key knows one, its own."""

from api.http.parameters import Nothing
from api.http.table import Body, Call
from api.resources.workspace import workspace_resource


async def get(call: Call[Nothing]) -> Body:
    """Show the key's workspace."""
    return {"workspace": workspace_resource(await call.services.accounts.workspace(call.workspace_id))}


async def list_workspaces(call: Call[Nothing]) -> Body:
    """Show the key's workspace as a list of one."""
    return {"workspaces": [workspace_resource(await call.services.accounts.workspace(call.workspace_id))]}
