"""The driver protocol: what Latchwork asks of a lock vendor, and the only answers it accepts.

Three rules shape it.

* **A success reply is not proof.**  A write answers `Accepted`; only a read, or a driver whose replies come from the
  lock itself (`Confirmed`), proves anything.
* **A read has four values, never two.**  "I could not look" (`Unreadable`) is not "nothing is there" (`Empty`), and
  "something is there, its digits are hidden" (`Masked`) is neither.
* **Errors are divided by who must act**, not by what went wrong inside (see the tree below).

    ProviderError
     ├── RetryLaterError           nobody: the next attempt may succeed; nothing was written
     ├── AccountDisconnectedError  the owner of the account must sign in again
     ├── LockGoneError             the operator: the vendor no longer knows this lock
     └── NonsenseError             the vendor: the answer contradicts itself or the question

A write whose effect is in doubt is no error but the outcome `Unknown`: the caller settles it by reading.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import SecretStr

from domain.devices import DeviceFacts


class ProviderError(Exception):
    """A call to a vendor failed without having written anything.  The text never holds digits or credentials."""


class RetryLaterError(ProviderError):
    """Nobody has to act.  `retry_after` is the vendor's own wish, None when it gave none; `offline` blames the lock."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, offline: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.offline = offline


class AccountDisconnectedError(ProviderError):
    """The vendor refuses our credentials: the account's owner must connect it again.  Retrying is harmless."""


class LockGoneError(ProviderError):
    """The vendor knows no such lock (removed, reset, sold): an operator must say what replaced it."""


class NonsenseError(ProviderError):
    """The answer makes no sense: malformed, contradictory, or about another lock.  It is believed in nothing.

    `answer` is its beginning for whoever has to talk to the vendor, with every digit struck out; None: nothing of it.
    It may hold names, so it is no part of the text, which goes into logs.
    """

    def __init__(self, message: str, *, answer: str | None = None) -> None:
        super().__init__(message)
        self.answer = answer


class RejectReason(StrEnum):
    """Why a lock refused a write; each maps to one of Seam's error codes (`activities/programming.py`)."""

    CONSTRAINTS_VIOLATED = "constraints_violated"
    DUPLICATE_PIN = "duplicate_pin"
    NO_SPACE = "no_space"
    SLOT_OCCUPIED = "slot_occupied"
    """The slot holds a code that is not ours; another slot may do."""
    NOT_IN_PLACE = "not_in_place"
    """The lock does not change this code where it is; taken off and put on anew it may."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one code of ours is, or is to be, on one lock.

    `mark` is our id inside the code's name on the lock, with the generation of its digits: it identifies our code
    where the digits are masked.  `reference` is the vendor's own id of the code, None while we do not know it.
    """

    lock_id: str
    slot: int
    mark: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """When a natively scheduled code is to work; None means no bound on that side.

    Both are aware; for a lock with `windows_in_local_time` both are naive, as its own clock shows them.
    """

    starts_at: datetime | None
    ends_at: datetime | None


# --- What a write can answer ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The lock itself said so.  Only a driver whose vendor passes on the lock's own word may answer this."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The vendor took the order.  `reference` is its id for the code, where it gave one."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The lock or its vendor refused for good, as things stand: repeating the same order cannot help by itself."""

    reason: RejectReason
    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The order may have been carried out: the reply was lost, late or senseless."""

    message: str


@dataclass(frozen=True, slots=True)
class NotMoved:
    """The lock or its vendor refused to lock or unlock the door."""

    message: str


MoveResult = Confirmed | Accepted | NotMoved | Unknown
WriteResult = Confirmed | Accepted | Rejected | Unknown


# --- What a read can answer -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A code with these digits is there.  `slot` is None where the vendor does not tell slots."""

    pin: SecretStr
    reference: str | None = None
    slot: int | None = None
    mark: str | None = None
    """The name that the lock shows for the code."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A code is there; its digits are hidden."""

    reference: str | None = None
    slot: int | None = None
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing of ours is there: not in the slot, not under the reference, not with the digits, not with the mark."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The lock could not be looked at; nothing follows from it.  `retry_after` as in `RetryLaterError`."""

    message: str
    offline: bool = False
    retry_after: timedelta | None = None


Reading = Known | Masked | Empty | Unreadable


class Driver(Protocol):
    """One vendor.  Every method may raise any `ProviderError`; none ever repeats a call by itself.

    `program` and `remove` raise only while nothing can have been written; afterwards they answer `Unknown`.
    """

    @property
    def has_webhook(self) -> bool:
        """Whether the vendor was given a secret to sign webhooks with, so that its news may be waited for."""
        ...

    async def discover(self) -> Sequence[DeviceFacts]:
        """List the account's locks."""
        ...

    async def describe(self, lock_id: str) -> DeviceFacts:
        """Ask for one lock's facts."""
        ...

    async def read(self, place: Place, pin: SecretStr) -> Reading:
        """Look for our code: by reference, by equal digits, by mark, and last at what else its slot holds.

        A `Known` with other digits than `pin` and another reference is a foreign code in our slot.
        """
        ...

    async def read_all(
        self, lock_id: str, slots: Collection[int] | None = None
    ) -> Sequence[Known | Masked] | Unreadable:
        """Everything on the lock, codes of others included; with `slots`, no others where each costs a call."""
        ...

    async def program(
        self, place: Place, pin: SecretStr, name: str, window: Window | None, idempotency_key: str
    ) -> WriteResult:
        """Put the code on the lock; with a `reference`, change that code in place.  None: no native window."""
        ...

    async def remove(self, place: Place, pin: SecretStr, idempotency_key: str) -> WriteResult:
        """Take our code off the lock.  Removing what is not there is `Accepted`."""
        ...

    async def aclose(self) -> None:
        """Release the connections."""
        ...


@runtime_checkable
class DoorDriver(Protocol):
    """What a driver may have besides: it locks and unlocks doors.  Errors and doubts are as for `Driver`'s writes."""

    async def lock(self, lock_id: str, idempotency_key: str) -> MoveResult:
        """Have the door locked; one that is locked already stays so."""
        ...

    async def unlock(self, lock_id: str, idempotency_key: str) -> MoveResult:
        """Have the door unlocked; one that is unlocked already stays so."""
        ...


@runtime_checkable
class SimulatedDriver(Protocol):
    """What a driver of simulated locks may have besides: it plays at somebody at the keypad."""

    async def type_in(self, lock_id: str, pin: SecretStr, name: str) -> Accepted | Rejected | None:
        """Put a code into a free slot of the lock by hand, unless it is there.  None: these locks are real.

        Raises:
            ProviderError: it did not come about, or nobody knows; it may be repeated.
        """
        ...


Credentials = Mapping[str, str]
"""What an account signs in with, as the driver's own field names."""
