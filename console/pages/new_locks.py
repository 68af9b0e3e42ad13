"""New locks: saying where one is, having it take another's place, and having that go back."""

from uuid import UUID

from api.replacement_reading import LONGEST_PLACE
from console.table import NotHereError, Redirect, Visit
from domain.audit import AuditAction
from domain.refusals import RefusalType, refuse
from domain.replacement import Answer

LOCKS = "/console/locks"


async def answer(visit: Visit) -> Redirect:
    """Take that a new lock replaces none: where it is, or that nobody wants to be asked."""
    device_id, place = visit.id("device_id"), visit.filled("place")
    if place is not None and len(place) > LONGEST_PLACE:
        raise refuse(RefusalType.INVALID_INPUT, f"a place has at most {LONGEST_PLACE} characters", field="place")
    said = Answer.DISMISSED if place is None else Answer.NEW
    await visit.services.replacements.answer(visit.workspace_id, device_id, said, visit.now, place=place)
    await visit.services.audit.note(visit.user, AuditAction.NEW_LOCK_PLACED, device_id=device_id)
    return Redirect(LOCKS)


async def replace(visit: Visit) -> Redirect:
    """Have a new lock take another's place."""
    device_id, old = visit.id("device_id"), visit.filled("replaces") or ""
    try:
        replaces_id = UUID(old)
    except ValueError:
        raise NotHereError from None
    await visit.services.replacements.start(visit.workspace_id, device_id, replaces_id)
    await visit.services.audit.note(visit.user, AuditAction.LOCK_REPLACED, device_id=device_id, subject=old)
    return Redirect(LOCKS)


async def roll_back(visit: Visit) -> Redirect:
    """Have the codes go back to the lock that was replaced."""
    device_id = visit.id("device_id")
    await visit.services.replacements.roll_back(visit.workspace_id, device_id)
    await visit.services.audit.note(visit.user, AuditAction.REPLACEMENT_ROLLED_BACK, device_id=device_id)
    return Redirect(LOCKS)
