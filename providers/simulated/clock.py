"""The cloud's clock: it follows the wall, or stands where it was set.

Windows, delayed effects and the `seconds` of faults use it, so that a test can move it together with the engine's
virtual time.  Only the wait of a `slow` fault is wall time: it is about the connection, not about the lock.
"""

from datetime import UTC, datetime


class Clock:
    """`now` is aware UTC.  It starts by following the wall."""

    def __init__(self, now: datetime | None = None) -> None:
        """A clock that stands at `now`; None follows the wall."""
        self._standing_at = now

    @property
    def follows_wall(self) -> bool:
        """Whether the clock moves by itself."""
        return self._standing_at is None

    def now(self) -> datetime:
        """The instant the clock shows."""
        return self._standing_at or datetime.now(UTC)

    def set(self, now: datetime) -> None:
        """Stand at an instant.

        Raises:
            ValueError: the instant has no time zone.
        """
        if now.tzinfo is None:
            raise ValueError("the clock needs an aware instant")
        self._standing_at = now.astimezone(UTC)

    def follow_wall(self) -> None:
        """Move with the wall again."""
        self._standing_at = None
