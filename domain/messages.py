"""When a guest is told a code, and when not.

A message is about one code in one generation of its digits.  At every look the same question is asked anew, of what
stands then:

    the code is over                                    drop   code_ended
    somebody else was told these digits                 drop   told_to_another_guest
    nobody knows the guest, or a way to the guest       drop   no_guest, no_channel
    asked for by somebody                               send
    other digits by now, or the guest knows these       drop   superseded, already_told
    this kind is not switched on                        drop   switched_off
    proven on the lock                                  send
    not begun, and it may be told ahead                 send, from `starts_at` less the lead on
    otherwise                                           wait for what happens to the code

What kind of message it is follows from what the guest was told before.  What may have been sent counts as told.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.access_code import AccessCode
from domain.lifecycle import begins_at, has_digits, is_over
from domain.message_text import MessageKind

RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
)
"""How long after each failure a message is tried again: a guest at the door waits for the first, a mail server that is
down over night is met by the last.  Then it is given up."""

LOOK_AGAIN_AFTER = timedelta(hours=24)
"""How long a message that waits for something goes without a look: news comes at once, this is for news that is lost."""


class MessageStatus(StrEnum):
    """How a message stands."""

    WAITING = "waiting"
    """For its time, or for the lock."""
    SENDING = "sending"
    """It was begun and may have been delivered; a failure is tried again."""
    SENT = "sent"
    """The channel took it."""
    FAILED = "failed"
    """The channel never took it."""
    DROPPED = "dropped"
    """It was not to be sent; the reason says why."""


MAY_HAVE_BEEN_DELIVERED = (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.FAILED)
"""What counts as told when it is about telling somebody else."""


class DropReason(StrEnum):
    """Why a message was not to be sent."""

    CODE_ENDED = "code_ended"
    TOLD_TO_ANOTHER_GUEST = "told_to_another_guest"
    NO_GUEST = "no_guest"
    NO_CHANNEL = "no_channel"
    SUPERSEDED = "superseded"
    ALREADY_TOLD = "already_told"
    SWITCHED_OFF = "switched_off"


UNREMARKABLE = frozenset({DropReason.SUPERSEDED, DropReason.ALREADY_TOLD, DropReason.SWITCHED_OFF, DropReason.NO_GUEST})
"""Nobody misses such a message: no row is kept for it."""


class Switches(BaseModel):
    """What a workspace has sent by itself, and how long its guests are known."""

    model_config = ConfigDict(frozen=True)

    automatic: frozenset[MessageKind] = frozenset()
    ready_lead: timedelta | None = None
    """How long before the start a code is told, on the lock or not; None: when it is proven on the lock."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that decides about one message."""

    code: AccessCode
    generation: int
    """The digits it is about; for one that somebody asked for, those of the code."""
    is_backup: bool
    asked: bool
    """Somebody asked for it, and it is sent whatever is switched on."""
    has_guest: bool
    has_channel: bool
    told: Collection[int]
    """The generations of this code that this guest was told by another message."""
    told_to_others: bool
    """Another guest may know these digits."""
    switches: Switches


class Step(BaseModel):
    """What is to be done with a message: send, drop, or look again."""

    model_config = ConfigDict(frozen=True)

    kind: MessageKind
    drop: DropReason | None = None
    look_at: AwareDatetime | None = None

    @property
    def sends(self) -> bool:
        """Whether it is to be sent now."""
        return self.drop is None and self.look_at is None


def message_id(access_code_id: UUID, generation: int) -> UUID:
    """Give the id of the message that is sent by itself about these digits: however often it is begun, it is one."""
    return uuid5(access_code_id, f"message about generation {generation}")


def next_step(standing: Standing, now: datetime) -> Step:
    """Decide what is to be done with a message now."""
    kind = _kind(standing)
    reason = _reason_to_drop(standing, kind, now)
    if reason is not None:
        return Step(kind=kind, drop=reason)
    if standing.asked or has_digits(standing.code):
        return Step(kind=kind)
    return Step(kind=kind, look_at=_told_ahead_at(standing, kind, now))


def delay_before_retry(failures: int) -> timedelta | None:
    """Give the time until the next attempt after so many failures; None when the message is given up."""
    return RETRY_DELAYS[failures - 1] if failures <= len(RETRY_DELAYS) else None


def _kind(standing: Standing) -> MessageKind:
    if standing.is_backup:
        return MessageKind.BACKUP
    knows_older = any(generation < standing.generation for generation in standing.told)
    return MessageKind.CODE_CHANGED if knows_older else MessageKind.CODE_READY


def _reason_to_drop(standing: Standing, kind: MessageKind, now: datetime) -> DropReason | None:
    code = standing.code
    if code.closed or is_over(code, now):
        return DropReason.CODE_ENDED
    if not standing.has_guest:
        return DropReason.NO_GUEST
    if standing.told_to_others:
        return DropReason.TOLD_TO_ANOTHER_GUEST
    if not standing.asked:
        if standing.generation != code.wish.pin_generation:
            return DropReason.SUPERSEDED
        if standing.generation in standing.told:
            return DropReason.ALREADY_TOLD
        if kind not in standing.switches.automatic:
            return DropReason.SWITCHED_OFF
    return None if standing.has_channel else DropReason.NO_CHANNEL


def _told_ahead_at(standing: Standing, kind: MessageKind, now: datetime) -> datetime | None:
    """Say when to look again; None: now is the time to tell ahead."""
    lead, begins = standing.switches.ready_lead, begins_at(standing.code)
    if lead is None or begins is None or begins <= now or kind is MessageKind.BACKUP:
        return now + LOOK_AGAIN_AFTER
    due = begins - lead
    return due if due > now else None
