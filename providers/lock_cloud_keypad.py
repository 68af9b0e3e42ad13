"""Somebody at the keypad of a simulated lock.  A real cloud has no such side: it is asked first, and nothing is sent."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, SecretStr

from providers.base import Accepted, Rejected, RejectReason, RetryLaterError, Unknown
from providers.http import Reply, VendorClient
from providers.lock_cloud_wire import parse


class _Slot(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    slot: int
    pin: SecretStr
    name: str


class _Truth(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    slots: tuple[_Slot, ...]


async def type_in(client: VendorClient, segment: str, pin: SecretStr, name: str) -> Accepted | Rejected | None:
    """Type digits into the first free slot; `segment` is the lock's id as a part of a path.  None: no simulation.

    Digits that are there under that name were typed before: whoever did so could not say it any more.

    Raises:
        RetryLaterError: nobody knows whether the lock took them.
    """
    truth = await client.ask(f"/_truth/{segment}")
    if not truth.is_success:
        return None
    slots = parse(_Truth, truth.body).slots
    if any((slot.pin, slot.name) == (pin, name) for slot in slots):
        return Accepted()
    held = {slot.slot for slot in slots}
    free = next(number for number in range(1, len(held) + 2) if number not in held)
    edit = {"slot": free, "pin": pin.get_secret_value(), "name": name}
    reply = await client.order("POST", f"/_truth/{segment}/keypad", idempotency_key=f"keypad:{name}", body=edit)
    return _result(reply)


_REFUSALS: Mapping[str, Rejected] = {
    "PIN_CONFLICT": Rejected(RejectReason.DUPLICATE_PIN, "the lock has a code with these digits"),
    "NO_SPACE": Rejected(RejectReason.NO_SPACE, "the lock has no room for another code"),
    "INVALID_PIN": Rejected(RejectReason.CONSTRAINTS_VIOLATED, "the lock takes no such digits"),
    "INVALID_NAME": Rejected(RejectReason.CONSTRAINTS_VIOLATED, "the lock takes no such name"),
}


def _result(reply: Reply | Unknown) -> Accepted | Rejected:
    if isinstance(reply, Reply) and reply.is_success:
        return Accepted()
    word = reply.body.get("detail") if isinstance(reply, Reply) and isinstance(reply.body, dict) else None
    refused = _REFUSALS.get(str(word))
    if refused is None:
        raise RetryLaterError("nobody knows whether the simulated lock took the digits")
    return refused
