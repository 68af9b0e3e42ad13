"""Sending one message: one attempt, safe to repeat, with nothing of its text or its digits in any history.

What is to be done is decided anew at every attempt (`domain.messages`), in the transaction that writes down that the
message may now reach the guest: whatever dies afterwards, these digits are given to no other guest.  The digits are
decrypted for the channel alone.  That a channel took a message whose row could not be written goes to the next attempt
as heartbeat details, so that it is not sent again for the sake of a note.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.courier import Courier
from activities.orders import MessageOrder, MessageOutcome
from domain.guests import Guest
from domain.message_channels import addressed, channel_for
from domain.message_text import Facts, MessageKind, render, template_for, with_digits
from domain.messages import (
    UNREMARKABLE,
    DropReason,
    MessageStatus,
    Standing,
    Step,
    delay_before_retry,
    next_step,
)
from domain.sealed import pin_aad
from store import codes, messages
from store.codes import StoredCode
from store.database import Database, StoreUnavailableError
from store.guest_secrets import Letter, open_guest, open_url, seal_letter
from store.guest_tables import MessageChannelRow, MessageRow
from store.guests import get_guest, guest_ids_of
from store.keyring import KeyRing

BRIEFLY = timedelta(seconds=5)
"""The delay after a failure of ours."""


class MessageFailure(StrEnum):
    """Why an attempt is repeated, or a message given up."""

    NOT_DELIVERED = "message_not_delivered"
    STORE_UNAVAILABLE = "store_unavailable"


@dataclass(frozen=True, slots=True)
class _Envelope:
    """A text that is about to be sent, its digits filled in."""

    url: SecretStr
    subject: str
    body: SecretStr


@dataclass(frozen=True, slots=True)
class _Scene:
    """Whom a message is for, and how."""

    stored: StoredCode
    guest_id: UUID | None
    guest: Guest | None
    channel: MessageChannelRow | None
    address: str
    standing: Standing


class MessageActivities:
    """What a message's workflow does."""

    def __init__(self, database: Database, keyring: KeyRing, courier: Courier) -> None:
        self._database = database
        self._keyring = keyring
        self._courier = courier

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.send]

    @activity.defn(name="send_message")
    async def send(self, order: MessageOrder) -> MessageOutcome:
        """Send the message if it is to be sent now, and write down what became of it.

        Raises:
            ApplicationError: the channel did not take it: to be tried again, or for good when its time is up.
        """
        was_taken, problem = bool(activity.info().heartbeat_details), None
        try:
            if not was_taken:
                prepared = await self._prepared(order, activity.info().started_time)
                if isinstance(prepared, MessageOutcome):
                    return prepared
                problem = await self._courier.send(prepared.url, prepared.subject, prepared.body)
                was_taken = problem is None
            failures = await self._note(order, problem, activity.info().started_time)
        except StoreUnavailableError as error:
            if was_taken:
                activity.heartbeat("taken")
            raise _again(MessageFailure.STORE_UNAVAILABLE, str(error), BRIEFLY) from None
        if problem is None:
            return MessageOutcome(status=MessageStatus.SENT)
        delay = delay_before_retry(failures)
        if delay is None:
            raise ApplicationError(problem, type=MessageFailure.NOT_DELIVERED, non_retryable=True)
        raise _again(MessageFailure.NOT_DELIVERED, problem, delay)

    async def _prepared(self, order: MessageOrder, now: datetime) -> _Envelope | MessageOutcome:
        """Decide, and write down what follows; give what is to be sent, or how the message stands without."""
        async with self._database.write() as session:
            row = await messages.get_message(session, order.message_id)
            if row is not None and row.status == MessageStatus.SENT:
                return MessageOutcome(status=MessageStatus.SENT)
            scene = await self._scene(session, order)
            if scene is None:
                return MessageOutcome(status=MessageStatus.DROPPED, reason=DropReason.CODE_ENDED)
            step = next_step(scene.standing, now)
            if row is None and step.drop in UNREMARKABLE:
                return MessageOutcome(status=MessageStatus.DROPPED, reason=step.drop)
            row = row or _new_row(order, now)
            _write_down(row, scene, step, now)
            await messages.write_message(session, row)
            if not step.sends:
                return MessageOutcome(status=MessageStatus(row.status), reason=step.drop, look_at=step.look_at)
            return await self._envelope(session, row, scene)

    async def _scene(self, session: AsyncSession, order: MessageOrder) -> _Scene | None:
        """Read everything that decides; None: there is no such code for this workspace."""
        try:
            stored = await codes.get(session, order.access_code_id, for_update=True)
        except codes.CodeNotFoundError:
            return None
        if stored.row.workspace_id != order.workspace_id or stored.is_hidden:
            return None
        guest_id = (await guest_ids_of(session, [stored.row.id])).get(stored.row.id)
        guest_row = None if guest_id is None else await get_guest(session, guest_id)
        guest = None if guest_row is None else open_guest(self._keyring, guest_row)
        rows = {row.id: row for row in await messages.list_channels(session, order.workspace_id)}
        usable = [messages.channel_of(row) for row in rows.values() if order.channel_id in (None, row.id)]
        chosen = None if guest is None else channel_for(guest, usable)
        told = frozenset[int]()
        if guest_id is not None:
            told = await messages.generations_told(session, stored.row.id, guest_id, but_by=order.message_id)
        standing = Standing(
            code=stored.code,
            generation=order.generation or stored.code.wish.pin_generation,
            is_backup=stored.row.stands_in_for is not None,
            asked=order.generation is None,
            has_guest=guest is not None,
            has_channel=chosen is not None,
            told=told,
            told_to_others=await messages.others_may_know(session, stored, guest_id),
            switches=messages.switches_of(await messages.get_settings(session, order.workspace_id)),
        )
        channel, address = (None, "") if chosen is None else (rows[chosen[0].id], chosen[1])
        return _Scene(stored, guest_id, guest, channel, address, standing)

    async def _envelope(self, session: AsyncSession, row: MessageRow, scene: _Scene) -> _Envelope:
        """Write the letter, keep it without digits, and fill them in."""
        assert scene.guest is not None and scene.channel is not None  # noqa: S101, PT018  # `next_step` saw to it
        stored, guest = scene.stored, scene.guest
        own = await messages.own_templates(session, row.workspace_id)
        template, language = template_for(MessageKind(row.kind), guest.language, own)
        facts = Facts(
            lock_name=stored.device.nickname or stored.device.name,
            guest_name=guest.name,
            reservation=guest.reservation,
            starts_at=stored.code.wish.starts_at,
            ends_at=stored.code.wish.ends_at,
            time_zone=stored.facts.time_zone,
        )
        text = render(template, facts, language)
        row.sealed = seal_letter(self._keyring, row.id, Letter(address=scene.address, text=text))
        pin = await codes.pin_row(session, stored.row.id, scene.standing.generation)
        digits = self._keyring.decrypt(pin.ciphertext, pin_aad(stored.row.workspace_id, stored.row.id)).decode()
        url = open_url(self._keyring, scene.channel).get_secret_value()
        return _Envelope(
            url=SecretStr(addressed(url, scene.address)),
            subject=text.subject,
            body=SecretStr(with_digits(text.body, digits)),
        )

    async def _note(self, order: MessageOrder, problem: str | None, now: datetime) -> int:
        """Write down what became of an attempt; give how many there were."""
        async with self._database.write() as session:
            row = await session.get_one(MessageRow, order.message_id, with_for_update=True, populate_existing=True)
            row.reason, row.changed_at = problem, now
            if problem is None:
                row.status = MessageStatus.SENT
            elif delay_before_retry(row.attempts) is None:
                row.status = MessageStatus.FAILED
            await messages.write_message(session, row)
            return row.attempts


