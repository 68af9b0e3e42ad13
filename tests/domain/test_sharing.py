"""Equal values are held once, and different ones are kept apart."""

from datetime import UTC, datetime, timedelta

from domain.access_code import AccessCode, OnLock, Presence, Wish
from domain.policy import Policy

_WISH = Wish(changed_at=datetime(2026, 1, 1, tzinfo=UTC))


def _read(policy: Policy, on_lock: OnLock | None = None) -> AccessCode:
    """A code as a workflow gets it: out of JSON."""
    code = AccessCode(wish=_WISH, policy=policy, on_lock=on_lock or OnLock())
    return AccessCode.model_validate_json(code.model_dump_json())


def test_codes_of_one_policy_hold_it_once() -> None:
    policy = Policy(delay_after=timedelta(minutes=7))
    one, other = _read(policy), _read(policy)
    assert one is not other
    assert one.policy == policy
    assert one.policy is other.policy
    assert one.on_lock is other.on_lock


def test_different_values_are_not_mixed_up() -> None:
    present = OnLock(presence=Presence.PRESENT, generation=1, pin_generation=1, was_set=True)
    one, other = _read(Policy(), present), _read(Policy(delay_after=timedelta(minutes=9)))
    assert one.on_lock == present
    assert other.on_lock == OnLock()
    assert one.policy.delay_after != other.policy.delay_after
