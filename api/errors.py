"""What the application services raise besides refusals: a part that they need is away."""

import structlog

_LOG = structlog.get_logger(__name__)


class TemporalUnavailableError(Exception):
    """Temporal does not answer.  An operator must see to it; the same request with the same ids can be repeated."""


class SyncFailedError(Exception):
    """A vendor cannot be asked about an account.  The message says who must act; it holds no credentials."""


def log_outage(error: Exception) -> None:
    """Write down which part is away and how that shows; who called hears only that he may repeat his request."""
    _LOG.warning("a call was put off: a part that it needs does not answer", why=str(error))
