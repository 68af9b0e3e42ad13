"""A replacement on a real server, while workers come and go and its workflow is terminated: it goes on where it was, and no code is on two locks."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from api.replacements import ReplacementService
from api.sweeps import SweepService
from domain.replacement import MoveStatus, ReplacementStatus
from store.accounts import DEFAULT_WORKSPACE_ID
from tests.devserver import house_on_devserver
from tests.waiting import eventually
from workflows.contracts import replace_device_workflow_id

CODES = 6


@pytest.mark.long
async def test_replacement_goes_on_after_each_restart_of_the_workers(tmp_path: Path) -> None:
    async with house_on_devserver(tmp_path) as house:
        old, new = await house.new_lock("Old"), await house.new_lock("New")
        lives = [
            await house.start(await house.request(old, starts_in=None, lasts=timedelta(hours=5))) for _ in range(CODES)
        ]

        async def are_set() -> bool:
            return len(await house.truth(old)) == CODES

        await eventually(are_set, within=30, what="all codes are on the old lock")
        service = ReplacementService(house.client, house.database)
        await house.fault(new, "slow", on="program", delay_seconds=0.5)
        await service.start(DEFAULT_WORKSPACE_ID, new.id, old.id)
        for pause in (0.2, 0.7):
            await asyncio.sleep(pause)  # whatever is under way then
            await house.restart_workers()
        await house.client.get_workflow_handle(replace_device_workflow_id(new.id)).terminate("by hand")
        await SweepService(house.client).sweep()

        async def is_done() -> bool:
            found = await service.get(DEFAULT_WORKSPACE_ID, new.id)
            return found.status is ReplacementStatus.DONE and await house.truth(old) == []

        await eventually(is_done, within=60, what="the replacement is done and the old lock empty")
        found = await service.get(DEFAULT_WORKSPACE_ID, new.id)
        assert [one.status for one in found.codes] == [MoveStatus.SET] * CODES
        assert {slot["pin"] for slot in await house.truth(new)} == {await life.pin() for life in lives}
        assert house.doubles == []
