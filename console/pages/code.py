"""A code's page: how it stands and why, its digits for whoever asks, and help for a guest who cannot get in."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from console.code_views import CodeView, view
from console.pages.code_edit import EXTENSIONS
from console.pages.guests import guest_shown, tell_backup
from console.story import last_read, story
from console.table import Page, Visit
from console.words import sentence
from domain.audit import AuditAction
from domain.refusals import RefusalType, RefusedError, refuse
from domain.roles import Role
from store.codes import StoredCode
from workflows.contracts import access_code_workflow_id

HIDDEN_AFTER_SECONDS = 60
"""How long digits stay on the page of whoever asked for them."""


@dataclass(frozen=True, slots=True)
class Help:
    """What was done for a guest who cannot get in."""

    backup_id: UUID | None = None
    """The backup code that stands in; None: none does."""
    digits: str | None = None
    by: str | None = None
    """Who pulled it at the console; None: nobody did."""
    by_id: UUID | None = None
    by_itself: bool = False
    """Nobody asked: the code's workflow pulled."""
    at: datetime | None = None
    is_mine: bool = False
    told: str | None = None
    """Whether the guest is told by message, in words; None: nobody asked just now."""
    refusal: str | None = None
    """Why no backup code could be had, in words."""


async def page(visit: Visit) -> Page:
    """Show the code."""
    mark = await visit.live.mark()
    stored = await _stored(visit)
    return Page("code.html", {"mark": mark, **await _shown(visit, stored, await _help(visit, stored))})


async def reveal(visit: Visit) -> Page:
    """Show the digits to whoever asks; that they asked stands written before."""
    stored = await _stored(visit)
    digits = await _revealed(visit, stored.row.id, stored.device.id)
    shown = {"code": view(stored, visit.now), "digits": digits, "hidden_after": HIDDEN_AFTER_SECONDS}
    return Page("code_pin.html", shown, headers={"hx-trigger-after-settle": "latchwork:looked"})


async def hide(visit: Visit) -> Page:
    """Take the digits off the page again."""
    stored = await _stored(visit)
    return Page("code_pin.html", {"code": view(stored, visit.now), "digits": None, "hidden_after": 0})


async def pull(visit: Visit) -> Page:
    """Have a backup code stand in, and show its digits: a guest is at the door.

    Whoever comes second gets the same backup, and is told who was first.
    """
    stored = await _stored(visit)
    code_id = stored.row.id
    try:
        receipt = await visit.services.codes.pull_backup(code_id)
        backup_id = receipt.pulled_backup_access_code_id
        if backup_id is None:
            raise refuse(RefusalType.BACKUP_NOT_FOUND, "no backup code is ready just now")
    except RefusedError as error:
        if error.refusal.type is RefusalType.STORE_UNAVAILABLE:
            raise
        given = Help(refusal=sentence(error.refusal.message))
    else:
        subject = str(backup_id)
        await visit.services.audit.note_once(
            visit.user, AuditAction.BACKUP_PULLED, access_code_id=code_id, subject=subject
        )
        digits = await _revealed(visit, backup_id, stored.device.id)
        stored = await _stored(visit)
        given = replace(await _help(visit, stored, backup_id, digits), told=await tell_backup(visit, backup_id))
    if visit.is_partial:
        return Page("code_help.html", {"code": view(stored, visit.now), "help": given, "may_act": True})
    mark = await visit.live.mark()
    return Page("code.html", {"mark": mark, **await _shown(visit, stored, given)})


async def _revealed(visit: Visit, code_id: UUID, device_id: UUID) -> str:
    await visit.services.audit.note(visit.user, AuditAction.CODE_REVEALED, access_code_id=code_id, device_id=device_id)
    return (await visit.services.codes.reveal(code_id, visit.services.keyring)).get_secret_value()


async def _help(visit: Visit, stored: StoredCode, backup_id: UUID | None = None, digits: str | None = None) -> Help:
    """Say which backup code stands in, and who saw to it."""
    backup_id = backup_id or stored.code.backup.access_code_id
    if backup_id is None:
        return Help()
    deeds = await visit.services.audit.about_code(stored.row.id)
    pulls = [deed for deed in deeds if deed.action == AuditAction.BACKUP_PULLED and deed.subject == str(backup_id)]
    if not pulls:
        return Help(backup_id, digits, by_itself=stored.code.backup.by_itself)
    first = pulls[-1]
    is_mine = first.user_id == visit.user.user_id
    return Help(backup_id, digits, first.user_name, first.user_id, at=first.occurred_at, is_mine=is_mine)


async def _shown(visit: Visit, stored: StoredCode, given: Help) -> dict[str, Any]:
    services, now = visit.services, visit.now
    shown: CodeView = view(stored, now)
    original = stored.row.stands_in_for
    return {
        "code": shown,
        "stored": stored,
        "generation": stored.code.wish.pin_generation,
        "digits": None,
        "hidden_after": HIDDEN_AFTER_SECONDS,
        "help": given,
        "original": original,
        "has_backup": await services.codes.has_backup(stored),
        "story": await story(services, stored, now),
        "read": await last_read(services, stored),
        "workflow": _workflow(visit, stored.row.id),
        "extensions": EXTENSIONS,
        "may_act": visit.user.may(Role.OPERATOR),
        **await guest_shown(visit, stored),
    }


def _workflow(visit: Visit, code_id: UUID) -> str | None:
    """Give the address of the code's workflow in the Temporal UI; None where no UI is known."""
    ui, namespace = visit.settings.temporal_ui, visit.settings.temporal_namespace
    if ui is None:
        return None
    workflow_id = quote(access_code_workflow_id(code_id), safe="")
    return f"{ui.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows/{workflow_id}"


async def _stored(visit: Visit) -> StoredCode:
    return await visit.services.codes.get(visit.id("code_id"), workspace_id=visit.workspace_id)
