"""Asking for a code, and changing one: the same rules as the API, refused beside the field in words."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from pydantic import ValidationError

from console.code_forms import Filled, filled, request_id
from console.code_views import view
from console.locks_known import KnownLocks, known_locks
from console.pages.guests import guest_of_new, read_contact, refusals_of
from console.table import Page, Redirect, Visit
from domain.audit import AuditAction
from domain.guests import Guest
from domain.local_times import local_text, zone_of
from domain.refusals import RefusedError
from domain.requests import CodeChange, CodeRequest, CodeWindow
from store.codes import StoredCode

EXTENSIONS = {"1": "1 hour", "2": "2 hours", "4": "4 hours", "24": "1 day", "168": "1 week"}
"""In hours."""
GUEST_PREFIX = "guest_"
"""Of the form's fields that are about the guest."""
KEEP, CHOOSE, OWN = "keep", "choose", "own"


async def new(visit: Visit) -> Page:
    """Show the form for a new code; an address may fill some of it in."""
    values = {name: visit.query[name] for name in ("lock", "name", "starts", "ends") if name in visit.query}
    locks = await known_locks(visit.services.database, visit.workspace_id)
    return _new(locks, Filled(values), uuid4())


async def create(visit: Visit) -> Page | Redirect:
    """Register a code, and go to its page."""
    form, locks = filled(visit), await known_locks(visit.services.database, visit.workspace_id)
    code_id = request_id(visit)
    lock = next((lock for lock in locks.all if str(lock.id) == form.text("lock")), None)
    if lock is None:
        form.refusals["lock"] = "Choose a lock."
    zone, _ = zone_of(None if lock is None else lock.time_zone)
    starts, ends = form.instant("starts", zone), form.instant("ends", zone)
    form.order(starts, ends, visit.now)
    name, digits, guest = form.name(), form.digits(), _guest(visit, form)
    if form.refusals or lock is None:
        return _new(locks, form, code_id)
    request = CodeRequest(
        device_id=lock.id,
        workspace_id=visit.workspace_id,
        name=name,
        starts_at=starts,
        ends_at=ends,
        use_backup_access_code_pool=form.text("pool") is not None,
    )
    try:
        async with guest_of_new(visit, code_id, guest):
            await visit.services.codes.create(request, access_code_id=code_id, pin=digits)
    except RefusedError as error:
        form.refused(error)
        return _new(locks, form, uuid4())
    await visit.services.audit.note(visit.user, AuditAction.CODE_CREATED, access_code_id=code_id, device_id=lock.id)
    return Redirect(f"/console/codes/{code_id}")


async def edit(visit: Visit) -> Page:
    """Show the form for a change, filled in as the code is."""
    stored = await _stored(visit)
    wish, (zone, _) = stored.code.wish, zone_of(stored.facts.time_zone)
    values = {
        "name": stored.row.name or "",
        "starts": "" if wish.starts_at is None else local_text(wish.starts_at, zone),
        "ends": "" if wish.ends_at is None else local_text(wish.ends_at, zone),
        "digits_are": KEEP,
    }
    return _edit(stored, Filled(values), uuid4(), visit.now)


async def change(visit: Visit) -> Page | Redirect:
    """Change a code: only what was filled in otherwise."""
    stored, form = await _stored(visit), filled(visit)
    wish, (zone, _) = stored.code.wish, zone_of(stored.facts.time_zone)
    starts = _unchanged(form, "starts", wish.starts_at, zone)
    ends = _unchanged(form, "ends", wish.ends_at, zone)
    form.order(starts, ends, visit.now)
    name, digits = form.name() or "", form.digits() if form.text("digits_are") == OWN else None
    if form.text("digits_are") == OWN and digits is None:
        form.refusals["digits"] = "Fill in the digits, or choose otherwise above."
    if form.refusals:
        return _edit(stored, form, request_id(visit), visit.now)
    moved = (starts, ends) != (wish.starts_at, wish.ends_at)
    asked = CodeChange(
        name=None if name == (stored.row.name or "") else name,
        window=CodeWindow(starts_at=starts, ends_at=ends) if moved else None,
        new_digits=form.text("digits_are") == CHOOSE,
    )
    if asked != CodeChange() or digits is not None:
        try:
            update_id = f"console-{request_id(visit)}"
            await visit.services.codes.change(stored.row.id, asked, pin=digits, update_id=update_id)
        except RefusedError as error:
            form.refused(error)
            return _edit(stored, form, uuid4(), visit.now)
        await _note(visit, stored, AuditAction.CODE_CHANGED)
    return Redirect(f"/console/codes/{stored.row.id}")


async def extend(visit: Visit) -> Redirect:
    """Move the end on; digits and place on the lock stay."""
    stored = await _stored(visit)
    wish, hours = stored.code.wish, visit.filled("hours")
    if wish.ends_at is not None and hours in EXTENSIONS:
        ends_at = max(wish.ends_at, visit.now) + timedelta(hours=int(hours))
        window = CodeWindow(starts_at=wish.starts_at, ends_at=ends_at)
        update_id = f"console-{request_id(visit)}"
        await visit.services.codes.change(stored.row.id, CodeChange(window=window), update_id=update_id)
        await _note(visit, stored, AuditAction.CODE_CHANGED)
    return Redirect(f"/console/codes/{stored.row.id}")


async def delete(visit: Visit) -> Redirect:
    """Have a code removed from its lock and then forgotten."""
    stored = await _stored(visit)
    await visit.services.codes.delete(stored.row.id)
    await _note(visit, stored, AuditAction.CODE_DELETED)
    return Redirect("/console/codes")


async def _stored(visit: Visit) -> StoredCode:
    return await visit.services.codes.get(visit.id("code_id"), workspace_id=visit.workspace_id)


async def _note(visit: Visit, stored: StoredCode, action: AuditAction) -> None:
    await visit.services.audit.note(visit.user, action, access_code_id=stored.row.id, device_id=stored.device.id)


def _unchanged(form: Filled, name: str, stands: datetime | None, zone: tzinfo) -> datetime | None:
    """Read a time; one that was left alone stays to the second, which a form does not show."""
    if stands is not None and form.text(name) == local_text(stands, zone):
        return stands
    return form.instant(name, zone)


def _guest(visit: Visit, form: Filled) -> Guest:
    """Read who the code is for; nothing of it has to be known."""
    try:
        return read_contact(visit, GUEST_PREFIX)
    except ValidationError as error:
        form.refusals |= refusals_of(error, GUEST_PREFIX)
        return Guest()


def _new(locks: KnownLocks, form: Filled, request: UUID) -> Page:
    shown = {"locks": [lock for lock in locks.all if lock.is_managed], "request": request}
    return _page("code_new.html", form, shown)


def _edit(stored: StoredCode, form: Filled, request: UUID, now: datetime) -> Page:
    return _page("code_edit.html", form, {"code": view(stored, now), "request": request})


def _page(template: str, form: Filled, shown: Mapping[str, Any]) -> Page:
    values = defaultdict(str, {name: value for name, value in form.values.items() if name != "digits"})
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.refusals else HTTPStatus.OK
    return Page(template, {"values": values, "refusals": form.refusals, **shown}, status)
