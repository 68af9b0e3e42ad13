"""What things are called on the console: one short word for each status, problem, deed and look at a lock.

Colour never speaks alone: every tone stands beside a word.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.access_code import Status
from domain.audit import AuditAction
from domain.events import EventType
from domain.problems import KINDS, Problem, ProblemCode, Severity


class Tone(StrEnum):
    """How loud something is shown."""

    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Label:
    """A word and its tone."""

    text: str
    tone: Tone
    hint: str = ""
    """The whole sentence."""


STATUSES = {
    Status.SET: Label("Works", Tone.GOOD, "Read back from the lock: the code opens the door."),
    Status.SETTING: Label("Being set", Tone.BUSY, "On its way to the lock, and not yet proven there."),
    Status.UNSET: Label("Scheduled", Tone.QUIET, "Not yet due; it is put on the lock in time."),
    Status.REMOVING: Label("Being removed", Tone.BUSY, "On its way off the lock; not yet proven gone."),
    Status.UNKNOWN: Label("Unknown", Tone.WARN, "The lock's account is disconnected: nothing can be read."),
}
ENDED = Label("Ended", Tone.QUIET, "Proven gone from the lock.")

PROBLEMS = {
    ProblemCode.DELAY_IN_SETTING: "Late",
    ProblemCode.FAILED_TO_SET: "Not set in time",
    ProblemCode.FAILED_TO_REMOVE: "Not proven gone",
    ProblemCode.DUPLICATE_CODE: "Same digits on the lock",
    ProblemCode.NO_SPACE: "Lock is full",
    ProblemCode.CONSTRAINTS_VIOLATED: "Refused by the lock",
    ProblemCode.BEING_DELETED: "Being deleted",
    ProblemCode.ACCOUNT_DISCONNECTED: "Account disconnected",
    ProblemCode.DEVICE_DISCONNECTED: "Lock offline",
    ProblemCode.DEVICE_REMOVED: "Lock gone at its vendor",
    ProblemCode.CONFLICTING_MODIFICATION: "Changed at the lock",
    ProblemCode.EXTERNAL_MODIFICATION: "Left as changed at the lock",
    ProblemCode.PROVIDER_ISSUE: "Vendor makes no sense",
    ProblemCode.USING_BACKUP: "Backup in use",
    ProblemCode.EMPTY_POOL: "No backup ready",
    ProblemCode.PARTIAL_POOL: "Few backups",
    ProblemCode.MANY_ACTIVE_BACKUPS: "Many backups in use",
    ProblemCode.MAX_CODES_REACHED: "Too few slots ahead",
}

TROUBLE = frozenset({EventType.FAILED_TO_SET, EventType.FAILED_TO_REMOVE, EventType.CONSTANTLY_UNDONE})
WARNINGS = frozenset(
    {
        EventType.DELAY_IN_SETTING,
        EventType.BACKUP_PULLED,
        EventType.MODIFIED_EXTERNAL,
        EventType.DELETED_EXTERNAL,
        EventType.UNMANAGED_NOT_CONVERTED,
    }
)
GOOD_NEWS = frozenset(
    {
        EventType.SET_ON_DEVICE,
        EventType.SCHEDULED_ON_DEVICE,
        EventType.REMOVED_FROM_DEVICE,
        EventType.UNMANAGED_CONVERTED,
    }
)

DEEDS = {
    AuditAction.CODE_CREATED: "created the code",
    AuditAction.CODE_CHANGED: "changed the code",
    AuditAction.CODE_DELETED: "had the code deleted",
    AuditAction.CODE_REVEALED: "looked at the digits",
    AuditAction.BACKUP_PULLED: "pulled a backup code",
    AuditAction.BACKUP_GENERATED: "generated a backup code to keep by hand",
    AuditAction.BACKUP_ROTATED: "had a backup code get other digits",
    AuditAction.LOCK_RENAMED: "renamed a lock",
    AuditAction.POOL_SWITCHED: "switched a lock's backup codes on or off",
    AuditAction.LOCK_USE_SWITCHED: "had a lock managed, or no more",
    AuditAction.LOCK_RECONCILED: "had a lock read",
    AuditAction.NEW_LOCK_PLACED: "said what a new lock is",
    AuditAction.LOCK_REPLACED: "had a new lock take another’s place",
    AuditAction.REPLACEMENT_ROLLED_BACK: "had a lock’s codes go back to the one that it replaced",
    AuditAction.FOREIGN_CODE_ADOPTED: "adopted a code of somebody else’s",
    AuditAction.FOREIGN_CODE_REMOVED: "had a code of somebody else’s taken off",
    AuditAction.GUEST_CHANGED: "changed the guest",
    AuditAction.MESSAGE_SENT: "sent the guest the code",
    AuditAction.MESSAGES_SWITCHED: "changed what is sent to guests",
    AuditAction.CHANNEL_ADDED: "added a way to guests",
    AuditAction.CHANNEL_REMOVED: "removed a way to guests",
    AuditAction.TEMPLATE_CHANGED: "changed the words of a message",
    AuditAction.ACCOUNT_CONNECTED: "connected an account",
    AuditAction.COMPONENTS_OPENED: "opened Seam's components, which show digits",
    AuditAction.SIGNED_IN: "signed in",
    AuditAction.USER_ADDED: "added a user",
    AuditAction.USER_REMOVED: "removed a user",
    AuditAction.PASSWORD_CHANGED: "changed their password",
}

ANSWERS = {
    "known": "the digits are there",
    "masked": "a code is there, its digits are hidden",
    "empty": "nothing is there",
    "unreadable": "could not be read",
    "all": "everything on the lock",
    "present": "the code is there",
    "renamed": "the code is there under another name",
    "changed": "the code is there with other digits",
    "missing": "the code is not there",
    "resurfaced": "the code is there, and should not be",
    "RetryLaterError": "not now",
    "AccountDisconnectedError": "the account is disconnected",
    "LockGoneError": "the vendor does not know the lock",
    "NonsenseError": "the answer made no sense",
}
"""What a look at the lock came to, by its class as attempts keep it."""


def problem_label(problem: Problem) -> Label:
    """Give the short word for a problem."""
    tone = Tone.BAD if problem.severity is Severity.ERROR else Tone.WARN
    return Label(PROBLEMS[problem.code], tone, problem.message or KINDS[problem.code].message)


def plain(word: str) -> str:
    """Give a wire word as people write it, where it has no word of its own."""
    return word.replace("_", " ")


def sentence(text: str) -> str:
    """Write a message as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")
