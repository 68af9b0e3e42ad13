"""Backup codes that somebody keeps by hand: they have no end, so nothing but a person takes them away.

    generated on a lock's page             until it is deleted
    pulled by hand for a code without end  until that code is deleted

Whoever was ever given one can open the door for as long as it is left active; so it is to have other digits from time
to time, after policy `backup_rotates_after`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.services import Services
from console.code_views import CodeView, view
from domain.audit import AuditAction
from store.codes import StoredCode
from store.user_tables import AuditRow

NAME = "Backup kept by hand"
_BEGINS = frozenset({AuditAction.BACKUP_GENERATED, AuditAction.BACKUP_ROTATED})


@dataclass(frozen=True, slots=True)
class KeptBackup:
    """One such code."""

    code: CodeView
    since: datetime
    """Since when its digits are what they are."""
    is_due: bool
    """It is time for other digits."""
    original: UUID | None
    """The code in whose place it stands; None: it stands in nobody's."""


async def kept_backups(services: Services, stays: Iterable[StoredCode], now: datetime) -> Sequence[KeptBackup]:
    """Find them among the codes of a lock, the oldest digits first."""
    found = []
    for stored in stays:
        if stored.code.wish.ends_at is None and stored.code.wish.ending is None:
            deeds = await services.audit.about_code(stored.row.stands_in_for or stored.row.id)
            since = kept_since(deeds, stored.row.id)
            if since is not None:
                found.append(_kept(stored, since, now))
    return sorted(found, key=lambda one: one.since)


def kept_since(deeds: Sequence[AuditRow], code_id: UUID) -> datetime | None:
    """Say since when somebody keeps a code with its present digits; None: nobody keeps it by hand.

    `deeds` are about the code, or about the one in whose place it stands, the newest first.
    """
    for deed in deeds:
        is_pull = deed.action == AuditAction.BACKUP_PULLED and deed.subject == str(code_id)
        if is_pull or (deed.action in _BEGINS and deed.access_code_id == code_id):
            return deed.occurred_at
    return None


def _kept(stored: StoredCode, since: datetime, now: datetime) -> KeptBackup:
    is_due = now - since >= stored.code.policy.backup_rotates_after
    return KeptBackup(view(stored, now), since, is_due, stored.row.stands_in_for)