def _new_row(order: MessageOrder, now: datetime) -> MessageRow:
    return MessageRow(
        id=order.message_id,
        workspace_id=order.workspace_id,
        access_code_id=order.access_code_id,
        generation=order.generation or 0,
        kind="",
        asked=order.generation is None,
        status=MessageStatus.WAITING,
        created_at=now,
    )


def _write_down(row: MessageRow, scene: _Scene, step: Step, now: datetime) -> None:
    """Bring the row to what was decided."""
    row.kind, row.reason, row.due_at, row.changed_at = step.kind, step.drop, step.look_at, now
    if step.sends:
        row.generation, row.guest_id = scene.standing.generation, scene.guest_id
        row.channel_id = None if scene.channel is None else scene.channel.id
        row.status, row.attempts = MessageStatus.SENDING, row.attempts + 1
    elif row.attempts == 0:
        row.generation, row.guest_id = scene.standing.generation, scene.guest_id
        row.status = MessageStatus.WAITING if step.drop is None else MessageStatus.DROPPED
    elif step.drop is not None:
        # An earlier attempt may have reached the guest: it is not forgotten that somebody may know these digits.
        row.status = MessageStatus.FAILED


def _again(failure: MessageFailure, message: str, delay: timedelta) -> ApplicationError:
    return ApplicationError(message, type=failure, next_retry_delay=delay, category=ApplicationErrorCategory.BENIGN)
