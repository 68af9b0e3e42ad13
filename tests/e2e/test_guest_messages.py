"""From a code that is proven on its lock to the guest's mailbox: with digits there, and nowhere on the way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest_asyncio
from sqlmodel import select

from api.access_codes import AccessCodeService
from domain.message_text import MASK, MessageKind
from domain.messages import MessageStatus
from domain.requests import CodeChange
from store.guest_tables import MessageRow
from tests.guests import Desk, automatic, open_desk
from tests.histories.payloads import decoded_text
from tests.house import House
from tests.mailbox import Mailbox, mailbox
from tests.waiting import eventually
from workers.codec import KeyRingCodec
from workers.relay import Messages, Relay, relaying
from workflows.contracts import UpdateName, message_workflow_id


@pytest_asyncio.fixture(loop_scope="session")
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def desk(house: House, box: Mailbox) -> AsyncIterator[Desk]:
    async with open_desk(house, box) as opened:
        yield opened


async def told_text(house: House, id: UUID) -> str:
    history = await house.client.get_workflow_handle(message_workflow_id(id)).fetch_history()
    return await decoded_text([*history.events], KeyRingCodec(house.keyring))


async def test_guest_is_told_a_code_and_then_its_change_and_digits_are_nowhere_else(
    house: House, desk: Desk, box: Mailbox
) -> None:
    await desk.switch_on(*MessageKind)
    guest_id, lock = await desk.guest("Ada"), await house.new_lock(f"Told {uuid4()}")
    code_id = await desk.code_for(guest_id)
    async with relaying(house.client, house.database):
        life = await house.start(await house.request(lock, starts_in=None), code_id=code_id)
        (first,) = await box.until(1)
        old = await life.pin()
        await life.update(UpdateName.CHANGE, CodeChange(new_digits=True))
        _, second = await box.until(2)
        new = await life.pin()
        for generation in (1, 2):
            await desk.until(automatic(code_id, generation), MessageStatus.SENT)
    assert {first.to, second.to} == {await desk.address(guest_id)}
    assert (old in first.text, new in second.text, old in second.text) == (True, True, False)
    assert await house.opens(lock, new)
    assert (first.subject, second.subject) == (f"Your code for {lock.name}", f"Your new code for {lock.name}")
    rows = await desk.rows(code_id)
    assert [row.kind for row in rows] == [MessageKind.CODE_READY, MessageKind.CODE_CHANGED]
    assert all(MASK in (row.body or "") for row in rows)
    told = "".join([await told_text(house, row.message_id) for row in rows])
    assert str(code_id) in told
    assert [secret for secret in (old, new, await desk.address(guest_id), first.subject) if secret in told] == []
    assert [digits for digits in (old, new) if digits in str(rows)] == []


async def test_backup_that_stands_in_is_told_to_the_guest_of_the_original(
    house: House, desk: Desk, box: Mailbox
) -> None:
    await desk.switch_on(MessageKind.BACKUP)
    lock = await house.new_lock(f"Backed {uuid4()}")
    service = AccessCodeService(house.client, house.database, house.keyring)
    guest_id = await desk.guest()
    code_id = await desk.code_for(guest_id)
    request = await house.request(lock, starts_in=None, use_backup_access_code_pool=True)
    async with relaying(house.client, house.database):
        life = await house.start(request, code_id=code_id)

        async def is_ready() -> bool:
            return await service.has_backup(await service.get(code_id))

        await eventually(is_ready, within=30, what="a backup is ready")
        receipt = await service.pull_backup(code_id)
        (mail,) = await box.until(1)
    backup_id = receipt.pulled_backup_access_code_id
    assert backup_id is not None
    digits = (await service.reveal(backup_id, house.keyring)).get_secret_value()
    assert (mail.to, digits in mail.text, mail.subject) == (
        await desk.address(guest_id),
        True,
        f"Another code for {lock.name}",
    )
    assert digits != await life.pin()
    assert await house.opens(lock, digits)


async def test_mail_server_that_refuses_is_asked_again_and_the_failure_is_told(
    house: House, desk: Desk, box: Mailbox
) -> None:
    lock = await house.new_lock(f"Refused {uuid4()}")
    code_id = await desk.code_for(await desk.guest())
    await house.start(await house.request(lock, starts_in=None), code_id=code_id)
    box.refusals = 1
    id = await desk.send(code_id)

    async def is_told() -> bool:
        return [(row.status, row.reason) for row in await desk.rows(code_id)] == [
            (MessageStatus.SENDING, "the channel did not take it")
        ]

    await eventually(is_told, within=10, what="the failure is told")
    sent = await desk.until(id, MessageStatus.SENT)
    assert (sent.attempts, sent.reason, len(box.mails), box.offered) == (2, None, 1, 2)


class Power:
    """A relay's process: it dies at a chosen moment of one start."""

    def __init__(self, house: House) -> None:
        self.cut = asyncio.Event()

    async def start(self, one: object) -> None:
        self.cut.set()
        await asyncio.Event().wait()


async def test_relay_that_dies_before_a_start_misses_nobody(house: House, desk: Desk, box: Mailbox) -> None:
    await desk.switch_on(MessageKind.CODE_READY)
    lock = await house.new_lock(f"Missed {uuid4()}")
    code_id = await desk.code_for(await desk.guest())
    power = Power(house)
    dying = asyncio.create_task(Relay(house.database, Messages(power.start)).run())
    await house.start(await house.request(lock, starts_in=None), code_id=code_id)
    await asyncio.wait_for(power.cut.wait(), 20)
    dying.cancel()
    await asyncio.wait([dying])
    assert box.mails == []
    async with relaying(house.client, house.database), relaying(house.client, house.database):
        await box.until(1)
        await desk.until(automatic(code_id), MessageStatus.SENT)
    assert len(box.mails) == 1


async def test_code_is_told_ahead_follows_its_window_and_is_not_told_once_it_is_over(
    house: House, desk: Desk, box: Mailbox
) -> None:
    await desk.switch_on(MessageKind.CODE_READY, ready_lead=timedelta(hours=24))
    lock = await house.new_lock(f"Ahead {uuid4()}")
    told, untold = [await desk.code_for(await desk.guest()) for _ in range(2)]
    async with relaying(house.client, house.database):
        lives = [
            await house.start(await house.request(lock, starts_in=timedelta(days=9)), code_id=code_id)
            for code_id in (told, untold)
        ]
        for code_id in (told, untold):
            await desk.until(automatic(code_id), MessageStatus.WAITING)
        await lives[1].update(UpdateName.DELETE, None)
        now = await house.now()
        window = {"starts_at": now + timedelta(hours=3), "ends_at": now + timedelta(days=2)}
        await lives[0].update(UpdateName.CHANGE, CodeChange.model_validate({"window": window}))
        (mail,) = await box.until(1)
        assert await lives[0].pin() in mail.text
        handle = house.client.get_workflow_handle(message_workflow_id(automatic(untold)))
        await handle.signal("news")
        await desk.until(automatic(untold), MessageStatus.DROPPED)
    assert [row.reason for row in await desk.rows(untold)] == ["code_ended"]
    async with house.database.read() as session:
        rows = (await session.exec(select(MessageRow).where(MessageRow.access_code_id == told))).all()
    assert len(rows) == 1
