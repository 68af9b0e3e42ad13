"""How often: buckets that refill, per key and per lock, and an answer that says when to come back."""

import pytest

from api.limits import PER_MINUTE, Limiter, Rate, RateLimits, TooOftenError
from tests.api.door import Door, in_hours, open_door


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _uses(limiter: Limiter, rate: Rate, subject: str, times: int) -> int:
    """Use it so often; give how many were let through."""
    done = 0
    for _ in range(times):
        try:
            limiter.count(rate, subject)
        except TooOftenError:
            continue
        done += 1
    return done


def test_a_minutes_worth_passes_at_once_and_the_rest_evenly() -> None:
    clock = Clock()
    limiter = Limiter(RateLimits.SEAM, clock)
    assert _uses(limiter, Rate.CREATE, "lock", 15) == 10
    with pytest.raises(TooOftenError) as caught:
        limiter.count(Rate.CREATE, "lock")
    assert caught.value.retry_after == 6
    clock.now = 6
    assert _uses(limiter, Rate.CREATE, "lock", 5) == 1
    clock.now = 600
    assert _uses(limiter, Rate.CREATE, "lock", 15) == 10


def test_locks_and_kinds_are_counted_apart() -> None:
    limiter = Limiter(RateLimits.SEAM, Clock())
    assert [_uses(limiter, Rate.CREATE, lock, 15) for lock in ("a", "b")] == [10, 10]
    assert _uses(limiter, Rate.DELETE, "a", 30) == 20


def test_no_limits_let_everything_pass() -> None:
    assert _uses(Limiter(RateLimits.OFF, Clock()), Rate.CALL, "key", 5000) == 5000


OURS = (Rate.CALL, Rate.SIGN_IN, Rate.SIGN_IN_ADDRESS)
"""What Seam publishes no figures for."""


def test_published_figures_are_those_of_the_preset() -> None:
    figures = {rate.value: PER_MINUTE[RateLimits.SEAM][rate] for rate in Rate if rate not in OURS}
    assert figures == {"create": 10, "update": 10, "delete": 20, "lock": 15, "unlock": 15}


async def test_too_many_codes_a_minute_are_refused_and_told_when_to_come_back(door: Door) -> None:
    """A machine so slow that the bucket refills meanwhile needs a few more than eleven."""
    async with open_door(door.house, RateLimits.SEAM) as limited:
        lock, other = await limited.lock(), await limited.lock()
        body = {"device_id": str(lock.id), "starts_at": in_hours(5)}
        answers = [await limited.call("/access_codes/create", **body)]
        while answers[-1].status_code == 200 and len(answers) < 40:
            answers.append(await limited.call("/access_codes/create", **body))
        refused = answers[-1]
        assert len(answers) > 10
        assert (refused.status_code, refused.json()["error"]["type"]) == (429, "too_many_requests")
        assert 0 < int(refused.headers["retry-after"]) <= 6
        assert (await limited.call("/access_codes/create", **{**body, "device_id": str(other.id)})).status_code == 200
