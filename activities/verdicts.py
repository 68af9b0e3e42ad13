"""What one attempt came to: the sightings to write down, and whether to try again.

Vendor errors are mapped here, in one table, by who must act; a test walks every `ProviderError`.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto

from activities.failures import AttemptFailure
from domain.observation import Sighting
from providers.base import (
    AccountDisconnectedError,
    LockGoneError,
    NonsenseError,
    ProviderError,
    RetryLaterError,
    Unreadable,
)


@dataclass(slots=True)
class Verdict:
    """The outcome of an attempt.  Without `failure` its purpose is fulfilled, or will not be by trying."""

    sightings: list[Sighting] = field(default_factory=list)
    failure: AttemptFailure | None = None
    message: str = ""
    retry_after: timedelta | None = None
    retries_slowly: bool = False
    """What stands in the way is another code or a full lock: it does not change by the second."""
    reference: str | None = None
    """The vendor's id of our code, where it was learnt."""
    senseless: str | None = None
    """How an answer began that makes no sense, without digits."""

    @property
    def reached(self) -> "Reached":
        """Say how far the attempt got."""
        return reached_by(self.failure)


class Reached(Enum):
    """How far an attempt got, and so what it teaches of account and lock."""

    NOTHING = auto()
    """Neither answered for itself."""
    NO_ACCOUNT = auto()
    """The vendor refused the account."""
    ACCOUNT = auto()
    """The vendor answered, the lock did not."""
    LOCK = auto()


_REACHED = {
    AttemptFailure.ACCOUNT_DISCONNECTED: Reached.NO_ACCOUNT,
    AttemptFailure.DEVICE_OFFLINE: Reached.ACCOUNT,
    AttemptFailure.NOT_CONFIRMED: Reached.LOCK,
}


def reached_by(failure: AttemptFailure | None) -> Reached:
    """Say how far a call got that ended so; None: it ended well."""
    return _REACHED.get(failure, Reached.NOTHING) if failure else Reached.LOCK


FAILURES: dict[type[ProviderError], AttemptFailure] = {
    RetryLaterError: AttemptFailure.PROVIDER_UNAVAILABLE,
    AccountDisconnectedError: AttemptFailure.ACCOUNT_DISCONNECTED,
    LockGoneError: AttemptFailure.DEVICE_REMOVED,
    NonsenseError: AttemptFailure.SENSELESS_ANSWER,
}


def failed(error: ProviderError, *sightings: Sighting) -> Verdict:
    """Make the verdict on a call that failed without having written."""
    failure = FAILURES[type(error)]
    retry_after = None
    if isinstance(error, RetryLaterError):
        retry_after = error.retry_after
        failure = AttemptFailure.DEVICE_OFFLINE if error.offline else failure
    senseless = error.answer if isinstance(error, NonsenseError) else None
    return Verdict(list(sightings), failure, str(error), retry_after, senseless=senseless)


def unreadable(reading: Unreadable) -> Verdict:
    """Make the verdict on a lock that could not be looked at."""
    failure = AttemptFailure.DEVICE_OFFLINE if reading.offline else AttemptFailure.PROVIDER_UNAVAILABLE
    return Verdict([], failure, reading.message, reading.retry_after)


def not_confirmed(message: str, *sightings: Sighting, retry_after: timedelta | None = None) -> Verdict:
    """Make the verdict on a write that nobody has seen take effect yet."""
    return Verdict(list(sightings), AttemptFailure.NOT_CONFIRMED, message, retry_after)
