"""New locks and replacements as the page of locks shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from api.replacement_reading import Question, Replacement
from console.words import Label, Tone
from domain.replacement import MOVED, MoveStatus, ReplacementStatus
from store.tables import DeviceRow

SHOWN_FOR = timedelta(days=7)
"""How long a replacement that is over stays on the page."""

STANDINGS = {
    ReplacementStatus.RUNNING: Label("Codes are moving", Tone.BUSY),
    ReplacementStatus.DONE: Label("Replaced", Tone.GOOD),
    ReplacementStatus.ROLLING_BACK: Label("Codes go back", Tone.BUSY),
    ReplacementStatus.ROLLED_BACK: Label("Rolled back", Tone.QUIET),
}


@dataclass(frozen=True, slots=True)
class OldLock:
    """A lock that a new one may replace."""

    id: UUID
    text: str
    is_likely: bool


@dataclass(frozen=True, slots=True)
class NewLock:
    """A new lock that somebody should say something of."""

    id: UUID
    name: str
    asked_at: datetime
    likely: str | None
    because: str
    older: Sequence[OldLock]
    """The likely one first."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A replacement, and how far it is."""

    id: UUID
    name: str
    replaced: str
    label: Label
    is_under_way: bool
    can_roll_back: bool
    settled: int
    count: int
    refused: Sequence[tuple[UUID, str]]
    """The codes that the new lock cannot have, and why."""


def new_lock(question: Question) -> NewLock:
    """Give a new lock as the page shows it."""
    likely = question.likely
    older = [
        OldLock(one.device.id, _older(one.device, one.live_codes), likely is not None and one.device.id == likely.id)
        for one in question.candidates
    ]
    return NewLock(
        id=question.device.id,
        name=_name(question.device),
        asked_at=question.asked_at,
        likely=None if likely is None else _name(likely),
        because="; ".join(question.because),
        older=sorted(older, key=lambda one: not one.is_likely),
    )


def progress(replacement: Replacement, now: datetime) -> Progress | None:
    """Give a replacement as the page shows it; None: it has long been over."""
    if not replacement.status.is_under_way and now - replacement.changed_at > SHOWN_FOR:
        return None
    goes_back = replacement.status in (ReplacementStatus.ROLLING_BACK, ReplacementStatus.ROLLED_BACK)
    moved = [one for one in MOVED if one is not MoveStatus.MOVING]
    return Progress(
        id=replacement.device.id,
        name=_name(replacement.device),
        replaced=_name(replacement.replaced),
        label=STANDINGS[replacement.status],
        is_under_way=replacement.status.is_under_way,
        can_roll_back=replacement.can_roll_back,
        settled=replacement.count(MoveStatus.RETURNED) if goes_back else replacement.count(*moved),
        count=len(replacement.codes),
        refused=[(one.code.id, one.row.detail or "") for one in replacement.codes if one.status is MoveStatus.REFUSED],
    )


def _name(device: DeviceRow) -> str:
    return device.nickname or device.name


def _older(device: DeviceRow, live_codes: int) -> str:
    standing = "gone from its vendor" if device.removed_at else "online" if device.online else "offline"
    plural = "" if live_codes == 1 else "s"
    return f"{_name(device)} ({standing}, {live_codes} code{plural})"
