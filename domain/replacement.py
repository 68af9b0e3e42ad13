"""Replacing a lock: which new locks raise a question, which older one they likely stand for, and what moves.

A lock that appears in an account is where somebody put it, and Latchwork cannot know where: every new lock raises a
question for the operator.  Only an account's first look raises none: nothing could have been replaced there yet, and a
house of forty locks would ask forty times.

The likely predecessor is named where one stands out, with the reasons in words; where two are alike none is named,
because a wrong guess moves guests' codes to another door.

Codes are moved one by one, those that are needed soonest first, each until it is proven on the new lock, or registered
there where its time has not come.  What the new lock refuses goes back, where there is a lock to go back to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.access_code import AccessCode
from domain.lifecycle import begins_at, has_digits, is_over, is_refused, is_wanted
from domain.problems import ProblemCode, has

LONGEST_GONE = timedelta(days=90)
"""A lock that its vendor has not listed for longer was not replaced just now."""

_GONE, _SAME_NAME, _OFFLINE, _SAME_MODEL, _SAME_MAKER, _SAME_POWER, _IN_USE = 4, 3, 2, 2, 1, 1, 1
_ENOUGH = 4
"""A lock that is gone is enough; one that is offline needs its model, its name or two lesser reasons besides."""


class Answer(StrEnum):
    """What an operator said of a new lock."""

    NEW = "new"
    REPLACES = "replaces"
    DISMISSED = "dismissed"


class ReplacementStatus(StrEnum):
    """How a replacement stands."""

    RUNNING = "running"
    DONE = "done"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"

    @property
    def is_under_way(self) -> bool:
        """Codes are still being moved."""
        return self in (ReplacementStatus.RUNNING, ReplacementStatus.ROLLING_BACK)


class MoveStatus(StrEnum):
    """How one code of a replacement stands."""

    WAITING = "waiting"
    """Its turn has not come."""
    MOVING = "moving"
    """It has the new lock, and is not proven there yet."""
    SET = "set"
    """Proven on the new lock."""
    REGISTERED = "registered"
    """It has the new lock, and its time has not come."""
    REFUSED = "refused"
    """The new lock cannot have it: it is where it was, or without a lock where that is gone."""
    ENDED = "ended"
    """It ended before its turn came, or meanwhile."""
    RETURNED = "returned"
    """It is on the old lock again."""


MOVED = (MoveStatus.MOVING, MoveStatus.SET, MoveStatus.REGISTERED)
"""The codes that have the new lock."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a lock that may have been replaced, or may replace one."""

    device_id: UUID
    account_id: UUID
    name: str
    manufacturer: str | None
    model: str | None
    has_battery: bool
    online: bool
    gone_since: datetime | None = None
    """Since when its vendor lists it no more; None: it does."""
    live_codes: int = 0
    """Guests' codes on it that have not ended."""


@dataclass(frozen=True, slots=True)
class Likely:
    """The lock that a new one likely replaces, and why."""

    device_id: UUID
    because: tuple[str, ...]


def raises_question(*, is_first_look: bool) -> bool:
    """Tell whether a lock that is new in its account is asked about."""
    return not is_first_look


def likely_replaced(new: Seen, others: Iterable[Seen], now: datetime) -> Likely | None:
    """Name the lock that a new one likely replaces; None: none stands out."""
    judged = [(one, _reasons(new, one, now)) for one in others if one.device_id != new.device_id]
    scored = sorted(((sum(score for score, _ in why), one, why) for one, why in judged), key=lambda found: -found[0])
    if not scored or scored[0][0] < _ENOUGH:
        return None
    if len(scored) > 1 and scored[1][0] == scored[0][0]:
        return None
    _, one, why = scored[0]
    return Likely(one.device_id, tuple(words for _, words in why))


def _reasons(new: Seen, old: Seen, now: datetime) -> list[tuple[int, str]]:
    """Say what speaks for it, each with its weight; nothing does where it still answers under another name."""
    same_name = _plain(old.name) == _plain(new.name)
    if old.account_id != new.account_id or (old.online and not same_name):
        return []
    if old.gone_since is not None and now - old.gone_since > LONGEST_GONE:
        return []
    found = list[tuple[int, str]]()
    if old.gone_since is not None:
        found.append((_GONE, "its vendor lists it no more"))
    elif not old.online:
        found.append((_OFFLINE, "it is offline"))
    if same_name:
        found.append((_SAME_NAME, "it has the same name"))
    if old.model is not None and old.model == new.model:
        found.append((_SAME_MODEL, "it is the same model"))
    elif old.manufacturer is not None and old.manufacturer == new.manufacturer:
        found.append((_SAME_MAKER, "it is of the same maker"))
    if old.has_battery == new.has_battery:
        found.append((_SAME_POWER, "it has a battery, too" if new.has_battery else "it is on mains, too"))
    if old.live_codes:
        plural = "" if old.live_codes == 1 else "s"
        found.append((_IN_USE, f"{old.live_codes} access code{plural} on it have not ended"))
    return found


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def in_order(codes: Iterable[tuple[UUID, AccessCode]], now: datetime) -> Sequence[UUID]:
    """Name the codes that move, in the order in which they do: live ones first, then the earlier start.

    What is over stays where it is to be taken off.
    """
    chosen = [(code_id, code) for code_id, code in codes if not is_over(code, now)]

    def turn(one: tuple[UUID, AccessCode]) -> tuple[bool, datetime, str]:
        code_id, code = one
        return not is_wanted(code, now), begins_at(code) or code.wish.changed_at, str(code_id)

    return [code_id for code_id, _ in sorted(chosen, key=turn)]


@dataclass(frozen=True, slots=True)
class Settled:
    """How a code that has the new lock stands there for good, or for now."""

    status: MoveStatus
    detail: str | None = None


_IN_THE_WAY = (ProblemCode.CONSTRAINTS_VIOLATED, ProblemCode.NO_SPACE, ProblemCode.DUPLICATE_CODE)


def settled(code: AccessCode, now: datetime) -> Settled | None:
    """Say how a code that was moved has settled on its new lock; None: it has not, and must be waited for."""
    if code.closed or is_over(code, now):
        return Settled(MoveStatus.ENDED)
    if has_digits(code):
        return Settled(MoveStatus.SET)
    wrong = next((problem for problem in code.problems if problem.code in _IN_THE_WAY), None)
    if not is_wanted(code, now):
        return Settled(MoveStatus.REGISTERED, None if wrong is None else wrong.message)
    if is_refused(code) or wrong is not None:
        return Settled(MoveStatus.REFUSED, "the lock refuses it" if wrong is None else wrong.message)
    return None


def is_back(code: AccessCode, now: datetime) -> bool:
    """Tell whether a code that was moved back is as it was: it need not be waited for where its lock cannot be reached.

    What it left there counts until something contradicts it; what has gone meanwhile is set again by the code itself.
    """
    late = has(code.problems, ProblemCode.DELAY_IN_SETTING) or has(code.problems, ProblemCode.FAILED_TO_SET)
    return settled(code, now) is not None or late
