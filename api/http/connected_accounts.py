"""The routes of connected accounts.  They are connected with `latchwork accounts add`, never over HTTP."""

from uuid import UUID

from api.http.failures import invalid, not_found
from api.http.paging import Paged, marked, page_asked, pagination
from api.http.parameters import Metadata, OfOneAccount, Parameters, Text, Words, changed_metadata
from api.http.simulated import not_a_sandbox
from api.http.table import Body, Call
from api.resources.connected_account import connected_account_resource
from store.tables import ConnectedAccountRow

DEFAULT_LIMIT = 11_000


class GetAccount(Parameters):
    """Parameters of `/connected_accounts/get`."""

    connected_account_id: UUID | None = None
    email: Text | None = None


class ListAccounts(Paged):
    """Parameters of `/connected_accounts/list`."""

    custom_metadata_has: Metadata | None = None
    customer_key: Text | None = None
    search: Text | None = None
    space_id: UUID | None = None
    user_identifier_key: Text | None = None


class UpdateAccount(OfOneAccount):
    """Parameters of `/connected_accounts/update`."""

    accepted_capabilities: Words | None = None
    automatically_manage_new_devices: bool | None = None
    custom_metadata: Metadata | None = None
    customer_key: Text | None = None
    display_name: Text | None = None


class DeleteAccount(OfOneAccount):
    """Parameters of `/connected_accounts/delete`."""

    sync: bool | None = None
    force: bool | None = None
    """Latchwork's own: also while codes on its locks have not ended."""


async def get(call: Call[GetAccount]) -> Body:
    """Show an account."""
    wanted = call.asked.connected_account_id
    if wanted is None:
        if call.asked.email is None:
            raise invalid("give connected_account_id or email")
        raise not_found("connected_account", "there is no connected account with this e-mail address")
    return {"connected_account": connected_account_resource(await mine(call, wanted))}


async def list_accounts(call: Call[ListAccounts]) -> Body:
    """Show the workspace's accounts, newest first."""
    asked = call.asked
    page = page_asked(asked, DEFAULT_LIMIT)
    if any(word is not None for word in (asked.customer_key, asked.space_id, asked.user_identifier_key)):
        return {"connected_accounts": [], "pagination": pagination(asked, None, call.url)}
    found = await call.services.accounts.page(
        call.workspace_id, page, search=asked.search, metadata=asked.custom_metadata_has or {}
    )
    rows, last = marked(found, page, lambda row: row)
    shown = [connected_account_resource(row) for row in rows]
    return {"connected_accounts": shown, "pagination": pagination(asked, last, call.url)}


async def update(call: Call[UpdateAccount]) -> Body:
    """Keep a name or metadata with an account."""
    asked = call.asked
    row = await mine(call, asked.connected_account_id)
    metadata = asked.custom_metadata
    await call.services.accounts.describe(
        row.id,
        name=asked.display_name,
        metadata=None if metadata is None else changed_metadata(row.custom_metadata, metadata),
    )
    return {}


async def delete(call: Call[DeleteAccount]) -> Body:
    """Forget an account and its locks; refused while codes on them have not ended, unless by force."""
    row = await mine(call, call.asked.connected_account_id)
    await call.services.accounts.remove(row.id, force=bool(call.asked.force))
    return {}


async def sync(call: Call[OfOneAccount]) -> Body:
    """Look at an account's locks now."""
    row = await mine(call, call.asked.connected_account_id)
    await call.services.accounts.sync(row.id)
    return {}


async def simulate_disconnect(call: Call[OfOneAccount]) -> Body:
    """Play at an account's being disconnected."""
    await mine(call, call.asked.connected_account_id)
    raise await not_a_sandbox(call)


async def mine(
    call: Call[GetAccount] | Call[UpdateAccount] | Call[DeleteAccount] | Call[OfOneAccount], account_id: UUID
) -> ConnectedAccountRow:
    """Give an account of the caller's workspace.

    Raises:
        ApiError: it has none with this id.
    """
    row = await call.services.accounts.get(account_id)
    if row is None or row.workspace_id != call.workspace_id:
        raise not_found("connected_account", f"there is no connected account {account_id}")
    return row
