"""How often a lock is read to see that its codes are still as they should be."""

from collections.abc import Iterable
from datetime import timedelta

from domain.devices import DeviceFacts
from domain.policy import Policy


def read_every(policy: Policy, facts: DeviceFacts, *, hears: bool) -> timedelta:
    """Give the interval of one lock; `hears`: its account gets its vendor's webhooks.

    A lock that tells how full its battery is has one.
    """
    if hears and facts.capabilities.webhooks_from_lock:
        return policy.reconcile_heard_every
    return policy.reconcile_mains_every if facts.battery_level is None else policy.reconcile_battery_every


def tick_every(policies: Iterable[Policy]) -> timedelta:
    """Give the interval at which an account's schedule ticks: the shortest that any of its locks may have."""
    return min(
        min(policy.reconcile_mains_every, policy.reconcile_battery_every, policy.reconcile_heard_every)
        for policy in policies
    )
