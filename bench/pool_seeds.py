"""Many full pools in little time, copied from one that filled itself.

Programming five codes on a thousand locks would take an hour and is measured elsewhere.  A copy has the rows of the
first pool under ids of its own, without digits, and its lock is told nothing; its workflows are real ones, which begin
where a run that continues as new leaves them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.stack import Stack
from domain.access_code import AccessCode
from domain.backup_pool import member_id
from store.codes import card
from store.tables import (
    AccessCodeRow,
    BackupPoolRow,
    BackupRow,
    ConnectedAccountRow,
    DeviceRow,
    PooledDeviceRow,
    SlotRow,
)
from workers.neighbours import TemporalNeighbours
from workers.worker import attempt_timeout
from workflows.contracts import ACCESS_CODE_WORKFLOW, QUEUE, AccessCodeInput, Carried, access_code_workflow_id


@dataclass(frozen=True, slots=True)
class Template:
    """The pool to be copied: its codes, each with its place on the lock."""

    pool: BackupPoolRow
    codes: Sequence[tuple[AccessCodeRow, SlotRow]]


async def template_of(stack: Stack, device_id: UUID) -> Template:
    """Read the pool that a lock has for itself."""
    async with stack.database.read() as session:
        query = (
            select(AccessCodeRow, SlotRow)
            .join(SlotRow, col(SlotRow.access_code_id) == col(AccessCodeRow.id))
            .where(AccessCodeRow.device_id == device_id, col(AccessCodeRow.backup_id).is_not(None))
        )
        codes = (await session.exec(query)).all()
        return Template(await session.get_one(BackupPoolRow, str(device_id)), codes)


async def copy_pool(stack: Stack, template: Template, device_id: UUID) -> None:
    """Give another lock the same pool, and start its workflows.  The pool's sets `target` when it has looked."""
    async with stack.database.write() as session:
        device = await session.get_one(DeviceRow, device_id)
        account = await session.get_one(ConnectedAccountRow, device.account_id)
        orders = await _copy_rows(session, template, device)
    carded = card(device, account)
    limit = attempt_timeout(stack.settings.provider_timeout)
    for code_id, backup_id, code in orders:
        order = AccessCodeInput(
            device_id=device_id,
            workspace_id=device.workspace_id,
            backup_id=backup_id,
            carried=Carried(code=code, device=carded, attempt_timeout=limit),
        )
        await stack.client.start_workflow(
            ACCESS_CODE_WORKFLOW, order, id=access_code_workflow_id(code_id), task_queue=QUEUE
        )
    await TemporalNeighbours(stack.client).wake_pool(str(device_id))


async def _copy_rows(
    session: AsyncSession, template: Template, device: DeviceRow
) -> list[tuple[UUID, UUID, AccessCode]]:
    """Write the rows of a copy; give its codes with their ids and those of their backups."""
    pool = BackupPoolRow(id=str(device.id), workspace_id=device.workspace_id, created_at=template.pool.created_at)
    session.add(pool)
    await session.flush()
    session.add(PooledDeviceRow(pool_id=pool.id, device_id=device.id))
    orders = []
    for code, slot in template.codes:
        backup_id = uuid4()
        code_id = member_id(backup_id, device.id)
        session.add(BackupRow(id=backup_id, pool_id=pool.id, created_at=code.created_at))
        await session.flush()
        own = {"id": code_id, "device_id": device.id, "backup_id": backup_id}
        session.add(AccessCodeRow(**{**code.model_dump(), **own}))
        await session.flush()
        session.add(SlotRow(**{**slot.model_dump(), "device_id": device.id, "access_code_id": code_id}))
        orders.append((code_id, backup_id, AccessCode.model_validate(code.code)))
    return orders
