"""The same lives and faults with PostgreSQL in place of SQLite, beside the modules that run on both as a whole."""

from datetime import timedelta

import pytest

from api.access_codes import AccessCodeService
from api.common_codes import CommonCodeService
from domain.access_code import Status
from domain.requests import CodeChange
from providers.simulated.faults import FaultKind
from tests.house import House
from tests.workflows import test_backup_codes, test_common_codes, test_faults
from tests.workflows.pool_house import Pools
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


async def test_a_code_that_fails_has_a_backup_until_its_end(house: House) -> None:
    await test_backup_codes.test_a_code_that_fails_has_a_backup_until_its_end(house, Pools(house))


async def test_pulls_at_once_give_everybody_another_code(house: House) -> None:
    await test_backup_codes.test_a_pull_gives_everybody_another_code_and_everybody_the_same_again(house, Pools(house))


async def test_one_backup_pin_opens_every_lock_of_a_group(house: House) -> None:
    service = CommonCodeService(AccessCodeService(house.client, house.database, house.keyring), house.database)
    await test_common_codes.test_one_backup_pin_opens_every_lock_of_the_group(house, Pools(house), service)
