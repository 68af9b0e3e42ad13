"""Messages and guests as pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.guests import KnownGuest
from api.messages import Message
from console.message_words import KINDS, REASONS, RETRYING, STATUSES
from console.table import Visit
from console.words import Label, sentence
from domain.messages import DropReason, MessageStatus
from domain.refusals import RefusedError
from domain.roles import Role
from store.pages import Page as Rows

MOST_MESSAGES = 50
UNDER_WAY = (MessageStatus.SENDING,)


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message."""

    id: UUID
    code_id: UUID
    kind: str
    label: Label
    reason: str | None
    address: str | None
    """To whom, for those who may act."""
    subject: str | None
    body: str | None
    by_hand: bool
    changed_at: datetime
    due_at: datetime | None
    is_moving: bool
    """It will stand otherwise in a moment."""


def message_view(message: Message, *, may_act: bool) -> MessageView:
    """Give a message as pages show it; texts and addresses are for those who may act."""
    is_sending = message.status is MessageStatus.SENDING
    shown = message if may_act else message.without_text()
    return MessageView(
        id=message.message_id,
        code_id=message.access_code_id,
        kind=KINDS[message.kind],
        label=RETRYING if is_sending and message.reason else STATUSES[message.status],
        reason=_reason(message.reason),
        address=shown.address,
        subject=shown.subject,
        body=shown.body,
        by_hand=message.was_asked_for,
        changed_at=message.changed_at,
        due_at=message.due_at if message.status is MessageStatus.WAITING else None,
        is_moving=is_sending,
    )


@dataclass(frozen=True, slots=True)
class GuestCard:
    """Whose a code is, and what they were told."""

    guest: KnownGuest | None
    may_act: bool
    messages: Sequence[MessageView]
    has_channels: bool
    refusal: str | None = None
    """Why nothing was sent just now."""
    is_waiting: bool = False
    """Something was asked for that stands nowhere yet."""

    @property
    def is_moving(self) -> bool:
        """Whether it is to be looked at again in a moment."""
        return self.is_waiting or any(message.is_moving for message in self.messages)


async def guest_card(visit: Visit, code_id: UUID, *, refusal: str | None = None, sent: UUID | None = None) -> GuestCard:
    """Read whose a code is, and what they were told; `sent` is a message that was just asked for."""
    services, may_act = visit.services, visit.user.may(Role.OPERATOR)
    guest_id = (await services.guests.of_codes([code_id])).get(code_id)
    try:
        guest = None if guest_id is None else await services.guests.get(visit.workspace_id, guest_id)
    except RefusedError:
        # Forgotten; what they were told stays.
        guest = None
    told = await services.messages.list(visit.workspace_id, Rows(MOST_MESSAGES), access_code_id=code_id)
    return GuestCard(
        guest=guest,
        may_act=may_act,
        messages=[message_view(message, may_act=may_act) for message in told],
        has_channels=bool(await services.message_channels.list(visit.workspace_id)),
        refusal=refusal,
        is_waiting=sent is not None and all(message.message_id != sent for message in told),
    )


def _reason(reason: str | None) -> str | None:
    if reason is None:
        return None
    return REASONS[DropReason(reason)] if reason in set(DropReason) else sentence(reason)
