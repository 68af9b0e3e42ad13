"""Backup codes that somebody keeps by hand: generating one, and giving it other digits."""

from console.code_forms import request_id
from console.kept_backups import NAME, kept_since
from console.pages.lock import located
from console.table import NotHereError, Redirect, Visit
from domain.audit import AuditAction
from domain.requests import CodeChange, CodeRequest


async def generate(visit: Visit) -> Redirect:
    """Put a new backup code on the lock, without an end, and go to its page; sent twice, it is one code."""
    device, _ = await located(visit)
    code_id = request_id(visit)
    request = CodeRequest(device_id=device.id, workspace_id=visit.workspace_id, name=NAME)
    await visit.services.codes.create(request, access_code_id=code_id, pin=None)
    subject = str(code_id)
    await visit.services.audit.note_once(
        visit.user, AuditAction.BACKUP_GENERATED, access_code_id=code_id, subject=subject
    )
    return Redirect(f"/console/codes/{code_id}")


async def rotate(visit: Visit) -> Redirect:
    """Give one other digits; the old ones open the door until the new ones are proven."""
    device, _ = await located(visit)
    code_id = visit.id("code_id")
    stored = await visit.services.codes.get(code_id, workspace_id=visit.workspace_id)
    deeds = await visit.services.audit.about_code(code_id)
    if stored.device.id != device.id or kept_since(deeds, code_id) is None:
        raise NotHereError
    # Two people who press at once, or one who presses twice, make one change of these digits.
    update_id = f"rotate-{stored.code.wish.pin_generation}"
    await visit.services.codes.change(code_id, CodeChange(new_digits=True), update_id=update_id)
    await visit.services.audit.note(visit.user, AuditAction.BACKUP_ROTATED, access_code_id=code_id, device_id=device.id)
    return Redirect(f"/console/codes/{code_id}")
