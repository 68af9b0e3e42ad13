"""What happens to a guest's code and to the backup code that stands in for it.

The backup takes the original's end and follows it.  The original keeps its own course: the trying goes on, and if it
gets through both stay valid, for the guest may hold either.  `using_backup_access_code` stands for as long as the
backup is not proven gone.
"""

from datetime import datetime
from uuid import UUID

from domain.access_code import AccessCode, BackupUse, Wish
from domain.events import Event, EventType
from domain.lifecycle import backup_due, is_over, is_wanted, opens
from domain.observation import Observed
from domain.problems import ProblemCode, cleared, raised
from domain.refusals import RefusalType, refuse


def check_pull(code: AccessCode, now: datetime) -> None:
    """Refuse a pull that could help nobody.

    Raises:
        RefusedError: the code is a backup itself, has ended, or has no end while policy asks for one.
    """
    if code.is_backup:
        raise refuse(RefusalType.IS_BACKUP, "a backup access code cannot be backed up itself")
    if is_over(code, now):
        raise refuse(RefusalType.ACCESS_CODE_ENDED, "the access code has ended: no backup can stand in for it")
    if code.wish.ends_at is None and not code.policy.pulls_for_ongoing:
        raise refuse(
            RefusalType.NOT_TIME_BOUND,
            "the access code has no end; this workspace pulls backups for time-bound codes only",
            field="access_code_id",
            rule="pulls_for_ongoing",
        )


def asking(code: AccessCode, now: datetime) -> AccessCode:
    """Note that the code asks for a backup by itself, from now until it has one or works."""
    if code.backup.wanted_at is not None or code.backup.access_code_id is not None:
        return code
    return _using(code, BackupUse(wanted_at=now))


def still_asks(code: AccessCode, now: datetime) -> bool:
    """Tell whether a backup that became ready should go to this code.

    Of codes that fail together one asks first.  Who is to ask by now is served as if it had, so that the order of
    arrival decides and not the race.
    """
    unserved = code.backup.access_code_id is None and _asks_by_itself(code, now)
    return unserved and is_wanted(code, now) and not opens(code, now)


def _asks_by_itself(code: AccessCode, now: datetime) -> bool:
    due_at = backup_due(code, now)
    return code.backup.wanted_at is not None or (due_at is not None and due_at <= now)


def with_backup(code: AccessCode, backup_access_code_id: UUID, now: datetime) -> Observed:
    """Write down which backup stands in for the code."""
    using = _using(code, BackupUse(access_code_id=backup_access_code_id, by_itself=_asks_by_itself(code, now)))
    told = using.model_copy(update={"problems": raised(code.problems, ProblemCode.USING_BACKUP, now)})
    payload = {"backup_access_code_id": str(backup_access_code_id)}
    return Observed(told, (Event(event_type=EventType.BACKUP_PULLED, occurred_at=now, payload=payload),))


def without_backup(code: AccessCode, now: datetime) -> AccessCode:
    """Write down that the backup is proven gone.  A code that lives on may be given another."""
    told = code.model_copy(update={"problems": cleared(code.problems, (ProblemCode.USING_BACKUP,))})
    return told if is_over(code, now) else _using(told, BackupUse())


def lent(backup: AccessCode, original: Wish, now: datetime) -> AccessCode:
    """Have a backup code stand in from now until the original's end; without one, until the original is deleted."""
    starts_at = None if original.ends_at is None else now
    wish = backup.wish.model_copy(update={"starts_at": starts_at, "ends_at": original.ends_at})
    return backup.model_copy(update={"wish": wish})


def _using(code: AccessCode, backup: BackupUse) -> AccessCode:
    return code.model_copy(update={"backup": backup})
