"""One attempt at a message, where the process or the store fails at the worst moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.courier import Courier
from activities.messages import MessageActivities
from activities.orders import MessageOrder, MessageOutcome
from domain.access_code import AccessCode, OnLock, Presence, Wish
from domain.guests import Guest
from domain.message_channels import ChannelKind
from domain.messages import MessageStatus
from domain.sealed import pin_aad
from store.accounts import DEFAULT_WORKSPACE_ID
from store.database import Database
from store.errors import StoreUnavailableError
from store.guest_secrets import seal_guest, seal_url
from store.guest_tables import GuestRow, MessageChannelRow, MessageRow
from store.guests import put_guest_of
from tests.mailbox import Mailbox, mailbox
from tests.store.keys import new_ring
from tests.store.rows import NOW, a_code, a_device, a_pin

RING, DIGITS = new_ring(), "480733"


class Failing(Database):
    """A database whose transactions can be made to fail after so many more."""

    good: int | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        if self.good == 0:
            raise StoreUnavailableError("the store is away")
        self.good = None if self.good is None else self.good - 1
        async with super().write() as session:
            yield session


class Scene:
    """A guest with a code that works, a mailbox, and the activity."""

    def __init__(self, database: Failing, box: Mailbox, code_id: UUID, device_id: UUID) -> None:
        self.database = database
        self.box = box
        self.code_id = code_id
        self.device_id = device_id
        self._activities = MessageActivities(database, RING, Courier(for_development=True))

    async def send(self, id: UUID, heartbeat: Any = None) -> tuple[MessageOutcome | ApplicationError, list[Any]]:
        """Make one attempt; give its outcome, or what it raised, and its heartbeats."""
        env, beats = ActivityEnvironment(), list[Any]()
        env.on_heartbeat = lambda *details: beats.extend(details)
        env.info = replace(env.info, heartbeat_details=[] if heartbeat is None else [heartbeat])
        order = MessageOrder(message_id=id, workspace_id=DEFAULT_WORKSPACE_ID, access_code_id=self.code_id)
        try:
            return await env.run(self._activities.send, order), beats
        except ApplicationError as error:
            return error, beats

    async def row(self, id: UUID) -> MessageRow:
        async with self.database.read() as session:
            return (await session.exec(select(MessageRow).where(MessageRow.id == id))).one()

    async def give(self, name: str) -> None:
        """Make the code somebody else's, past every rule."""
        async with self.database.write() as session:
            guest_id = uuid4()
            contact = Guest(name=name, email=f"{name.lower()}@guest.example")
            sealed = seal_guest(RING, guest_id, contact)
            session.add(GuestRow(id=guest_id, workspace_id=DEFAULT_WORKSPACE_ID, sealed=sealed, created_at=NOW))
            await session.flush()
            await put_guest_of(session, self.code_id, guest_id)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    database = await Failing.open(f"sqlite:///{tmp_path}/messages.sqlite")
    await database.migrate()
    async with mailbox() as box:
        async with database.write() as session:
            device_id = await a_device(session)
            code = a_code(device_id)
            there = OnLock(presence=Presence.PRESENT, generation=1, was_set=True)
            stands = AccessCode(wish=Wish(changed_at=NOW), on_lock=there)
            code.code = stands.model_dump(mode="json")
            session.add(code)
            await session.flush()
            pin = a_pin(code, "index", loaded=True)
            pin.ciphertext = RING.encrypt(DIGITS.encode(), pin_aad(DEFAULT_WORKSPACE_ID, code.id))
            session.add(pin)
            channel_id = uuid4()
            session.add(
                MessageChannelRow(
                    id=channel_id,
                    workspace_id=DEFAULT_WORKSPACE_ID,
                    name="Mail",
                    kind=ChannelKind.EMAIL.value,
                    url=seal_url(RING, channel_id, SecretStr(box.url)),
                    created_at=NOW,
                )
            )
        found = Scene(database, box, code.id, device_id)
        await found.give("Ada")
        yield found
    await database.close()


async def test_message_that_was_taken_is_not_sent_again_for_the_sake_of_a_note(scene: Scene) -> None:
    id = uuid4()
    scene.database.good = 1
    failed, beats = await scene.send(id)
    assert isinstance(failed, ApplicationError)
    assert (failed.type, beats, len(scene.box.mails)) == ("store_unavailable", ["taken"], 1)
    assert (await scene.row(id)).status == MessageStatus.SENDING
    scene.database.good = None
    sent, _ = await scene.send(id, "taken")
    assert sent == MessageOutcome(status=MessageStatus.SENT)
    assert ((await scene.row(id)).status, len(scene.box.mails)) == (MessageStatus.SENT, 1)
    again, _ = await scene.send(id)
    assert (again, len(scene.box.mails)) == (sent, 1)


async def test_nothing_is_sent_before_it_is_written_down_that_it_may_be(scene: Scene) -> None:
    scene.database.good = 0
    failed, beats = await scene.send(uuid4())
    assert isinstance(failed, ApplicationError)
    assert (failed.type, beats, scene.box.offered) == ("store_unavailable", [], 0)


async def test_digits_that_may_have_reached_one_guest_go_to_no_other(scene: Scene) -> None:
    """The process died between the mail and the note: that Ada may know them stands written."""
    id, other = uuid4(), uuid4()
    scene.database.good = 1
    await scene.send(id)
    scene.database.good = None
    await scene.give("Eve")
    for one in (other, id):
        outcome, _ = await scene.send(one)
        assert isinstance(outcome, MessageOutcome)
        assert outcome.reason == "told_to_another_guest"
    assert ((await scene.row(other)).status, (await scene.row(id)).status) == ("dropped", "failed")
    assert [mail.to for mail in scene.box.mails] == ["ada@guest.example"]


async def test_failures_bring_their_delays_and_the_last_one_gives_up(scene: Scene) -> None:
    id, delays, is_final = uuid4(), list[timedelta | None](), False
    scene.box.refusals = 9
    for _ in range(9):
        failed, _ = await scene.send(id)
        assert isinstance(failed, ApplicationError)
        assert DIGITS not in str(failed)
        delays.append(failed.next_retry_delay)
        is_final = failed.non_retryable
    assert (delays[0], delays[-2:], is_final) == (timedelta(seconds=5), [timedelta(hours=6), None], True)
    row = await scene.row(id)
    assert (row.status, row.attempts, row.reason) == ("failed", 9, "the channel did not take it")
