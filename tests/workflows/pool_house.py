"""Short words for what tests ask of backup pools, each answered by the rows or by the lock."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from api.devices import DeviceService
from domain.requests import DeviceChange
from store import codes, devices
from store.backup_pools import PooledCode, backup_codes_on
from store.keyring import pin_aad
from store.tables import AccessCodeRow, DeviceRow
from tests.house import House, Life
from workflows.contracts import PullBackupRequest, UpdateName


@dataclass
class Pools:
    """The pools of a house."""

    house: House

    async def on(self, lock: DeviceRow) -> list[PooledCode]:
        """Give the backup codes that may be on a lock."""
        async with self.house.database.read() as session:
            return await backup_codes_on(session, lock.id)

    async def ready(self, lock: DeviceRow) -> int:
        """Count the codes that lie ready, and see that the lock opens to each of them."""
        ready = [code for code in await self.on(lock) if code.is_ready]
        for code in ready:
            assert await self.house.opens(lock, await self.digits(code.row.id))
        return len(ready)

    async def digits(self, code_id: UUID) -> str:
        """Decrypt the digits of a code."""
        async with self.house.database.read() as session:
            stored = await codes.get(session, code_id)
            row = await codes.pin_row(session, code_id, stored.code.wish.pin_generation)
        return self.house.keyring.decrypt(row.ciphertext, pin_aad(stored.row.workspace_id, code_id)).decode()

    async def problems(self, lock: DeviceRow) -> set[str]:
        """Name the problems of the lock itself."""
        async with self.house.database.read() as session:
            row = await session.get_one(DeviceRow, lock.id)
            return {str(problem.code) for problem in devices.problems_of(row)}

    async def stand_in(self, life: Life) -> UUID | None:
        """Name the backup code that stands in for a code."""
        return (await life.stored()).code.backup.access_code_id

    async def stood_in(self, life: Life) -> list[UUID]:
        """Name every backup code that ever stood in for a code."""
        async with self.house.database.read() as session:
            query = select(AccessCodeRow.id).where(col(AccessCodeRow.stands_in_for) == life.id)
            return list((await session.exec(query)).all())

    async def filled(self, lock: DeviceRow) -> Life:
        """Have the lock keep backup codes, by a far reservation that asks for them; wait until it is full."""
        life = await self.house.start(
            await self.house.request(lock, starts_in=timedelta(days=20), use_backup_access_code_pool=True)
        )
        await self.settle()
        return life

    async def heal(self) -> None:
        """Lift every lock's faults, so that what tries on costs the next test no time."""
        for lock_id in self.house.cloud.locks:
            (await self.house.http.delete(f"/_faults/{lock_id}")).raise_for_status()

    async def settle(self, by: timedelta = timedelta(seconds=20)) -> None:
        """Let what is under way be done."""
        await self.house.pass_time(until=await self.house.now() + by)

    async def pull(self, life: Life) -> UUID:
        """Ask for a backup code, as a person would, and see that the lock opens to it."""
        receipt = await life.update(UpdateName.PULL_BACKUP, PullBackupRequest())
        assert receipt.pulled_backup_access_code_id is not None
        return receipt.pulled_backup_access_code_id

    async def refusal(self, life: Life) -> str:
        """Ask for a backup code in vain; give the type of the refusal."""
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await life.update(UpdateName.PULL_BACKUP, PullBackupRequest())
        assert isinstance(caught.value.cause, ApplicationError)
        return str(caught.value.cause.type)

    async def change_use(self, lock: DeviceRow, **change: Any) -> None:
        """Change what a lock is used for."""
        await DeviceService(self.house.client, self.house.database).update(DeviceChange(device_id=lock.id, **change))
        await self.settle()

    async def set_policy(self, lock: DeviceRow, **settings: Any) -> None:
        """Give a lock a policy of its own."""
        async with self.house.database.write() as session:
            await devices.set_policy(session, lock.id, settings)
