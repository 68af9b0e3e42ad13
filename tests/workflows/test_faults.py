"""Every kind of fault, while a code is being set and while it is being removed, judged by the lock's truth.

The rules, for each: never two codes of ours at once; on the lock within one retry interval + 5 s of the lock being
able; off it within the same after its end; never reported set or removed against the truth; warnings at their instants.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.access_code import Status
from domain.lifecycle import status
from domain.policy import Policy
from providers.simulated.faults import FaultKind
from store.tables import DeviceRow
from tests.house import House, Life

OUTAGE = timedelta(seconds=150)
WITHIN = Policy().retry_cap + timedelta(seconds=5)
"""One retry interval while the failure is not announced, and five seconds."""

OF_ISSUE_FOUR = {"keypad", "reset"}


@dataclass
class Case:
    """One kind of fault with its parameters, and what it keeps from happening."""

    kind: FaultKind
    parameters: dict[str, Any] = field(default_factory=dict)
    keeps_from_setting: bool = True
    """For as long as it lasts the code cannot be proven on the lock."""

    def __str__(self) -> str:
        return self.kind.value


CASES = [
    Case(FaultKind.OFFLINE),
    Case(FaultKind.FLAPPING, {"period_seconds": 200.0}, keeps_from_setting=False),
    Case(FaultKind.SLOW, {"delay_seconds": 2.3}),
    Case(FaultKind.HTTP_401),
    Case(FaultKind.HTTP_404_DEVICE),
    Case(FaultKind.HTTP_409),
    Case(FaultKind.HTTP_429, {"retry_after": 20}),
    Case(FaultKind.HTTP_500),
    Case(FaultKind.HTTP_503),
    Case(FaultKind.RESET_BEFORE),
    Case(FaultKind.LOST_REPLY, {"on": "program"}, keeps_from_setting=False),
    Case(FaultKind.LOST_REPLY, {"on": "any"}),
    Case(FaultKind.LYING_SUCCESS),
    Case(FaultKind.DELAYED_EFFECT, {"delay_seconds": 100.0}, keeps_from_setting=False),
    Case(FaultKind.STALE_READ, {"seconds_ago": 50.0}, keeps_from_setting=False),
    Case(FaultKind.MASKED_READ, keeps_from_setting=False),
    Case(FaultKind.MALFORMED),
    Case(FaultKind.WRONG_LOCK),
    Case(FaultKind.SLOTS_FULL),
    Case(FaultKind.ACCOUNT_DISCONNECTED),
    Case(FaultKind.CLOCK_SKEW, {"skew_seconds": 3600.0}, keeps_from_setting=False),
]
"""All kinds but `reject`, which is no outage: see `test_refusals.py`."""

SETTING_CASES = CASES
REMOVING_CASES = [case for case in CASES if case.kind is not FaultKind.SLOTS_FULL]


async def reported(house: House, life: Life) -> Status:
    stored = await life.stored()
    return status(stored.code, await house.now(), readable=stored.is_readable)


async def assert_no_false_report(house: House, lock: DeviceRow, life: Life, pin: str) -> None:
    """Set is only said of what opens the door; unset only of what is not on the lock."""
    said, opens, there = await reported(house, life), await house.opens(lock, pin), await house.truth(lock)
    assert not (said is Status.SET and not opens)
    assert not ((said is Status.UNSET or (await life.stored()).code.closed) and there)
    assert house.doubles == []


@pytest.mark.parametrize("case", SETTING_CASES, ids=str)
async def test_a_code_is_set_as_soon_as_its_lock_is_able(house: House, case: Case) -> None:
    lock = await house.new_lock(f"Setting {uuid4()}")
    life = await house.start(await house.request(lock))
    pin = await life.pin()
    await house.pass_time(until=life.starts_at - timedelta(seconds=30))
    await house.fault(lock, case.kind, **case.parameters)

    for moment in (1, 30, 59, 90, 149):
        await house.pass_time(until=life.starts_at + timedelta(seconds=moment))
        await assert_no_false_report(house, lock, life, pin)
    await house.heal(lock)
    await house.pass_time(until=life.starts_at + OUTAGE + WITHIN)

    assert await house.opens(lock, pin)
    assert await reported(house, life) is Status.SET
    assert await life.problems() == set()
    warned = [name for name in await life.events() if name == "delay_in_setting_on_device"]
    assert len(warned) == case.keeps_from_setting or not case.keeps_from_setting
    await life.end()
    assert await house.truth(lock) == []
    assert house.doubles == []


@pytest.mark.parametrize("case", REMOVING_CASES, ids=str)
async def test_a_code_is_gone_as_soon_as_its_lock_is_able(house: House, case: Case) -> None:
    lock = await house.new_lock(f"Removing {uuid4()}")
    life = await house.start(await house.request(lock, lasts=timedelta(hours=5)))
    pin = await life.pin()
    assert life.ends_at is not None
    await house.pass_time(until=life.ends_at - timedelta(seconds=30))
    assert await house.opens(lock, pin)
    await house.fault(lock, case.kind, **case.parameters)

    for moment in (1, 30, 90, 149):
        await house.pass_time(until=life.ends_at + timedelta(seconds=moment))
        await assert_no_false_report(house, lock, life, pin)
    await house.heal(lock)
    await house.pass_time(until=life.ends_at + OUTAGE + WITHIN)

    assert await house.truth(lock) == []
    assert (await life.stored()).code.closed
    assert (await life.events())[-1] == "removed_from_device"
    await life.end()


LONG = [FaultKind.OFFLINE, FaultKind.HTTP_500, FaultKind.LYING_SUCCESS, FaultKind.ACCOUNT_DISCONNECTED]


@pytest.mark.parametrize("kind", LONG)
async def test_warning_failure_and_success_come_in_order_and_on_time(house: House, kind: FaultKind) -> None:
    lock = await house.new_lock(f"Late {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.fault(lock, kind)
    await house.pass_time(until=life.starts_at + timedelta(seconds=59))
    assert await life.problems() == set()
    await house.pass_time(until=life.starts_at + timedelta(seconds=62))
    assert await life.problems() == {"delay_in_setting_on_device"}
    await house.pass_time(until=life.starts_at + timedelta(seconds=602))
    assert await life.problems() == {"delay_in_setting_on_device", "failed_to_set_on_device"}
    await house.pass_time(until=life.starts_at + timedelta(minutes=30))
    await house.heal(lock)
    await house.pass_time(until=life.starts_at + timedelta(minutes=45, seconds=5))

    assert await life.problems() == set()
    names = ["created", "delay_in_setting_on_device", "failed_to_set_on_device", "set_on_device"]
    assert await life.events() == names
    assert await life.seconds_of("delay_in_setting_on_device") == pytest.approx(60, abs=1)
    assert await life.seconds_of("failed_to_set_on_device") == pytest.approx(600, abs=1)
    await life.end()


@pytest.mark.parametrize("kind", LONG)
async def test_a_removal_that_fails_says_so_and_goes_on(house: House, kind: FaultKind) -> None:
    lock = await house.new_lock(f"Exposed {uuid4()}")
    life = await house.start(await house.request(lock, lasts=timedelta(hours=5)))
    assert life.ends_at is not None
    await house.pass_time(until=life.ends_at - timedelta(seconds=30))
    await house.fault(lock, kind)
    await house.pass_time(until=life.ends_at + timedelta(seconds=598))
    assert await life.problems() == set()
    await house.pass_time(until=life.ends_at + timedelta(seconds=602))
    assert await life.problems() == {"failed_to_remove_from_device"}
    await house.pass_time(until=life.ends_at + timedelta(days=1))
    assert not (await life.stored()).code.closed
    await house.heal(lock)
    await house.pass_time(until=life.ends_at + timedelta(days=1, minutes=15, seconds=5))

    assert await house.truth(lock) == []
    assert await life.events() == [
        "created",
        "set_on_device",
        "failed_to_remove_from_device",
        "removed_from_device",
    ]
    failed_at = await life.seconds_of("failed_to_remove_from_device")
    assert failed_at - (life.ends_at - life.starts_at).total_seconds() == pytest.approx(600, abs=1)
    assert await life.problems() == set()


@pytest.mark.parametrize(
    ("kind", "problem", "said"),
    [
        (FaultKind.OFFLINE, "device_disconnected", Status.SETTING),
        (FaultKind.ACCOUNT_DISCONNECTED, "account_disconnected", Status.UNKNOWN),
    ],
)
async def test_a_code_shows_what_is_wrong_with_its_lock_or_account(
    house: House, kind: FaultKind, problem: str, said: Status
) -> None:
    lock = await house.new_lock(f"Shared {uuid4()}")
    life = await house.start(await house.request(lock))
    await house.fault(lock, kind)
    await house.pass_time(until=life.starts_at + timedelta(seconds=5))
    assert [shown.code for shown in (await life.stored()).problems] == [problem]
    assert await reported(house, life) is said
    await house.heal(lock)
    await house.pass_time(until=life.starts_at + WITHIN)
    assert (await life.stored()).problems == ()
    assert await reported(house, life) is Status.SET
    await life.end()
