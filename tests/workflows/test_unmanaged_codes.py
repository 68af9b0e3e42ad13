"""Codes that others put on a lock: listed, never overwritten, adopted and removed on an exact match alone."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlmodel import col, select
from temporalio.client import WorkflowUpdateFailedError

from api.unmanaged_codes import UnmanagedCodeService
from domain.action_attempts import AttemptStatus, Moved
from domain.devices import Capabilities
from domain.refusals import RefusalType, RefusedError
from store import accounts, codes, devices
from store.api_tables import ActionAttemptRow
from store.pages import Page
from store.tables import DeviceRow, EventRow
from store.unmanaged_tables import UnmanagedCodeRow
from tests.house import House, refusal_of
from tests.waiting import eventually
from workflows.contracts import UnmanagedCodeResult

SOON = timedelta(seconds=10)
WORKSPACE = accounts.DEFAULT_WORKSPACE_ID


async def fresh(house: House, **facts: object) -> DeviceRow:
    """Put up a lock that no other test uses."""
    return await house.new_lock(f"Lock {uuid4()}", **facts)


def service_of(house: House) -> UnmanagedCodeService:
    """Make the application service."""
    return UnmanagedCodeService(house.client, house.database, house.keyring)


async def listed(house: House, lock: DeviceRow) -> list[UnmanagedCodeRow]:
    """List the codes of others on a lock."""
    return list(await service_of(house).page(WORKSPACE, lock.id, Page(limit=100)))


async def told(house: House, code_id: UUID) -> list[str]:
    """List what was told of a code, without the prefix."""
    async with house.database.read() as session:
        query = select(EventRow.event_type).where(EventRow.access_code_id == code_id).order_by(col(EventRow.sequence))
        return [kind.removeprefix("access_code.") for kind in (await session.exec(query)).all()]


async def typed(house: House, lock: DeviceRow, pin: str, name: str = "Cleaner") -> UnmanagedCodeRow | None:
    """Have somebody type digits at a simulated keypad, without letting time run on."""
    with house.env.auto_time_skipping_disabled():
        return await service_of(house).type_in(lock, "lock_cloud", SecretStr(pin), name)


async def settled(house: House, operation: str, code_id: UUID) -> UnmanagedCodeResult:
    """Wait for the end of an operation, without letting time run on."""
    with house.env.auto_time_skipping_disabled():
        return await service_of(house).settled(operation, code_id)


async def one_foreign(house: House, lock: DeviceRow, pin: str = "48071593", slot: int = 3) -> UnmanagedCodeRow:
    """Have somebody put a code on a lock, and find it."""
    await house.keypad(lock, slot, pin)
    await house.reconcile(lock)
    (row,) = await listed(house, lock)
    return row


async def test_they_are_listed_kept_fresh_and_told(house: House) -> None:
    lock = await fresh(house)
    row = await one_foreign(house, lock)
    revealed = service_of(house).reveal(row)
    assert revealed is not None
    assert (row.slot, row.name, revealed.get_secret_value()) == (3, "Keypad", "48071593")
    await house.keypad(lock, 3, "48071594")
    await house.reconcile(lock)
    (same,) = await listed(house, lock)
    assert (same.id, service_of(house).reveal(same)) == (row.id, SecretStr("48071594"))
    await house.keypad(lock, 3, None)
    await house.reconcile(lock)
    assert await listed(house, lock) == []
    assert await told(house, row.id) == ["unmanaged.created", "unmanaged.removed"]
    with pytest.raises(RefusedError):
        await service_of(house).get(WORKSPACE, row.id)


async def test_one_old_picture_does_not_make_them_gone(house: House) -> None:
    capabilities = devices.facts_of(await house.device("Front Door")).capabilities
    lagging = capabilities.model_copy(update={"reads_lag": timedelta(minutes=2)})
    lock = await fresh(house, capabilities=lagging)
    await house.keypad(lock, 3, "48071593")
    await house.pass_time(until=await house.now() + timedelta(minutes=10))
    await house.reconcile(lock)
    (row,) = await listed(house, lock)
    await house.fault(lock, "stale_read", seconds_ago=1200, count=1)
    await house.reconcile(lock, passes=timedelta(minutes=3))
    assert [one.id for one in await listed(house, lock)] == [row.id]
    assert await told(house, row.id) == ["unmanaged.created"]


async def test_no_code_of_ours_gets_their_digits(house: House) -> None:
    lock = await fresh(house)
    await one_foreign(house, lock)
    code_id = uuid4()
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await house.start(await house.request(lock, code=house.seal("48071593", code_id)), code_id=code_id)
    refusal = await refusal_of(caught.value)
    assert (refusal["type"], refusal["rule"]) == ("duplicate_access_code", "unique_on_device")
    assert "48071593" not in str(refusal)


async def test_one_is_adopted_without_a_write(house: House) -> None:
    lock = await fresh(house)
    row = await one_foreign(house, lock)
    await service_of(house).adopt(row)
    assert (await settled(house, "adopt", row.id)).failure is None
    assert {call["operation"] for call in await house.calls(lock)} == {"read"}
    assert await listed(house, lock) == []
    async with house.database.read() as session:
        stored = await codes.get(session, row.id)
    assert (stored.row.opens, stored.row.name, stored.slot and stored.slot.number) == (True, "Keypad", 3)
    assert await told(house, row.id) == ["unmanaged.created", "unmanaged.converted_to_managed"]
    # From now on it is ours: what others do to it is undone, and a deletion takes it off.
    await house.keypad(lock, 3, None)
    await house.reconcile(lock)
    await house.pass_time(until=await house.now() + SOON)
    assert await house.opens(lock, "48071593")
    handle = house.client.get_workflow_handle(f"access-code/{row.id}")
    await handle.execute_update("delete")
    # It was written a second time, and that order may still arrive: only time tells that it is gone.
    await house.pass_time(until=await house.now() + timedelta(minutes=1))
    with house.env.auto_time_skipping_disabled():
        await handle.result()
    assert await house.truth(lock) == []


async def test_one_that_is_not_as_listed_is_not_adopted(house: House) -> None:
    lock = await fresh(house)
    row = await one_foreign(house, lock)
    # Another code under the same id and in the same place; and its digits under another id.
    await house.keypad(lock, 3, "48071594")
    await house.keypad(lock, 4, "48071593")
    await service_of(house).adopt(row)
    assert (await settled(house, "adopt", row.id)).failure is not None
    assert await told(house, row.id) == ["unmanaged.created", "unmanaged.failed_to_convert_to_managed"]
    async with house.database.read() as session:
        with pytest.raises(codes.CodeNotFoundError):
            await codes.get(session, row.id)


async def test_one_whose_digits_are_hidden_is_neither_adopted_nor_removed(house: House) -> None:
    lock = await house.device("Attic")
    row = await one_foreign(house, lock)
    for operation in ("adopt", "remove"):
        await (service_of(house).adopt(row) if operation == "adopt" else service_of(house).remove(row))
        assert (await settled(house, operation, row.id)).failure == "the lock hides the code's digits"
    assert [slot["pin"] for slot in await house.truth(lock)] == ["48071593"]
    await house.keypad(lock, 3, None)


async def test_one_is_taken_off_and_seen_to_be_gone(house: House) -> None:
    lock = await fresh(house)
    row = await one_foreign(house, lock)
    await house.fault(lock, "lying_success", on="remove", count=1)
    attempt = await service_of(house).remove(row)
    await house.pass_time(until=await house.now() + timedelta(minutes=1))
    assert (await settled(house, "remove", row.id)).failure is None
    assert await house.truth(lock) == []
    async with house.database.read() as session:
        stored = await session.get_one(ActionAttemptRow, attempt.id)
    assert Moved.model_validate(stored.moved).outcome.status is AttemptStatus.SUCCESS
    assert await told(house, row.id) == ["unmanaged.created", "unmanaged.removed"]


async def test_a_code_that_changed_since_is_not_taken_off(house: House) -> None:
    lock = await fresh(house)
    row = await one_foreign(house, lock)
    await house.keypad(lock, 3, "48071594")
    await service_of(house).remove(row)
    assert (await settled(house, "remove", row.id)).failure is not None
    assert [slot["pin"] for slot in await house.truth(lock)] == ["48071594"]


async def test_a_code_in_the_place_we_planned_stays_and_ours_goes_elsewhere(house: House) -> None:
    lock = await fresh(house)
    life = await house.start(await house.request(lock))
    row = await one_foreign(house, lock, slot=1)
    await house.pass_time(until=life.starts_at + SOON)
    assert {slot["slot"]: slot["pin"] for slot in await house.truth(lock)} == {1: "48071593", 2: await life.pin()}
    await house.reconcile(lock)
    assert [one.id for one in await listed(house, lock)] == [row.id]


async def test_somebody_at_a_simulated_keypad(house: House) -> None:
    lock = await fresh(house)
    row = await typed(house, lock, "48071593")
    assert row is not None
    assert (row.name, [slot["pin"] for slot in await house.truth(lock)]) == ("Cleaner", ["48071593"])
    assert [one.id for one in await listed(house, lock)] == [row.id]


async def test_digits_that_were_typed_are_found_although_the_first_look_failed(house: House) -> None:
    """The keypad needs no cloud, the look does: an attempt that typed and saw nothing is repeated."""
    lock = await fresh(house)
    await house.fault(lock, "offline")
    asked = asyncio.create_task(typed(house, lock, "48071593"))

    async def is_typed() -> bool:
        return bool(await house.truth(lock))

    await eventually(is_typed, within=20, what="the digits are typed")
    await house.at_rest()
    await house.heal(lock)
    await house.pass_time(until=await house.now() + SOON)
    row = await asked
    assert row is not None
    assert [slot["pin"] for slot in await house.truth(lock)] == ["48071593"]
    assert [one.id for one in await listed(house, lock)] == [row.id]


async def test_keypad_of_a_lock_that_hides_digits_or_shows_them_late(house: House) -> None:
    hiding = await fresh(house, capabilities=Capabilities(masks_codes=True))
    row = await typed(house, hiding, "48071593")
    assert row is not None
    assert (row.name, row.ciphertext) == ("Cleaner", None)
    late = await fresh(house, capabilities=Capabilities(reads_lag=timedelta(seconds=30)))
    asked = asyncio.create_task(typed(house, late, "48071593"))
    await house.pass_time(until=await house.now() + timedelta(minutes=2))
    row = await asked
    assert row is not None
    assert [one.id for one in await listed(house, late)] == [row.id]


async def test_digits_that_the_lock_does_not_take_are_refused(house: House) -> None:
    lock, said = await fresh(house, max_active_codes_supported=2), list[RefusalType | None]()
    for name, pin in (
        ("Cleaner", "4"),
        ("Cleaner", "48071593"),
        ("Gardener", "48071593"),
        ("Gardener", "48071594"),
        ("Plumber", "48071595"),
    ):
        try:
            await typed(house, lock, pin, name)
            said.append(None)
        except RefusedError as error:
            said.append(error.refusal.type)
    constraints, duplicate = RefusalType.CODE_CONSTRAINTS_VIOLATED, RefusalType.DUPLICATE_ACCESS_CODE
    assert said == [constraints, None, duplicate, None, RefusalType.NO_SPACE]
    assert [slot["pin"] for slot in await house.truth(lock)] == ["48071593", "48071594"]
