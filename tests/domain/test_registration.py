"""A request is refused by what it asks, never because of the day its lock is having."""

from datetime import datetime

import pytest

from domain.devices import Capabilities, DeviceFacts
from domain.refusals import RefusalType, RefusedError
from domain.registration import check_device, check_order, check_window
from tests.domain.codes import DAY, HOUR, MICROSECOND, NOON


@pytest.mark.parametrize("online", [True, False])
def test_lock_is_taken_online_or_offline(online: bool) -> None:
    check_device(DeviceFacts(lock_id="front", name="Front", online=online))


def test_lock_without_access_codes_is_refused() -> None:
    facts = DeviceFacts(lock_id="front", name="Front", capabilities=Capabilities(can_program_online_access_codes=False))
    with pytest.raises(RefusedError, match="takes no access codes") as refused:
        check_device(facts)
    assert refused.value.refusal.type is RefusalType.ACCESS_CODES_NOT_SUPPORTED
    assert refused.value.refusal.field == "device_id"


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [(None, None), (NOON, None), (None, NOON + HOUR), (NOON, NOON + MICROSECOND), (NOON - DAY, NOON + HOUR)],
)
def test_window_that_can_open_a_door_is_taken(starts_at: datetime | None, ends_at: datetime | None) -> None:
    check_window(starts_at, ends_at, NOON)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "rule"),
    [
        (NOON + DAY, NOON + DAY, "ends_after_start"),
        (NOON + DAY, NOON + HOUR, "ends_after_start"),
        (None, NOON, "ends_in_future"),
        (NOON - DAY, NOON - HOUR, "ends_in_future"),
    ],
)
def test_window_that_never_opens_a_door_is_refused(starts_at: datetime | None, ends_at: datetime, rule: str) -> None:
    with pytest.raises(RefusedError) as refused:
        check_window(starts_at, ends_at, NOON)
    assert refused.value.refusal.type is RefusalType.INVALID_INPUT
    assert refused.value.refusal.rule == rule


def test_refused_window_shows_its_shape_and_not_its_instants() -> None:
    with pytest.raises(RefusedError) as refused:
        check_order(NOON + HOUR, NOON)
    assert refused.value.refusal.shape == "1:00:00 before starts_at"


def test_change_may_end_a_code_in_the_past() -> None:
    check_order(NOON - DAY, NOON - HOUR)
