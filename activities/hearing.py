"""Hearing from the lock itself that what an attempt has just written is there, which saves the read.

It can be heard where the lock's facts say that its vendor's webhooks come from the lock, and the account has a secret to
sign them with.  It must be about the code that this attempt's own write was acknowledged under; what it must show
besides is `domain/hearing.py`.  Where no such word comes soon, the attempt reads, as it does on every other lock.
"""

import asyncio

from activities.turn import LockTurn, LockTurns
from domain.hearing import confirms
from providers.base import Driver

LOOKS_AFTER_SECONDS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.75, 1.5)
"""When to look for the lock's word, each counted from the last look: 3 s in all.  An attempt has them to spare, as it
did not have to look before it wrote."""


def may_hear(turn: LockTurn, driver: Driver) -> bool:
    """Tell whether the lock's own word can come at all."""
    return driver.has_webhook and turn.stored.facts.capabilities.webhooks_from_lock


async def hears(turns: LockTurns, turn: LockTurn, reference: str) -> bool:
    """Wait a little for the lock's word on the code that the vendor acknowledged under this reference."""
    for wait in LOOKS_AFTER_SECONDS:
        await asyncio.sleep(wait)
        told = await turns.told(turn, reference)
        if told and confirms(told, pin_index=turn.pin.pin_index, mark=turn.mark, since=turn.began_at):
            turn.tried("hear", "known" if told.pin_index else "masked")
            return True
    return False
