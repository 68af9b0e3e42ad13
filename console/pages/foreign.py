"""What can be done with a code that somebody else put on a lock: adopt it, or take it off.

Only what the lock shows exactly as it is listed is touched; what came of it is told where it was asked.
"""

from typing import Literal

from api.errors import TemporalUnavailableError
from console.pages.lock import Outcome, located, outcome_page
from console.table import NotHereError, Page, Visit
from console.words import Tone, sentence
from domain.audit import AuditAction
from domain.malformed import struck
from domain.refusals import RefusedError
from store.unmanaged_tables import UnmanagedCodeRow

GOES_ON = Outcome(
    Tone.BUSY, "The lock has not answered yet", "Trying goes on for ten minutes; this page shows the end."
)
ADOPTED = Outcome(Tone.GOOD, "The code is adopted", "It is as it was on the lock, and yours to change from now on.")
REMOVED = Outcome(Tone.GOOD, "The code is off the lock", "Its absence was read back.")


async def adopt(visit: Visit) -> Page:
    """Have one become a code of ours."""
    row = await _row(visit)
    if row is None:
        return await outcome_page(visit, await _meanwhile(visit))
    await visit.services.unmanaged.adopt(row)
    await _note(visit, AuditAction.FOREIGN_CODE_ADOPTED, row)
    return await outcome_page(visit, await _outcome(visit, "adopt", row, ADOPTED))


async def remove(visit: Visit) -> Page:
    """Have one taken off its lock."""
    row = await _row(visit)
    if row is None:
        return await outcome_page(visit, await _meanwhile(visit))
    await visit.services.unmanaged.remove(row)
    await _note(visit, AuditAction.FOREIGN_CODE_REMOVED, row)
    return await outcome_page(visit, await _outcome(visit, "remove", row, REMOVED))


async def _row(visit: Visit) -> UnmanagedCodeRow | None:
    """Give the one of the address; None: it is there no more."""
    device, _ = await located(visit)
    try:
        row = await visit.services.unmanaged.get(visit.workspace_id, visit.id("code_id"))
    except RefusedError:
        return None
    if row.device_id != device.id:
        raise NotHereError
    return row


async def _meanwhile(visit: Visit) -> Outcome:
    """Say what became of one that somebody else saw to first."""
    try:
        await visit.services.codes.get(visit.id("code_id"), workspace_id=visit.workspace_id)
    except RefusedError:
        return Outcome(Tone.QUIET, "The code is gone already", "The lock did not show it any more.")
    return Outcome(Tone.GOOD, "Somebody adopted the code already", "It is one of yours.")


async def _note(visit: Visit, action: AuditAction, row: UnmanagedCodeRow) -> None:
    await visit.services.audit.note(visit.user, action, access_code_id=row.id, device_id=row.device_id)


async def _outcome(
    visit: Visit, operation: Literal["adopt", "remove"], row: UnmanagedCodeRow, done: Outcome
) -> Outcome:
    try:
        result = await visit.services.unmanaged.settled(operation, row.id)
    except TemporalUnavailableError:
        # It was taken: only its end is not known yet.
        return GOES_ON
    if result.failure is None:
        return done
    title = "The code was not adopted" if operation == "adopt" else "The code was not taken off"
    return Outcome(Tone.BAD, title, sentence(struck(result.failure)))
