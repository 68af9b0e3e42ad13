"""What others did to a code on its lock, and how patiently it is undone.

A code that somebody takes off or changes at the lock is set again at once, for the guest's sake.  Who does it again
and again does it on purpose, or the lock does it by itself: from the second time on it is shown, and after the fourth
a code is set again at most once in a while, so that two sides do not fight over a lock's battery.  How often, within
how long, and what once in a while is, is policy.
"""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.policy import Policy


class Interference(BaseModel):
    """What others did to one code lately."""

    model_config = ConfigDict(frozen=True)

    undone: tuple[AwareDatetime, ...] = ()
    """When it was found taken off or changed, the last time last."""
    left_off: int | None = None
    """The generation that somebody took off, which they may; it is not set again."""


def remembered(undone: tuple[datetime, ...], policy: Policy, now: datetime) -> tuple[datetime, ...]:
    """Give those times that are not forgotten yet."""
    return tuple(at for at in undone if now - at < policy.undone_within)


def found_at(interference: Interference) -> datetime | None:
    """When it was last found undone; None: never, or long ago."""
    return interference.undone[-1] if interference.undone else None


def warns(interference: Interference, policy: Policy) -> bool:
    """Tell whether, when it was last found undone, that was often enough for a warning."""
    return len(interference.undone) >= policy.undone_warns_at


def fails(interference: Interference, policy: Policy) -> bool:
    """Tell whether, when it was last found undone, that was often enough to give the code up as reliable."""
    return len(interference.undone) >= policy.undone_fails_at


def held_back_until(interference: Interference, policy: Policy) -> datetime | None:
    """When the code may be set again; None: at once."""
    last = found_at(interference)
    return last + policy.rewrite_every if last is not None and fails(interference, policy) else None
