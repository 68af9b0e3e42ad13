"""Whose a code is, as callers say it where they create or change one: by a guest's id, or by the contact itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol
from uuid import UUID

from api.http.failures import invalid
from api.http.table import Call
from domain.guests import Guest


class _Asked(Protocol):
    guest: Guest | None
    guest_id: UUID | None


@asynccontextmanager
async def introduced(call: Call[Any], access_code_id: UUID) -> AsyncIterator[None]:
    """Say whose a code is before it is registered, and take that back when it is refused."""
    guest_id = await _named(call)
    if guest_id is None:
        yield
        return
    is_new = call.asked.guest is not None
    async with call.services.guests.introduced(call.workspace_id, access_code_id, guest_id, is_new=is_new):
        yield


async def give(call: Call[Any], access_code_id: UUID) -> None:
    """Say whose a code is that is registered; a contact corrects that of its guest, where it has one."""
    guests, asked = call.services.guests, call.asked
    known = (await guests.of_codes([access_code_id])).get(access_code_id)
    if asked.guest is not None and asked.guest_id is None and known is not None:
        await guests.update(call.workspace_id, known, asked.guest.model_dump(exclude_unset=True))
        return
    guest_id = await _named(call)
    if guest_id is not None:
        await guests.give(call.workspace_id, access_code_id, guest_id)


async def _named(call: Call[Any]) -> UUID | None:
    """Give the guest's id, of one that is made where a contact is given; None where nobody is named."""
    asked: _Asked = call.asked
    if asked.guest is not None and asked.guest_id is not None:
        raise invalid("give guest or guest_id, not both", "guest")
    if asked.guest is None:
        return asked.guest_id
    made = await call.services.guests.create(call.workspace_id, call.id_of("guest"), asked.guest)
    return made.guest_id
