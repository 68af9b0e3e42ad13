"""How a failure leaves an activity: typed, for one reader each, without digits.

Workflows and Temporal's own retries decide by two things only: may it be tried again, and when.  Everything else is
for the person who reads the Temporal UI.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from domain.refusals import Refusal, RefusalType, RefusedError
from store.database import StoreUnavailableError
from store.leases import LeaseLostError

_LONGEST_MESSAGE = 500


class AttemptFailure(StrEnum):
    """Why an attempt on a lock did not reach its end; each is tried again."""

    NOT_YET = "not_yet"
    LOCK_BUSY = "lock_busy"
    LEASE_LOST = "lease_lost"
    NOT_CONFIRMED = "not_confirmed"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    DEVICE_OFFLINE = "device_offline"
    DEVICE_REMOVED = "device_removed"
    ACCOUNT_DISCONNECTED = "account_disconnected"
    SENSELESS_ANSWER = "senseless_answer"
    STORE_UNAVAILABLE = "store_unavailable"
    MOVED = "moved"
    """The code was moved to another lock meanwhile: what is done on this one is its remnant's."""
    HELD_BACK = "held_back"
    """Other digits or a full lock stand in the way for now."""


class NotPossibleError(Exception):
    """It will not come about by trying; the text says why, and `refusal` what a lock has against typed digits."""

    def __init__(self, message: str, refusal: RefusalType | None = None) -> None:
        super().__init__(message)
        self.refusal = refusal


def try_again(failure: AttemptFailure, message: str, delay: timedelta) -> ApplicationError:
    """Make the error that has Temporal try the activity again after `delay`."""
    return ApplicationError(
        message[:_LONGEST_MESSAGE],
        type=failure,
        next_retry_delay=delay,
        category=ApplicationErrorCategory.BENIGN,
    )


def refused(refusal: Refusal) -> ApplicationError:
    """Make the error by which a request is refused for good."""
    return ApplicationError(
        refusal.message,
        refusal.model_dump(mode="json"),
        type=refusal.type,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )


_BRIEFLY = timedelta(seconds=5)
"""The delay after a failure of ours, not of the lock's."""


@contextmanager
def attempt_failures() -> Iterator[None]:
    """Let a lost lease, an unreachable store and an attempt past its time leave as what they are."""
    try:
        yield
    except TimeoutError:
        raise try_again(AttemptFailure.NOT_CONFIRMED, "the attempt took too long", _BRIEFLY) from None
    except LeaseLostError:
        raise try_again(AttemptFailure.LEASE_LOST, "too slow: another turn took over", _BRIEFLY) from None
    except StoreUnavailableError as error:
        raise try_again(AttemptFailure.STORE_UNAVAILABLE, str(error), _BRIEFLY) from None


@contextmanager
def store_failures() -> Iterator[None]:
    """Let refusals and an unreachable store leave as what they are."""
    try:
        yield
    except RefusedError as error:
        raise refused(error.refusal) from None
    except StoreUnavailableError as error:
        raise ApplicationError(str(error)[:_LONGEST_MESSAGE], type=RefusalType.STORE_UNAVAILABLE) from None
