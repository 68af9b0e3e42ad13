"""What guests were told, and what they are told by itself."""

from console.message_views import MOST_MESSAGES, message_view
from console.message_words import KIND_HINTS, KINDS
from console.table import Page, Visit
from domain.roles import Role
from store.pages import Page as Rows


async def page(visit: Visit) -> Page:
    """Show the newest messages, and what is switched on."""
    services, may_act = visit.services, visit.user.may(Role.OPERATOR)
    found = await services.messages.list(visit.workspace_id, Rows(MOST_MESSAGES))
    settings = await services.message_settings.get(visit.workspace_id)
    shown = {
        "messages": [message_view(message, may_act=may_act) for message in found[:MOST_MESSAGES]],
        "automatic": [KINDS[kind] for kind in settings.automatic],
        "kinds": [(KINDS[kind], KIND_HINTS[kind], kind in settings.automatic) for kind in KINDS],
        "channels": await services.message_channels.list(visit.workspace_id),
        "may_set_up": visit.user.may(Role.ADMIN),
    }
    return Page("messages.html", shown)
