"""What a lock cloud's answer to an order to lock or unlock a door means.

POST /locks/{id}/lock · POST /locks/{id}/unlock
"""

from collections.abc import Mapping

from providers.base import Accepted, LockGoneError, MoveResult, NonsenseError, NotMoved, RetryLaterError, Unknown
from providers.http import Reply, write_failure
from providers.lock_cloud_wire import DEVICE_OFFLINE, LOCK_GONE, MoveAck, parse

REFUSALS: Mapping[str, str] = {
    "JAMMED": "the bolt is jammed",
    "NOT_SUPPORTED": "the lock cannot be moved from afar",
}
"""The vendor's `error_code`s that refuse a move, and what they mean."""


def move_result(reply: Reply | Unknown, lock_id: str) -> MoveResult:
    """Say what became of the order.

    Raises:
        ProviderError: nothing was moved.
    """
    if isinstance(reply, Unknown):
        return reply
    if reply.error_code == DEVICE_OFFLINE:
        raise RetryLaterError("the lock is offline", retry_after=reply.retry_after, offline=True)
    if reply.error_code in LOCK_GONE or reply.status == 404:
        raise LockGoneError("the vendor knows no such lock")
    if reply.error_code is not None and reply.error_code in REFUSALS:
        return NotMoved(REFUSALS[reply.error_code])
    if not reply.is_success or reply.error_code:
        return write_failure(reply)
    try:
        ack = parse(MoveAck, reply.body)
    except NonsenseError as error:
        return Unknown(str(error))
    return Accepted() if ack.lock_id == lock_id else Unknown("the reply is about another lock")
