"""Lives of the workflows beside the codes: whatever is looked at, told, moved or changed has one of its own."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlmodel import select

from api.accounts import AccountService
from api.action_attempts import ActionAttemptService
from api.devices import DeviceService
from api.message_starts import start_message
from api.replacements import ReplacementService
from api.sweeps import SweepService
from api.unmanaged_codes import UnmanagedCodeService
from domain.devices import Capabilities
from domain.message_text import MessageKind
from domain.messages import MessageStatus
from domain.requests import CodeChange, CodeWindow, DeviceChange
from store.accounts import DEFAULT_WORKSPACE_ID
from store.pages import Page
from store.tables import DeviceRow, EventRow
from store.unmanaged_tables import UnmanagedCodeRow
from tests.guests import Desk, automatic, open_desk
from tests.histories.keeping import keep_workflow
from tests.house import House, Life
from tests.inbound import Intake, open_intake
from tests.mailbox import mailbox
from tests.receiver import Receiver, Reply, receiver
from tests.waiting import eventually
from tests.webhooks import an_endpoint
from workflows.contracts import (
    QUEUE,
    RECONCILE_WORKFLOW,
    SWEEP_ID,
    UPDATE_DEVICE_WORKFLOW,
    ReconcileInput,
    UpdateName,
    lock_news_workflow_id,
    message_workflow_id,
    move_door_workflow_id,
    reconcile_workflow_id,
    replace_device_workflow_id,
    sync_account_workflow_id,
    unmanaged_code_workflow_id,
    update_device_workflow_id,
)

FOREIGN, OTHER_FOREIGN = "48071593", "59182604"
"""Digits that others put on locks."""

PROVIDER = "lock_cloud"


async def set_life(house: House, lock: DeviceRow, **wish: Any) -> Life:
    """Live until the code is on its lock."""
    life = await house.start(await house.request(lock, starts_in=None, **wish))

    async def is_set() -> bool:
        return "set_on_device" in await life.events()

    await eventually(is_set, within=20, what="the code is set")
    return life


async def closed(house: House, workflow_id: str) -> None:
    """Wait until a workflow has ended, whatever it came to."""

    async def has_ended() -> bool:
        return (await house.client.get_workflow_handle(workflow_id).describe()).close_time is not None

    await eventually(has_ended, within=20, what=f"{workflow_id} ends")


async def event_with_digits(life: Life) -> UUID:
    """Give the event that tells an endpoint the code's digits."""
    async with life.house.database.read() as session:
        query = select(EventRow.id).where(
            EventRow.access_code_id == life.id, EventRow.event_type == "access_code.set_on_device"
        )
        return (await session.exec(query)).one()


async def webhook_delivered(house: House, name: str) -> None:
    async with receiver() as app:
        await _delivered(house, app, name)


async def webhook_failed_then_delivered(house: House, name: str) -> None:
    async with receiver() as app:
        app.replies["/"].append(Reply(500))
        await _delivered(house, app, name)
        assert len(app.got["/"]) == 2


async def _delivered(house: House, app: Receiver, name: str) -> None:
    life = await set_life(house, await house.new_lock(name))
    pin = await life.pin()
    endpoint = await an_endpoint(house, app.url)
    delivery = await endpoint.start(await event_with_digits(life))
    await delivery.result()
    assert f'"{pin}"' in app.got["/"][-1].text
    await keep_workflow(house, delivery.id, name, pin)


async def message_asked_for(house: House, name: str) -> None:
    async with mailbox() as box, open_desk(house, box) as desk:
        guest_id = await desk.guest()
        code_id = await desk.code_for(guest_id)
        life = await house.start(await house.request(await house.new_lock(name), starts_in=None), code_id=code_id)
        id = await desk.send(code_id)
        await desk.until(id, MessageStatus.SENT)
        await _keep_message(life, desk, guest_id, id, name)


async def message_that_waits_for_its_time(house: House, name: str) -> None:
    async with mailbox() as box, open_desk(house, box) as desk:
        await desk.switch_on(MessageKind.CODE_READY, ready_lead=timedelta(hours=24))
        guest_id = await desk.guest()
        code_id, lock = await desk.code_for(guest_id), await house.new_lock(name)
        life = await house.start(await house.request(lock, starts_in=timedelta(days=9)), code_id=code_id)
        await start_message(house.client, DEFAULT_WORKSPACE_ID, code_id, 1)
        await desk.until(automatic(code_id), MessageStatus.WAITING)
        now = await house.now()
        window = CodeWindow(starts_at=now + timedelta(hours=3), ends_at=now + timedelta(days=2))
        await life.update(UpdateName.CHANGE, CodeChange(window=window))
        await start_message(house.client, DEFAULT_WORKSPACE_ID, code_id, 1)
        await desk.until(automatic(code_id), MessageStatus.SENT)
        await _keep_message(life, desk, guest_id, automatic(code_id), name)


