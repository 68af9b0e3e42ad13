"""The routes of action attempts."""

from uuid import UUID

from api.http.failures import not_found
from api.http.paging import Paged, marked, page_asked, pagination
from api.http.parameters import Ids, Parameters
from api.http.showing import show_attempt
from api.http.table import Body, Call
from store.pages import Page

DEFAULT_LIMIT = 500


class GetAttempt(Parameters):
    """Parameters of `/action_attempts/get`."""

    action_attempt_id: UUID


class ListAttempts(Paged):
    """Parameters of `/action_attempts/list`."""

    action_attempt_ids: Ids | None = None
    device_id: UUID | None = None


async def get(call: Call[GetAttempt]) -> Body:
    """Show one, as it stands now."""
    wanted = call.asked.action_attempt_id
    found = await call.services.attempts.page(call.workspace_id, Page(limit=1), ids=[wanted])
    if not found:
        raise not_found("action_attempt", f"there is no action attempt {wanted}")
    return {"action_attempt": await show_attempt(call, found[0])}


async def list_attempts(call: Call[ListAttempts]) -> Body:
    """Show them, newest first, each as it stands now."""
    asked = call.asked
    page = page_asked(asked, DEFAULT_LIMIT)
    found = await call.services.attempts.page(
        call.workspace_id, page, ids=asked.action_attempt_ids, device_id=asked.device_id
    )
    rows, last = marked(found, page, lambda row: row)
    shown = [await show_attempt(call, row) for row in rows]
    return {"action_attempts": shown, "pagination": pagination(asked, last, call.url)}
