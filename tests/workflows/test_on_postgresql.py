"""The same lives and faults with PostgreSQL in place of SQLite, beside the modules that run on both as a whole."""

from datetime import timedelta

import pytest

from domain.access_code import Status
from domain.requests import CodeChange
from providers.simulated.faults import FaultKind
from tests.house import House
from tests.workflows import test_faults
from tests.workflows.test_faults import Case
from workflows.contracts import UpdateName

SOON = timedelta(seconds=10)

pytestmark = pytest.mark.parametrize("house", ["postgresql"], indirect=True, scope="module")

SOME = [
    Case(FaultKind.OFFLINE),
    Case(FaultKind.LOST_REPLY, {"on": "program"}, keeps_from_setting=False),
    Case(FaultKind.LYING_SUCCESS),
    Case(FaultKind.DELAYED_EFFECT, {"delay_seconds": 100.0}, keeps_from_setting=False),
    Case(FaultKind.ACCOUNT_DISCONNECTED),
]
"""Those after which the most is written: doubt, repetition, marks on lock and account."""


async def test_a_code_lives_through_a_lost_reply_and_a_change(house: House) -> None:
    lock = await house.device("Front Door")
    life = await house.start(await house.request(lock))
    await house.fault(lock, "lost_reply", on="program", count=1)
    await house.pass_time(until=life.starts_at + SOON)
    assert await house.opens(lock, await life.pin())
    await life.update(UpdateName.CHANGE, CodeChange(new_digits=True, name="Ada"))
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, await life.pin())
    await life.end()
    assert await house.truth(lock) == []
    assert (await life.events())[-1] == "removed_from_device"


@pytest.mark.parametrize("case", SOME, ids=str)
async def test_a_code_is_set_as_soon_as_its_lock_is_able(house: House, case: Case) -> None:
    await test_faults.test_a_code_is_set_as_soon_as_its_lock_is_able(house, case)


@pytest.mark.parametrize("case", SOME, ids=str)
async def test_a_code_is_gone_as_soon_as_its_lock_is_able(house: House, case: Case) -> None:
    await test_faults.test_a_code_is_gone_as_soon_as_its_lock_is_able(house, case)


async def test_a_code_shows_what_is_wrong_with_its_lock(house: House) -> None:
    await test_faults.test_a_code_shows_what_is_wrong_with_its_lock_or_account(
        house, FaultKind.OFFLINE, "device_disconnected", Status.SETTING
    )
