"""What is written in a history, decoded; and what a recording leaves out of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec


async def decoded_text(messages: Sequence[Message], codec: PayloadCodec) -> str:
    """Give messages of Temporal's (a history's events) as text: every field, and every payload decrypted."""
    raw = "\n".join(MessageToJson(message) for message in messages)
    payloads = await codec.decode([payload for message in messages for payload in _payloads(message)])
    return "\n".join([raw, *(payload.data.decode(errors="replace") for payload in payloads)])


async def without_stack_traces(history: WorkflowHistory, codec: PayloadCodec) -> WorkflowHistory:
    """Take the stack traces out of a history: they tell where it was recorded, and replay needs none."""
    for failure in (failure for event in history.events for failure in _failures(event)):
        failure.stack_trace = ""
        if failure.HasField("encoded_attributes"):
            (plain,) = await codec.decode([failure.encoded_attributes])
            plain.data = json.dumps(json.loads(plain.data) | {"stack_trace": ""}).encode()
            (encoded,) = await codec.encode([plain])
            failure.encoded_attributes.CopyFrom(encoded)
    return history


def _failures(message: Message) -> list[Failure]:
    found = [message] if isinstance(message, Failure) else []
    for part in _inner(message):
        found.extend(_failures(part))
    return found


def _payloads(message: Message) -> list[Payload]:
    if isinstance(message, Payload):
        return [message]
    return [payload for part in _inner(message) for payload in _payloads(part)]


def _inner(message: Message) -> list[Message]:
    """List the messages directly inside a message, those in lists and maps included."""
    values: list[Any] = [value for _, value in message.ListFields()]
    return [part for value in values for part in _parts(value) if isinstance(part, Message)]


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
