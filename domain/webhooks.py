"""What a webhook is told, when a delivery is tried again, and when an endpoint is given up.

An endpoint is one customer's address.  A delivery is one event on its way to one endpoint:

    2xx         delivered
    410         the customer wants no more: the endpoint is disabled at once
    the rest    failed, redirects included: they are not followed; tried again by `RETRY_DELAYS`

An endpoint that did nothing but fail for `DISABLE_AFTER` is disabled, too; both ways an event says so.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from domain.events import EventType
from domain.refusals import RefusalType, refuse

EVERYTHING = "*"
"""Stands for every event type."""

RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""How long after each failure the next attempt follows: Seam's schedule.  The first attempt is made at once."""

JITTER = 0.1
"""A delay is lengthened by up to this share, so that what failed together does not come back together."""

LONGEST_RETRY_AFTER = timedelta(hours=24)
"""An endpoint that asks for more is asked again tomorrow."""

ANSWER_WITHIN = timedelta(seconds=15)
"""How long an endpoint may take for its status, with finding and connecting to it."""

DISABLE_AFTER = timedelta(days=5)
"""How long an endpoint may fail without a break."""

SECRETS_OVERLAP = timedelta(hours=24)
"""How long both the new secret and the one before it sign, so that receivers can change over one by one."""

LONGEST_URL = 2048

_EVENT_TYPE = re.compile(r"[a-z][a-z_]*(?:\.[a-z_]+)+")


class Answer(StrEnum):
    """What an endpoint's status means."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GONE = "gone"


class DisabledReason(StrEnum):
    """Why an endpoint gets no more events."""

    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    """It failed for too long."""


class Outcome(StrEnum):
    """How a delivery ended, where it did not fail."""

    DELIVERED = "delivered"
    DISABLED = "disabled"
    """The endpoint wants no more, or failed for too long."""
    UNWANTED = "unwanted"
    """Endpoint or event are there no more."""


class Delivered(BaseModel):
    """The end of a delivery.  `status` is what the endpoint answered last; None when it was not asked."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    status: int | None = None


def judge(status: int) -> Answer:
    """Say what a status means."""
    if 200 <= status < 300:
        return Answer.DELIVERED
    return Answer.GONE if status == 410 else Answer.FAILED


def wants(event_types: Collection[str], event_type: str) -> bool:
    """Tell whether an endpoint that asked for these types is to hear of an event by itself.

    A test never is: it is for one endpoint alone, and whoever asks for it sends it there.
    """
    if event_type == EventType.WEBHOOK_TEST:
        return False
    return EVERYTHING in event_types or event_type in event_types


def delay_before_retry(failures: int, *, chance: float, retry_after: timedelta | None = None) -> timedelta | None:
    """Say how long after the `failures`-th failure (from 1) to try again; None: no more.

    `chance` between 0 and 1 chooses the jitter.  The endpoint's `Retry-After` only ever lengthens the delay.
    """
    if failures > len(RETRY_DELAYS):
        return None
    delay = RETRY_DELAYS[failures - 1] * (1 + JITTER * chance)
    return delay if retry_after is None else max(delay, min(retry_after, LONGEST_RETRY_AFTER))


def failing_since(since: datetime | None, last_failure: datetime | None, now: datetime) -> datetime:
    """Give the beginning of the unbroken failure to which a failure now belongs.

    An endpoint that nothing was sent to for as long as it may fail begins anew: its silence proves nothing.
    """
    if since is None or last_failure is None or now - last_failure >= DISABLE_AFTER:
        return now
    return since


def has_failed_too_long(since: datetime, now: datetime) -> bool:
    """Tell whether an endpoint that failed without a break since then is to be disabled."""
    return now - since >= DISABLE_AFTER


def check_event_types(event_types: Sequence[str]) -> tuple[str, ...]:
    """Give the types without doubles, in their order.  A type that Latchwork never writes is no mistake.

    Raises:
        RefusedError: there are none, or one is no event type by its looks.
    """
    unlike = [kind for kind in event_types if kind != EVERYTHING and not _EVENT_TYPE.fullmatch(kind)]
    if unlike or not event_types:
        raise refuse(
            RefusalType.INVALID_EVENT_TYPES,
            "event_types must name event types, such as access_code.created, or * for all",
            field="event_types",
            rule="event_type",
            shape=f"{len(unlike)} of {len(event_types)} are none",
        )
    return tuple(dict.fromkeys(event_types))


def check_url(url: str, *, for_development: bool) -> str:
    """Give the address back when events may be sent there; whether the host is reachable shows with the first of them.

    Digits travel there, so that only development does without TLS.

    Raises:
        RefusedError: it is no HTTPS address, has credentials or a fragment, or is too long.
    """
    try:
        parts = urlsplit(url)
        has_host, _ = bool(parts.hostname), parts.port
    except ValueError:
        raise _bad_url("an address") from None
    if parts.scheme != "https" and not (for_development and parts.scheme == "http"):
        raise _bad_url("https")
    if not has_host or parts.username is not None or parts.fragment or len(url) > LONGEST_URL or not url.isprintable():
        raise _bad_url(f"a host, no user, no fragment, at most {LONGEST_URL} characters")
    return url


def _bad_url(rule: str) -> Exception:
    return refuse(
        RefusalType.INVALID_INPUT, f"url is not what events can be sent to: {rule} is needed", field="url", rule=rule
    )
