"""What the loop of a code has in hand: messages that wait for an answer, and the operation on the lock."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.access_code import AccessCode
from domain.lifecycle import Action


@dataclass
class Message:
    """One update on its way through the loop."""

    act: Callable[[], Awaitable[AccessCode]]
    done: bool = False
    error: ApplicationError | None = None


@dataclass
class Operation:
    """What is being done on the lock.  A patient one is repeated until it is proven; another is one attempt."""

    action: Action
    generation: int
    device_id: UUID
    handle: workflow.ActivityHandle[AccessCode]
    is_patient: bool
