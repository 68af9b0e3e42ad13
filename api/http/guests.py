"""The routes of guests, which Seam does not have.  Contacts are for those who may change them."""

from uuid import UUID

from pydantic import Field, ValidationError

from api.guests import KnownGuest
from api.http.failures import malformed
from api.http.paging import Paged, marked, page_asked, pagination
from api.http.parameters import Parameters, Text
from api.http.table import Body, Call
from api.resources.base import Moment, Resource
from domain.guests import Email, Guest, Language, Line, Note, Phone
from domain.scopes import Scope

DEFAULT_LIMIT = 500


class _Contact(Parameters):
    """What is said of a guest."""

    name: Line | None = None
    email: Email | None = None
    phone: Phone | None = None
    language: Language | None = None
    note: Note | None = None
    reservation: Line | None = None


class CreateGuest(_Contact):
    """Parameters of `/guests/create`."""


class OfOneGuest(Parameters):
    """A route about one guest."""

    guest_id: UUID


class UpdateGuest(_Contact):
    """Parameters of `/guests/update`; null takes a part of the contact away."""

    guest_id: UUID


class ListGuests(Paged):
    """Parameters of `/guests/list`."""

    reservation: Text | None = None


class GuestResource(Resource):
    """A guest as the API shows one."""

    guest_id: UUID
    created_at: Moment
    contact: Guest | None = Field(description="Null where the key may not change guests.")


async def create(call: Call[CreateGuest]) -> Body:
    """Keep a guest's contact."""
    made = await call.services.guests.create(call.workspace_id, call.id_of("guest"), Guest(**dict(call.asked)))
    return {"guest_id": made.guest_id}


async def get(call: Call[OfOneGuest]) -> Body:
    """Show a guest."""
    return {"guest": _shown(call, await call.services.guests.get(call.workspace_id, call.asked.guest_id))}


async def list_guests(call: Call[ListGuests]) -> Body:
    """Show the workspace's guests, newest first."""
    page = page_asked(call.asked, DEFAULT_LIMIT)
    found = await call.services.guests.list(call.workspace_id, page, reservation=call.asked.reservation)
    kept, last = marked(found, page, lambda one: one)
    return {
        "guests": [_shown(call, one) for one in kept],
        "pagination": pagination(call.asked, last, call.url),
    }


async def update(call: Call[UpdateGuest]) -> Body:
    """Correct a guest's contact."""
    change = call.asked.model_dump(exclude={"guest_id"}, exclude_unset=True)
    try:
        await call.services.guests.update(call.workspace_id, call.asked.guest_id, change)
    except ValidationError as error:
        raise malformed(error) from None
    return {}


async def delete(call: Call[OfOneGuest]) -> Body:
    """Forget a guest now."""
    await call.services.guests.delete(call.workspace_id, call.asked.guest_id)
    return {}


def _shown(call: Call[OfOneGuest] | Call[ListGuests], guest: KnownGuest) -> GuestResource:
    contact = guest.contact if call.caller.may(Scope.WRITE) else None
    return GuestResource(guest_id=guest.guest_id, created_at=guest.created_at, contact=contact)
