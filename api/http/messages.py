"""The routes of messages to guests, which Seam does not have.  Texts are for those who may send them."""

from uuid import UUID

from pydantic import Field

from api.http.paging import Paged, marked, page_asked, pagination
from api.http.parameters import OfOneCode, Parameters
from api.http.table import Body, Call
from api.messages import Message
from api.resources.base import Moment, Resource
from domain.message_text import MessageKind
from domain.messages import MessageStatus
from domain.scopes import Scope

DEFAULT_LIMIT = 500
_FOR_SENDERS = "Null where the key may not send, before it is written, and once the guest is forgotten."


class SendMessage(OfOneCode):
    """Parameters of `/messages/send`; without a channel, the first by which the guest can be reached."""

    channel_id: UUID | None = None


class OfOneMessage(Parameters):
    """A route about one message."""

    message_id: UUID


class ListMessages(Paged):
    """Parameters of `/messages/list`."""

    access_code_id: UUID | None = None


class MessageResource(Resource):
    """A message as the API shows it; digits are masked."""

    message_id: UUID
    access_code_id: UUID
    guest_id: UUID | None
    kind: MessageKind
    status: MessageStatus
    reason: str | None
    was_asked_for: bool
    attempts: int
    address: str | None = Field(description=_FOR_SENDERS)
    subject: str | None = Field(description=_FOR_SENDERS)
    body: str | None = Field(description=_FOR_SENDERS)
    due_at: Moment | None
    created_at: Moment
    changed_at: Moment


async def send(call: Call[SendMessage]) -> Body:
    """Tell a code's guest its digits now; what became of it is read by the id."""
    asked, id = call.asked, call.id_of("message")
    await call.services.messages.send(
        call.workspace_id, asked.access_code_id, call.now, id=id, channel_id=asked.channel_id
    )
    return {"message_id": id}


async def get(call: Call[OfOneMessage]) -> Body:
    """Show a message."""
    return {"message": _shown(call, await call.services.messages.get(call.workspace_id, call.asked.message_id))}


async def list_messages(call: Call[ListMessages]) -> Body:
    """Show messages, newest first."""
    page = page_asked(call.asked, DEFAULT_LIMIT)
    found = await call.services.messages.list(call.workspace_id, page, access_code_id=call.asked.access_code_id)
    kept, last = marked(found, page, lambda one: one)
    return {
        "messages": [_shown(call, one) for one in kept],
        "pagination": pagination(call.asked, last, call.url),
    }


def _shown(call: Call[OfOneMessage] | Call[ListMessages], message: Message) -> MessageResource:
    shown = message if call.caller.may(Scope.WRITE) else message.without_text()
    return MessageResource.model_validate(shown, from_attributes=True)
