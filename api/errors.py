"""What the application services raise besides refusals: a part that they need is away."""


class TemporalUnavailableError(Exception):
    """Temporal does not answer.  An operator must see to it; the same request with the same ids can be repeated."""


class SyncFailedError(Exception):
    """A vendor cannot be asked about an account.  The message says who must act; it holds no credentials."""