async def _keep_message(life: Life, desk: Desk, guest_id: UUID, id: UUID, name: str) -> None:
    workflow_id = message_workflow_id(id)
    await closed(life.house, workflow_id)
    await keep_workflow(life.house, workflow_id, name, await life.pin(), await desk.address(guest_id))


async def door_moved(house: House, name: str) -> None:
    await _moved(house, await house.new_lock(name), name)


async def door_not_moved(house: House, name: str) -> None:
    """It answers nonsense until nobody waits any more."""
    lock = await house.new_lock(name)
    await house.fault(lock, "malformed", on="move")
    await _moved(house, lock, name, passes=timedelta(minutes=1))


async def _moved(house: House, lock: DeviceRow, name: str, *, passes: timedelta | None = None) -> None:
    attempt_id = uuid4()
    await ActionAttemptService(house.client, house.database).move(attempt_id, lock, PROVIDER, locked=False)
    if passes is not None:
        await house.pass_time(until=await house.now() + passes)
    await closed(house, move_door_workflow_id(attempt_id))
    assert house.cloud.lock(lock.lock_id).facts.locked is (passes is not None)
    await keep_workflow(house, move_door_workflow_id(attempt_id), name)


async def lock_news_of_a_code(house: House, name: str) -> None:
    """A write arrives late, between two retries: the lock's word wakes the code that is in doubt."""
    async with open_intake(house) as intake:
        lock = await intake.telling_lock()
        life = await house.start(await house.request(lock))
        await house.fault(lock, "delayed_effect", on="program", delay_seconds=400.0)
        await house.pass_time(until=life.starts_at + timedelta(seconds=390))
        await house.heal(lock)
        await house.pass_time(until=life.starts_at + timedelta(seconds=401))
        assert await house.opens(lock, await life.pin())
        await _keep_news(intake, lock, name, await life.pin())


async def lock_news_of_an_edit(house: House, name: str) -> None:
    """Somebody takes a code off at the keypad: the lock is read at once."""
    async with open_intake(house) as intake:
        lock = await intake.telling_lock()
        life = await set_life(house, lock)
        known = {row.message_id for row in await intake.taken()}
        await house.keypad(lock, 1, None)
        await _keep_news(intake, lock, name, await life.pin(), besides=known)
        assert "deleted_external_to_seam" in await life.events()


async def _keep_news(
    intake: Intake, lock: DeviceRow, name: str, *digits: str, besides: frozenset[str] | set[str] = frozenset()
) -> None:
    house, found = intake.house, list[str]()

    async def has_come() -> bool:
        found.extend(
            row.message_id for row in await intake.taken() if row.device_id == lock.id and row.message_id not in besides
        )
        return bool(found)

    await eventually(has_come, within=20, what="the lock's word")
    workflow_id = lock_news_workflow_id(house.account_id, found[0])
    await closed(house, workflow_id)
    await keep_workflow(house, workflow_id, name, *digits)


async def device_taken_out_of_use(house: House, name: str) -> None:
    lock, change_id = await house.new_lock(name), uuid4()
    await DeviceService(house.client, house.database).update(
        DeviceChange(device_id=lock.id, is_managed=False), change_id=change_id
    )
    await keep_workflow(house, update_device_workflow_id(lock.id, change_id), name)


async def lock_replaced(house: House, name: str) -> None:
    """One code is set on the new lock, and one is registered there."""
    old, new = await house.new_lock(name), await house.new_lock(f"{name}, new")
    life = await set_life(house, old)
    await house.start(await house.request(old))
    service = ReplacementService(house.client, house.database)
    await service.start(DEFAULT_WORKSPACE_ID, new.id, old.id)
    await closed(house, replace_device_workflow_id(new.id))
    assert [slot["pin"] for slot in await house.truth(new)] == [await life.pin()]
    await keep_workflow(house, replace_device_workflow_id(new.id), name, await life.pin())


async def replacement_rolled_back(house: House, name: str) -> None:
    """The new lock does not answer, and the code that waits for it goes back."""
    old, new = await house.new_lock(name), await house.new_lock(f"{name}, new")
    life = await set_life(house, old)
    await house.fault(new, "offline")
    service = ReplacementService(house.client, house.database)
    await service.start(DEFAULT_WORKSPACE_ID, new.id, old.id)

    async def waits() -> bool:
        return bool(await house.calls(new))

    await eventually(waits, within=20, what="the code waits for its new lock")
    await service.roll_back(DEFAULT_WORKSPACE_ID, new.id)
    await closed(house, replace_device_workflow_id(new.id))
    assert (await life.stored()).device.id == old.id
    await keep_workflow(house, replace_device_workflow_id(new.id), name, await life.pin())


async def device_still_in_use(house: House, name: str) -> None:
    """Refused: a guest's code is live on it."""
    lock = await house.new_lock(name)
    life = await set_life(house, lock)
    workflow_id = update_device_workflow_id(lock.id, uuid4())
    change = DeviceChange(device_id=lock.id, is_managed=False)
    await house.client.start_workflow(UPDATE_DEVICE_WORKFLOW, change, id=workflow_id, task_queue=QUEUE)
    await closed(house, workflow_id)
    await keep_workflow(house, workflow_id, name, await life.pin())


