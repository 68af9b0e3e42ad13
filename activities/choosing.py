"""Where a code's digits come from: its caller, its common key, or our own choice.

Codes that are registered together get the same digits, good and free on every one of their locks: all are, or none.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.digits import Digits
from domain.access_code import AccessCode
from domain.lifecycle import held_from
from domain.pins import NoPinLeftError, generate, preferred_length
from domain.refusals import RefusalType, RefusedError, refuse
from domain.sealed import SealedPin


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of digits: when they are held, and what their length should be."""

    generation: int
    held_from: datetime
    held_until: datetime | None
    starts_at: datetime | None
    preferred_length: int | None
    now: datetime


def asked_for(code: AccessCode, now: datetime) -> Asked:
    """Say what the newest digits of a code must be like, for as long as it holds them."""
    return Asked(
        generation=code.wish.pin_generation,
        held_from=held_from(code) or now,
        held_until=code.wish.ends_at,
        starts_at=code.wish.starts_at,
        preferred_length=None,
        now=now,
    )


async def choose(
    session: AsyncSession,
    places: Sequence[Digits],
    asked: Asked,
    sealed: SealedPin | None,
    *,
    shared: str | None = None,
    is_shared: bool = False,
) -> str:
    """Give the digits for all of these places.

    `shared` are those of a key that has some already; `is_shared` says that the digits must be the same elsewhere.

    Raises:
        RefusedError: the caller's digits, or the key's, break a rule or are taken on a lock, or none are left.
    """
    named = None if sealed is None else places[0].opened(sealed)
    if named is not None and shared is not None and named != shared:
        raise _cannot_be_shared("codes with this key have other digits already", rule="same_digits")
    given = shared or named
    for place in places:
        await place.prepare(session, asked.now, choosing=given is None)
    if given is None:
        return _chosen(places, asked, is_shared=is_shared)
    for place in places:
        try:
            place.judge(given, asked.generation, asked.starts_at, asked.now)
            await place.check_free(session, given, asked.held_from, asked.held_until)
        except RefusedError as error:
            if not is_shared:
                raise
            broken = error.refusal
            raise _cannot_be_shared(broken.message, rule=broken.rule, shape=broken.shape) from None
    return given


def _chosen(places: Sequence[Digits], asked: Asked, *, is_shared: bool) -> str:
    """Choose digits that are free of all that are planned on any of the locks, whenever."""
    lengths = set.intersection(*(set(place.facts.supported_code_lengths) for place in places))
    if not lengths:
        raise _cannot_be_shared("the devices have no code length in common", rule="supported_code_lengths")
    length = preferred_length(lengths, asked.preferred_length)
    try:
        return generate(
            length,
            lambda pin: all(place.accepts(pin, asked.starts_at, asked.now) for place in places),
            secrets.randbelow,
        )
    except NoPinLeftError:
        message, shape = f"no digits of length {length} are left to choose", f"{length} digits"
        if is_shared:
            raise _cannot_be_shared(message, rule="no_digits_left", shape=shape) from None
        raise refuse(
            RefusalType.CODE_CONSTRAINTS_VIOLATED,
            f"{message} on this lock",
            field="code",
            rule="no_digits_left",
            shape=shape,
        ) from None


def _cannot_be_shared(message: str, *, rule: str | None, shape: str | None = None) -> RefusedError:
    return refuse(
        RefusalType.CODE_CANNOT_BE_SHARED,
        f"the code cannot be shared: {message}",
        field="common_code_key",
        rule=rule,
        shape=shape,
    )
