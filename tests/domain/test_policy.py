"""A policy is in order, and later layers of settings win over earlier ones."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.policy import BackupPoolUse, Policy

MINUTE = timedelta(minutes=1)


def test_defaults_are_those_of_the_documentation() -> None:
    assert Policy() == Policy(
        program_lead=0 * MINUTE,
        delay_after=MINUTE,
        backup_after=2 * MINUTE,
        fail_after=10 * MINUTE,
        remove_fail_after=10 * MINUTE,
        retry_initial=timedelta(seconds=2),
        retry_cap=MINUTE,
        retry_cap_late=15 * MINUTE,
        pulls_backup=True,
        pulls_for_ongoing=True,
        backup_pool=BackupPoolUse.ON_REQUEST,
        backup_pool_size=5,
        reconcile_mains_every=15 * MINUTE,
        reconcile_battery_every=60 * MINUTE,
        reconcile_heard_every=360 * MINUTE,
        undone_within=24 * 60 * MINUTE,
        undone_warns_at=2,
        undone_fails_at=4,
        rewrite_every=60 * MINUTE,
    )


@pytest.mark.parametrize(
    "setting",
    [
        {"delay_after": 11 * MINUTE},
        {"delay_after": -MINUTE},
        {"reconcile_mains_every": timedelta(seconds=59)},
        {"undone_within": -MINUTE},
        {"undone_warns_at": 0},
        {"rewrite_every": -MINUTE},
        {"backup_after": 11 * MINUTE},
        {"backup_after": -MINUTE},
        {"fail_after": timedelta(seconds=30)},
        {"retry_initial": 0 * MINUTE},
        {"retry_initial": 2 * MINUTE},
        {"retry_cap_late": timedelta(seconds=30)},
        {"program_lead": -MINUTE},
        {"remove_fail_after": -MINUTE},
        {"backup_pool_size": -1},
        {"backup_pool_size": 51},
        {"backup_pool": "sometimes"},
    ],
)
def test_policy_out_of_order_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Policy().overridden(setting)


@pytest.mark.parametrize("setting", [{"delay_after": 10 * MINUTE}, {"fail_after": 2 * MINUTE}])
def test_equal_durations_are_in_order(setting: dict[str, timedelta]) -> None:
    assert Policy().overridden(setting).delay_after <= Policy().overridden(setting).fail_after


@pytest.mark.parametrize("setting", [{"backup_after": 10 * MINUTE}, {"backup_after": 0 * MINUTE}])
def test_a_backup_may_come_at_once_and_as_late_as_the_failure(setting: dict[str, timedelta]) -> None:
    assert Policy().overridden(setting).backup_after == setting["backup_after"]


@pytest.mark.parametrize("size", [0, 50])
def test_a_pool_may_be_of_any_size_in_bounds(size: int) -> None:
    assert Policy().overridden({"backup_pool_size": size}).backup_pool_size == size


def test_backup_settings_are_overridden_as_they_are_stored() -> None:
    policy = Policy().overridden({"backup_pool": "always", "pulls_backup": False, "pulls_for_ongoing": False})
    assert (policy.backup_pool, policy.pulls_backup, policy.pulls_for_ongoing) == (BackupPoolUse.ALWAYS, False, False)


def test_later_layer_wins() -> None:
    workspace, device = {"delay_after": "PT2M", "program_lead": "PT1H"}, {"delay_after": "PT3M"}
    policy = Policy().overridden(workspace, device)
    assert (policy.delay_after, policy.program_lead) == (3 * MINUTE, 60 * MINUTE)


def test_no_layer_changes_nothing() -> None:
    assert Policy().overridden({}, {}) == Policy()


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match="delay_afterwards"):
        Policy().overridden({"delay_afterwards": "PT2M"})
