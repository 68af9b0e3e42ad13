"""What a look at the lock says of our code.

Equality of digits decides what is ours; where the lock hides them, our mark in the code's name or the vendor's own id
of what we wrote.  Position and timing never do.
"""

from dataclasses import replace

from activities.turn import LockTurn
from domain.names import bears, carries_mark
from domain.observation import SeenOnLock
from providers.base import Driver, Empty, Known, Masked, ProviderError, Reading, Unreadable


async def look(turn: LockTurn, driver: Driver, reference: str | None = None) -> Reading:
    """Read the code's place and keep the class of the answer.

    Raises:
        ProviderError: nothing was learnt.
    """
    place = turn.place if reference is None else replace(turn.place, reference=reference)
    try:
        reading = await driver.read(place, turn.digits)
    except ProviderError as error:
        turn.tried("read", type(error).__name__, str(error))
        raise
    words = reading.message if isinstance(reading, Unreadable) else None
    turn.tried("read", type(reading).__name__.lower(), words)
    return reading


def is_ours(reading: Known | Masked, turn: LockTurn) -> bool:
    """Tell whether what was read is this code, in any generation."""
    if isinstance(reading, Known) and reading.pin in (turn.digits, *turn.older_digits):
        return True
    reference = turn.place.reference
    if reference is not None and reading.reference == reference:
        return True
    return reading.mark is not None and bears(reading.mark, turn.place.mark)


def proves(reading: Reading, turn: LockTurn) -> SeenOnLock | None:
    """Give what the reading proves to be on the lock; None when it proves nothing of ours."""
    match reading:
        case Known(pin=pin) if pin == turn.digits:
            return _named(reading, turn)
        case Masked() if is_ours(reading, turn):
            # Digits are hidden: the name tells the generation; without a name, that we wrote it stands for it.
            if reading.mark is None or carries_mark(reading.mark, turn.mark):
                return SeenOnLock(turn.generation, by_digits_alone=reading.mark is None)
    return None


def _named(reading: Known, turn: LockTurn) -> SeenOnLock:
    """The digits are the newest; an older name of ours means that only the renaming is outstanding."""
    shown = reading.mark
    if shown is not None and carries_mark(shown, turn.mark):
        return SeenOnLock(turn.generation)
    if shown is None or not bears(shown, turn.place.mark):
        return SeenOnLock(turn.generation, by_digits_alone=True)
    return SeenOnLock(turn.pin.generation)  # not the wish's, which may have moved on to other digits by now


def is_gone(reading: Reading, turn: LockTurn) -> bool:
    """Tell whether nothing of ours was found: nothing at all, or only a code of others in our slot."""
    return isinstance(reading, Empty) or (isinstance(reading, Known | Masked) and not is_ours(reading, turn))
