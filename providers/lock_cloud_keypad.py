"""Somebody at the keypad of a simulated lock.  A real cloud has no such side: it is asked first, and nothing is sent."""

from pydantic import BaseModel, ConfigDict, SecretStr

from providers.base import Accepted, Rejected, RetryLaterError, Unknown
from providers.http import Reply, VendorClient
from providers.lock_cloud_wire import REJECTIONS, parse


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


def _result(reply: Reply | Unknown) -> Accepted | Rejected:
    if isinstance(reply, Reply) and reply.is_success:
        return Accepted()
    word = reply.body.get("detail") if isinstance(reply, Reply) and isinstance(reply.body, dict) else None
    if not isinstance(word, str) or word not in REJECTIONS:
        raise RetryLaterError("nobody knows whether the simulated lock took the digits")
    return Rejected(REJECTIONS[word], f"the lock refused: {word}")
