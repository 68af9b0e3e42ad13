"""One access code as its workflow and its row both know it: what is wanted, what is on the lock, what is wrong.

It holds no digits.  The digits are named by a *generation*: a number that grows with every change that the lock must
be told of.  `pin_generation` is the generation in which the present digits came in, so that a changed name (a new
generation with the old digits) never counts as a code that does not open.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from domain.interference import Interference
from domain.native_windows import LockClock, LockWindow, load_at
from domain.policy import Policy
from domain.problems import Problems
from domain.sharing import shared


class AccessCodeType(StrEnum):
    """Seam's `type`."""

    ONGOING = "ongoing"
    TIME_BOUND = "time_bound"


class Status(StrEnum):
    """Seam's `status`."""

    UNSET = "unset"
    SETTING = "setting"
    SET = "set"
    REMOVING = "removing"
    UNKNOWN = "unknown"


class Presence(StrEnum):
    """Whether anything of the code is on the lock."""

    ABSENT = "absent"
    PRESENT = "present"
    MAYBE = "maybe"
    """A write was begun and nothing has proven its end."""


class Ending(StrEnum):
    """Why a code ends before its time."""

    DELETED = "deleted"
    CANCELLED = "cancelled"
    RELEASED = "released"
    """It stays on its lock and is nobody's concern any more."""
    MOVED = "moved"
    """Said of a remnant: the code is proven on another lock, or nothing of this one was in force."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Wish(_Frozen):
    """What is wanted.  A missing `starts_at` means from now on, a missing `ends_at` until deleted."""

    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    generation: int = 1
    pin_generation: int = 1
    newest: int = 1
    """The highest generation that was ever wished for: after a roll back it is more than the present one."""
    changed_at: AwareDatetime
    """When the lock was last told to be different from what it was: at the earliest, the registration."""
    ending: Ending | None = None
    ending_at: AwareDatetime | None = None
    loads_at: AwareDatetime | None = None
    """From when the lock may be told ahead of the start, with the window; None: not before the start."""

    @property
    def next_generation(self) -> int:
        """The number for the next change."""
        return max(self.newest, self.generation) + 1

    @property
    def type(self) -> AccessCodeType:
        """A code with either time is bound by it."""
        bound = self.starts_at is not None or self.ends_at is not None
        return AccessCodeType.TIME_BOUND if bound else AccessCodeType.ONGOING


class OnLock(_Frozen):
    """What is known of the lock.

    `generation` is the one proven to be there (`present`) or last written (`maybe`); None while absent.
    """

    presence: Presence = Presence.ABSENT
    generation: int | None = None
    pin_generation: int | None = None
    """The generation in which the digits came that are proven there; None while none are."""
    refused_generation: int | None = None
    """The lock refused this generation for good; nothing is written until there is a newer one."""
    was_set: bool = False
    """It was proven on the lock since it was last proven absent."""
    still_opens: bool = False
    """While `maybe`: the digits were proven there and only they were written since, as with another name."""
    unsettled_writes: int = 0
    """Writes whose effect nobody has seen yet."""
    unsettled_until: AwareDatetime | None = None
    """Until then an earlier write may still reach the lock, so nothing read before proves absence."""
    unsettled_removals: int = 0
    """Removals whose effect nobody has seen yet."""
    doubtful_until: AwareDatetime | None = None
    """Until then what a read shows may be on its way out: a removal, or older digits, may still reach the lock."""
    empty_since: AwareDatetime | None = None
    """The first of an unbroken row of reads that found nothing, or not what had been proven there."""
    bears_mark: bool = False
    """A read since then showed our mark in its name: a name without it is somebody else's doing."""
    window: LockWindow | None = None
    """The lock's own window of what was last proven there; None: it opens at any time."""
    told: LockWindow | None = None
    """The window of the last write, as `window`."""
    strays: tuple[LockWindow, ...] = ()
    """Other windows, of earlier writes that may still arrive."""
    seen_in_time: bool = False
    """It was proven there since its time began, not only loaded ahead."""


class MadeRoom(_Frozen):
    """Digits that worked and were taken off to make room for newer ones: put back if the lock refuses those."""

    generation: int
    pin_generation: int


class BackupUse(_Frozen):
    """What a code has of its lock's backup pool."""

    wanted_at: AwareDatetime | None = None
    """Since when its workflow asks for a backup; None once it has one, or works."""
    access_code_id: UUID | None = None
    """The backup code that stands in for it."""
    by_itself: bool = False
    """Nobody asked: its workflow pulled."""


class AccessCode(_Frozen):
    """Everything that decides what happens next to one code."""

    wish: Wish
    on_lock: Annotated[OnLock, AfterValidator(shared)] = OnLock()
    former: OnLock | None = None
    """Older digits in a place of their own.  They stay in force until newer ones are proven; None: there are none."""
    replaced_at: AwareDatetime | None = None
    """When the newer ones were proven, so that the former had to go."""
    worked_until: AwareDatetime | None = None
    """When it last ceased to count as working, though it was wanted: lateness begins anew from there."""
    no_room_for: int | None = None
    """The lock had no second place for the digits of this generation: the older ones must go first."""
    made_room: MadeRoom | None = None
    """The older ones that went first, until newer ones are proven."""
    problems: Problems = ()
    policy: Annotated[Policy, AfterValidator(shared)] = Policy()
    updates_in_place: bool = True
    """The lock can change digits or name of a code without taking it off."""
    native: LockClock | None = None
    """How the lock keeps the code's window by itself; None: it does not, or is not to."""
    is_backup: bool = False
    """It belongs to a backup pool."""
    backup: Annotated[BackupUse, AfterValidator(shared)] = BackupUse()
    remnant: UUID | None = None
    """What it left on the lock from which it was moved, in force until it is proven on this one; None: nothing is."""
    allows_external_modification: bool = False
    """What others change of it at the lock is honoured, not undone."""
    interference: Annotated[Interference, AfterValidator(shared)] = Interference()
    closed: bool = False
    """The end was written down: nothing of it is on the lock and nothing will be."""
    version: int = 0
    """Grows with every stored change: of two reports the one with the higher version is the newer."""


def created(
    wish: Wish,
    policy: Policy,
    *,
    updates_in_place: bool,
    native: LockClock | None = None,
    is_backup: bool = False,
    allows_external_modification: bool = False,
) -> AccessCode:
    """Make a code that has not touched its lock yet; `native`: the lock is to keep its window."""
    code = AccessCode(
        wish=wish,
        policy=policy,
        updates_in_place=updates_in_place,
        native=native,
        is_backup=is_backup,
        allows_external_modification=allows_external_modification,
    )
    return code.model_copy(update={"wish": scheduled(code, wish)})


def scheduled(code: AccessCode, wish: Wish) -> Wish:
    """Work out from when the lock may be told of a wish ahead."""
    clock, lead = code.native, code.policy.native_lead
    at = None if clock is None else load_at(clock, wish.starts_at, wish.ends_at, lead)
    return wish.model_copy(update={"loads_at": at})


def latest(*instants: datetime | None) -> datetime | None:
    """Give the last of those instants that are set; None when none is."""
    return max((instant for instant in instants if instant is not None), default=None)


def earliest(*instants: datetime | None) -> datetime | None:
    """Give the first of those instants that are set; None when none is."""
    return min((instant for instant in instants if instant is not None), default=None)
