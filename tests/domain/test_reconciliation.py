"""Each lock is read by its own interval, and an account's schedule ticks for its most impatient one."""

from datetime import timedelta

import pytest

from domain.devices import Capabilities, DeviceFacts
from domain.policy import Policy
from domain.reconciliation import read_every, tick_every

POLICY = Policy()
TELLING = Capabilities(webhooks_from_lock=True)


def lock(battery_level: float | None = None, capabilities: Capabilities | None = None) -> DeviceFacts:
    """Describe a lock."""
    return DeviceFacts(lock_id="l", name="L", battery_level=battery_level, capabilities=capabilities or Capabilities())


@pytest.mark.parametrize(
    ("facts", "hears", "every"),
    [
        (lock(), False, timedelta(minutes=15)),
        (lock(0.5), False, timedelta(hours=1)),
        (lock(0.5, TELLING), True, timedelta(hours=6)),
        (lock(0.5, TELLING), False, timedelta(hours=1)),
        (lock(None, TELLING), False, timedelta(minutes=15)),
        (lock(0.5), True, timedelta(hours=1)),
    ],
    ids=["mains", "battery", "tells", "would tell, no secret", "mains, no secret", "webhooks of others"],
)
def test_a_lock_is_read_by_what_it_runs_on_and_whether_it_tells(
    facts: DeviceFacts, hears: bool, every: timedelta
) -> None:
    assert read_every(POLICY, facts, hears=hears) == every


def test_the_schedule_ticks_for_the_most_impatient_lock() -> None:
    impatient = POLICY.overridden({"reconcile_battery_every": timedelta(minutes=2)})
    assert tick_every([POLICY, impatient]) == timedelta(minutes=2)
    assert tick_every([POLICY]) == timedelta(minutes=15)
