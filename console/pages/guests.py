"""A code's guest: who it is, what they were told, and telling them now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4, uuid5

from pydantic import ValidationError

from console.message_views import guest_card
from console.table import Page, Redirect, Visit
from console.words import sentence
from domain.audit import AuditAction
from domain.guests import Guest
from domain.message_text import MessageKind
from domain.refusals import RefusalType, RefusedError
from store.codes import StoredCode

FIELDS = tuple(Guest.model_fields)


async def card(visit: Visit) -> Page:
    """Show whose the code is, and what they were told."""
    stored, sent = await _stored(visit), visit.query.get("sent")
    return await _card(visit, stored, sent=_id(sent))


async def edit(visit: Visit) -> Page:
    """Show the form of the guest's contact."""
    stored = await _stored(visit)
    known = (await guest_card(visit, stored.row.id)).guest
    contact = Guest() if known is None else known.contact
    return _form(stored, {name: getattr(contact, name) or "" for name in FIELDS}, {})


async def save(visit: Visit) -> Page | Redirect:
    """Keep the contact: a correction of the code's guest, or somebody new."""
    stored, guests = await _stored(visit), visit.services.guests
    try:
        contact = read_contact(visit)
    except ValidationError as error:
        return _form(stored, dict(visit.form), refusals_of(error))
    known = (await guest_card(visit, stored.row.id)).guest
    try:
        if known is not None and visit.form.get("person") != "other":
            await guests.update(visit.workspace_id, known.guest_id, contact.model_dump())
        else:
            made = await guests.create(visit.workspace_id, _request(visit), contact)
            await guests.give(visit.workspace_id, stored.row.id, made.guest_id)
    except RefusedError as error:
        return _form(stored, dict(visit.form), {"form": sentence(error.refusal.message)})
    await visit.services.audit.note(visit.user, AuditAction.GUEST_CHANGED, access_code_id=stored.row.id)
    return Redirect(f"/console/codes/{stored.row.id}")


async def send(visit: Visit) -> Page:
    """Have the guest told the digits now; pressing twice is pressing once."""
    stored, id = await _stored(visit), _request(visit)
    try:
        await visit.services.messages.send(visit.workspace_id, stored.row.id, visit.now, id=id)
    except RefusedError as error:
        if error.refusal.type is RefusalType.STORE_UNAVAILABLE:
            raise
        return await _card(visit, stored, refusal=sentence(error.refusal.message))
    await visit.services.audit.note_once(
        visit.user, AuditAction.MESSAGE_SENT, access_code_id=stored.row.id, subject=str(id)
    )
    return await _card(visit, stored, sent=id)


@asynccontextmanager
async def guest_of_new(visit: Visit, code_id: UUID, contact: Guest) -> AsyncIterator[None]:
    """Say whose a code is that the block registers; nobody's where nothing is known of a guest."""
    if contact == Guest():
        yield
        return
    guests = visit.services.guests
    made = await guests.create(visit.workspace_id, uuid5(code_id, "guest"), contact)
    async with guests.introduced(visit.workspace_id, code_id, made.guest_id, is_new=True):
        yield


async def tell_backup(visit: Visit, backup_id: UUID) -> str:
    """Have the guest told a backup code that was just pulled, and say in words what becomes of it.

    Of two people who pull at once, both tell the guest, who is told once.
    """
    settings = await visit.services.message_settings.get(visit.workspace_id)
    if MessageKind.BACKUP not in settings.automatic:
        id = uuid5(backup_id, "asked for with the pull")
        try:
            await visit.services.messages.send(visit.workspace_id, backup_id, visit.now, id=id)
        except RefusedError as error:
            if error.refusal.type is RefusalType.STORE_UNAVAILABLE:
                raise
            return f"The guest was not told: {error.refusal.message}."
    return "It is on its way to the guest, too."


async def guest_shown(
    visit: Visit, stored: StoredCode, *, refusal: str | None = None, sent: UUID | None = None
) -> dict[str, Any]:
    """Give what the guest's card shows, on its own page and on the code's."""
    card = await guest_card(visit, stored.row.id, refusal=refusal, sent=sent)
    return {
        "code_id": stored.row.id,
        "code_name": stored.row.name or "Without a name",
        "zone": stored.facts.time_zone,
        "is_over": stored.code.closed or stored.code.wish.ending is not None,
        "card": card,
        "sent": sent,
        "request": uuid4(),
    }


def read_contact(visit: Visit, prefix: str = "") -> Guest:
    """Read a contact out of a form, whose fields may have a prefix.

    Raises:
        ValidationError: a field cannot be; nothing of it is repeated.
    """
    return Guest.model_validate({name: visit.filled(f"{prefix}{name}") for name in FIELDS})


def refusals_of(error: ValidationError, prefix: str = "") -> dict[str, str]:
    """Say what is wrong with a contact, by the form's field."""
    parts = error.errors(include_input=False)
    return {f"{prefix}{part['loc'][0]}": sentence(f"it {part['msg']}") for part in parts}


async def _card(visit: Visit, stored: StoredCode, *, refusal: str | None = None, sent: UUID | None = None) -> Page:
    shown = await guest_shown(visit, stored, refusal=refusal, sent=sent)
    return Page("code_guest_page.html", {"mark": await visit.live.mark(), **shown})


def _form(stored: StoredCode, values: dict[str, str], refusals: dict[str, str]) -> Page:
    shown = {
        "code_id": stored.row.id,
        "code_name": stored.row.name or "Without a name",
        "values": {name: values.get(name, "") for name in (*FIELDS, "person")},
        "refusals": refusals,
        "request": uuid4(),
    }
    return Page("guest_edit.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if refusals else HTTPStatus.OK)


def _request(visit: Visit) -> UUID:
    return _id(visit.form.get("request")) or uuid4()


def _id(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


async def _stored(visit: Visit) -> StoredCode:
    return await visit.services.codes.get(visit.id("code_id"), workspace_id=visit.workspace_id)
