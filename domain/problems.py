"""Every warning and error that an access code or a lock can show, and what raises and clears each.

The codes are Seam's (`error_code`, `warning_code`).  A warning says "this may still go well", an error "somebody
should act"; neither ever stops Latchwork from going on.  `docs/problems.md` is held to this table by a test.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Severity(StrEnum):
    """How loud a problem is."""

    WARNING = "warning"
    ERROR = "error"


class ChangeType(StrEnum):
    """What somebody did to a code at its lock, in Seam's words."""

    MODIFIED = "modified"
    REMOVED = "removed"


class ProblemCode(StrEnum):
    """The codes that Latchwork raises on an access code or a lock."""

    DELAY_IN_SETTING = "delay_in_setting_on_device"
    FAILED_TO_SET = "failed_to_set_on_device"
    FAILED_TO_REMOVE = "failed_to_remove_from_device"
    DUPLICATE_CODE = "duplicate_code_on_device"
    NO_SPACE = "no_space_for_access_code_on_device"
    CONSTRAINTS_VIOLATED = "code_constraints_violated"
    BEING_DELETED = "being_deleted"
    ACCOUNT_DISCONNECTED = "account_disconnected"
    DEVICE_DISCONNECTED = "device_disconnected"
    DEVICE_REMOVED = "device_removed"
    CONFLICTING_MODIFICATION = "conflicting_external_modification"
    EXTERNAL_MODIFICATION = "external_modification_in_effect"
    PROVIDER_ISSUE = "provider_issue"
    USING_BACKUP = "using_backup_access_code"
    EMPTY_POOL = "empty_backup_access_code_pool"
    PARTIAL_POOL = "partial_backup_access_code_pool"
    MANY_ACTIVE_BACKUPS = "many_active_backup_codes"
    MAX_CODES_REACHED = "max_access_codes_reached"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What a person should know of one problem code."""

    severity: Severity
    raised: str
    cleared: str
    message: str


_SET_CLEARS = "when the code is confirmed on the lock, its digits change, or it is no longer wanted"

KINDS: dict[ProblemCode, ProblemKind] = {
    ProblemCode.DELAY_IN_SETTING: ProblemKind(
        Severity.WARNING,
        "`delay_after` after programming was due, while the code is not confirmed",
        "when the code is confirmed, or no longer wanted on the lock",
        "Setting this code on the lock takes unusually long; trying goes on.",
    ),
    ProblemCode.FAILED_TO_SET: ProblemKind(
        Severity.ERROR,
        "`fail_after` after programming was due, while the code is not confirmed; at once when the lock refuses it",
        "when the code is confirmed, gets other digits, or is put off unless it is refused for good; a code that ends "
        "without having been confirmed keeps it",
        "This code could not be set on the lock in time; trying goes on until it ends.",
    ),
    ProblemCode.FAILED_TO_REMOVE: ProblemKind(
        Severity.ERROR,
        "`remove_fail_after` after removal was due, while the code is not proven gone",
        "when the code's absence was read back, or the code is wanted again",
        "This code could not be proven gone from the lock: it may still open the door. Trying goes on.",
    ),
    ProblemCode.DUPLICATE_CODE: ProblemKind(
        Severity.ERROR,
        "the lock, or an older code that is not proven gone, holds the same digits",
        _SET_CLEARS,
        "Another code on this lock has the same digits.",
    ),
    ProblemCode.NO_SPACE: ProblemKind(
        Severity.ERROR,
        "the lock holds as many codes as it can, or will when this one begins",
        f"{_SET_CLEARS}; before its time, when there will be a slot after all",
        "The lock has no free slot for this code.",
    ),
    ProblemCode.CONSTRAINTS_VIOLATED: ProblemKind(
        Severity.ERROR,
        "the lock refuses these digits or this name for good",
        "when the digits or the name change",
        "The lock refuses this code's digits or name; it is not tried again until they change.",
    ),
    ProblemCode.BEING_DELETED: ProblemKind(
        Severity.WARNING,
        "the code was deleted and may still be on the lock",
        "never: the code answers 404 once it is proven gone",
        "This code is being deleted.",
    ),
    ProblemCode.ACCOUNT_DISCONNECTED: ProblemKind(
        Severity.ERROR,
        "the vendor refuses the account's credentials",
        "when a call with the account's credentials succeeds again",
        "The lock's account must be connected again; nothing is known of its codes until then.",
    ),
    ProblemCode.DEVICE_DISCONNECTED: ProblemKind(
        Severity.ERROR,
        "the lock does not answer its vendor",
        "when the lock answers again",
        "The lock is offline.",
    ),
    ProblemCode.DEVICE_REMOVED: ProblemKind(
        Severity.ERROR,
        "the vendor no longer knows the lock",
        "when the vendor lists the lock again",
        "The vendor no longer knows this lock.",
    ),
    ProblemCode.CONFLICTING_MODIFICATION: ProblemKind(
        Severity.ERROR,
        "somebody took the code off the lock, or changed it there, and it is set again",
        "when nobody has done so for `undone_within`, or the code ends",
        "This code was changed at the lock or in its vendor's app; it is set again.",
    ),
    ProblemCode.EXTERNAL_MODIFICATION: ProblemKind(
        Severity.WARNING,
        "somebody took the code off the lock, or changed it there, which the code allows",
        "when the code gets other digits, or ends",
        "This code was changed at the lock or in its vendor's app, and is left so.",
    ),
    ProblemCode.PROVIDER_ISSUE: ProblemKind(
        Severity.WARNING,
        "the vendor's answer about the lock is malformed, contradicts itself, or is about another lock",
        "when the vendor's next answer makes sense",
        "The vendor's answer about this lock makes no sense; nothing was concluded from it.",
    ),
    ProblemCode.USING_BACKUP: ProblemKind(
        Severity.WARNING,
        "a backup code was pulled in this code's place",
        "when the backup code is proven gone",
        "A backup code stands in for this code.",
    ),
    ProblemCode.EMPTY_POOL: ProblemKind(
        Severity.ERROR,
        "the lock's backup pool is enabled and no backup code is ready",
        "when one is",
        "No backup code is ready on this lock.",
    ),
    ProblemCode.PARTIAL_POOL: ProblemKind(
        Severity.WARNING,
        "backup codes are missing because they are late or because the lock has no place for them",
        "when the pool is full",
        "The lock's backup pool cannot be filled.",
    ),
    ProblemCode.MANY_ACTIVE_BACKUPS: ProblemKind(
        Severity.WARNING,
        "three or more backup codes of the lock stand in at once",
        "when at most one does",
        "Several backup codes of this lock are in use: the lock may be failing.",
    ),
    ProblemCode.MAX_CODES_REACHED: ProblemKind(
        Severity.WARNING,
        "the lock's calendar needs more slots at some time than the lock has",
        "when it does not any more",
        "At some time ahead this lock has fewer slots than guests.",
    ),
}


class Problem(BaseModel):
    """One problem as an object shows it.  The message never holds digits."""

    model_config = ConfigDict(frozen=True)

    code: ProblemCode
    message: str
    created_at: datetime
    change_type: ChangeType | None = None
    """What was done at the lock; None: it is about something else."""

    @property
    def severity(self) -> Severity:
        """Say how loud it is."""
        return KINDS[self.code].severity


Problems = tuple[Problem, ...]


def has(problems: Problems, code: ProblemCode) -> bool:
    """Tell whether the problem is raised."""
    return any(problem.code is code for problem in problems)


def raised(
    problems: Problems,
    code: ProblemCode,
    now: datetime,
    message: str | None = None,
    *,
    change_type: ChangeType | None = None,
) -> Problems:
    """Raise a problem once: one that stands keeps its first time and text."""
    if has(problems, code):
        return problems
    problem = Problem(code=code, message=message or KINDS[code].message, created_at=now, change_type=change_type)
    return (*problems, problem)


def cleared(problems: Problems, codes: Iterable[ProblemCode]) -> Problems:
    """Take problems away; those that do not stand are no matter."""
    gone = frozenset(codes)
    return tuple(problem for problem in problems if problem.code not in gone)


WHILE_SETTING = (ProblemCode.DUPLICATE_CODE, ProblemCode.NO_SPACE, ProblemCode.CONSTRAINTS_VIOLATED)
"""Why one set of digits cannot be set just now; new digits make them moot."""