async def account_synced(house: House, name: str) -> None:
    """One lock is back, and what waits for it is told."""
    lock = await house.new_lock(name)
    async with house.database.write() as session:
        device = await session.get_one(DeviceRow, lock.id)
        device.online = False
    found = await AccountService(house.client, house.database, house.keyring).sync(house.account_id)
    assert found.connected == 1
    await keep_workflow(house, sync_account_workflow_id(house.account_id), name)


async def account_reconciled(house: House, name: str) -> None:
    """Of the account's locks one is due, from which somebody took our code; its reads lag, so that it is read twice."""
    await house.reconcile(None)
    lock = await house.new_lock(name, capabilities=Capabilities(reads_lag=timedelta(seconds=20)))
    life = await house.start(await house.request(lock, starts_in=None))
    await house.pass_time(until=await house.now() + timedelta(minutes=1))
    assert "set_on_device" in await life.events()
    await house.keypad(lock, 1, None)
    await house.pass_time(until=await house.now() + timedelta(minutes=1))
    workflow_id = reconcile_workflow_id(house.account_id)
    handle = await house.client.start_workflow(
        RECONCILE_WORKFLOW, ReconcileInput(account_id=house.account_id), id=workflow_id, task_queue=QUEUE
    )
    await house.pass_time(until=await house.now() + timedelta(minutes=2))
    await closed(house, handle.id)
    assert "deleted_external_to_seam" in await life.events()
    await keep_workflow(house, workflow_id, name, await life.pin())


async def codes_swept_up(house: House, name: str) -> None:
    lock = await house.new_lock(name)
    life = await set_life(house, lock)
    await life.handle.terminate("by hand")
    swept = await SweepService(house.client).sweep()
    assert swept.resumed == (life.id,)
    await keep_workflow(house, SWEEP_ID, name, await life.pin())


async def unmanaged_code_adopted(house: House, name: str) -> None:
    row = await _foreign(house, await house.new_lock(name))
    await _unmanaged(house).adopt(row)
    assert (await _unmanaged(house).settled("adopt", row.id)).failure is None
    await keep_workflow(house, unmanaged_code_workflow_id("adopt", row.id), name, FOREIGN)


async def unmanaged_code_not_adopted(house: House, name: str) -> None:
    """Its digits were changed since it was listed."""
    lock = await house.new_lock(name)
    row = await _foreign(house, lock)
    await house.keypad(lock, 3, OTHER_FOREIGN)
    await _unmanaged(house).adopt(row)
    assert (await _unmanaged(house).settled("adopt", row.id)).failure is not None
    await keep_workflow(house, unmanaged_code_workflow_id("adopt", row.id), name, FOREIGN, OTHER_FOREIGN)


async def unmanaged_code_removed(house: House, name: str) -> None:
    row = await _foreign(house, await house.new_lock(name))
    await _unmanaged(house).remove(row)
    assert (await _unmanaged(house).settled("remove", row.id)).failure is None
    await keep_workflow(house, unmanaged_code_workflow_id("remove", row.id), name, FOREIGN)


async def unmanaged_code_typed_in(house: House, name: str) -> None:
    """The digits travel sealed in the workflow's input."""
    row = await _unmanaged(house).type_in(await house.new_lock(name), PROVIDER, SecretStr(FOREIGN), "Cleaner")
    assert row is not None
    handles = [
        execution.id
        async for execution in house.client.list_workflows("WorkflowType = 'UnmanagedCodeWorkflow'")
        if execution.id.endswith("/type_in")
    ]
    await keep_workflow(house, handles[0], name, FOREIGN)


def _unmanaged(house: House) -> UnmanagedCodeService:
    return UnmanagedCodeService(house.client, house.database, house.keyring)


async def _foreign(house: House, lock: DeviceRow) -> UnmanagedCodeRow:
    """Have somebody put a code on a lock, and find it."""
    await house.keypad(lock, 3, FOREIGN)
    await house.reconcile(lock)
    (row,) = await _unmanaged(house).page(DEFAULT_WORKSPACE_ID, lock.id, Page(limit=2))
    return row


BESIDE_CODES_IN_DAYS: list[Callable[[House, str], Awaitable[None]]] = [
    door_not_moved,
    lock_news_of_a_code,
    account_reconciled,
]
"""Those in which more time passes than anybody wants to wait."""

BESIDE_CODES: list[Callable[[House, str], Awaitable[None]]] = [
    webhook_delivered,
    webhook_failed_then_delivered,
    message_asked_for,
    message_that_waits_for_its_time,
    door_moved,
    lock_news_of_an_edit,
    device_taken_out_of_use,
    device_still_in_use,
    lock_replaced,
    replacement_rolled_back,
    account_synced,
    codes_swept_up,
    unmanaged_code_adopted,
    unmanaged_code_not_adopted,
    unmanaged_code_removed,
    unmanaged_code_typed_in,
]
