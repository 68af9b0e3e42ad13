"""The `unmanaged_access_code` resource: a code that somebody else put on a lock, as it was last seen there."""

from typing import Any, Literal
from uuid import UUID

from api.resources.base import Moment, Resource, Told
from domain.access_code import AccessCodeType, Status
from store.unmanaged_tables import UnmanagedCodeRow


class UnmanagedCodeResource(Resource):
    """Such a code as the API shows it."""

    access_code_id: UUID
    workspace_id: UUID
    device_id: UUID
    type: AccessCodeType = AccessCodeType.ONGOING
    name: str | None
    code: str | None
    created_at: Moment
    starts_at: None = None
    ends_at: None = None
    status: Status = Status.SET
    display_status: str = "Active"
    is_managed: Literal[False] = False
    cannot_be_managed: bool | None
    """True where the lock hides the digits: nobody could say whether it is the same code later."""
    cannot_delete_unmanaged_access_code: bool | None
    errors: tuple[Told, ...] = ()
    warnings: tuple[Told, ...] = ()
    dormakaba_oracode_metadata: dict[str, Any] | None = None


def unmanaged_code_resource(row: UnmanagedCodeRow, code: str | None) -> UnmanagedCodeResource:
    """Show such a code; `code` is its digits, None for who may not see them, and where the lock hides them."""
    is_hidden = True if row.pin_index is None else None
    return UnmanagedCodeResource(
        access_code_id=row.id,
        workspace_id=row.workspace_id,
        device_id=row.device_id,
        name=row.name,
        code=code,
        created_at=row.created_at,
        cannot_be_managed=is_hidden,
        cannot_delete_unmanaged_access_code=is_hidden,
    )
