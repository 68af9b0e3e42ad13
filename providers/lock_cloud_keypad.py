"""Somebody at the keypad of a simulated lock.  A real cloud has no such side: it is asked first, and nothing is sent."""

from pydantic import BaseModel, ConfigDict, SecretStr

from providers.base import RetryLaterError, Unknown
from providers.http import VendorClient
from providers.lock_cloud_wire import parse


class _Slot(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    slot: int


class _Truth(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    slots: tuple[_Slot, ...]


async def type_in(client: VendorClient, segment: str, pin: SecretStr, name: str) -> bool:
    """Type digits into the first free slot; `segment` is the lock's id as a part of a path.  False: no simulation.

    Raises:
        RetryLaterError: the lock did not take them, or nobody knows.
    """
    truth = await client.ask(f"/_truth/{segment}")
    if not truth.is_success:
        return False
    held = {slot.slot for slot in parse(_Truth, truth.body).slots}
    free = next(number for number in range(1, len(held) + 2) if number not in held)
    edit = {"slot": free, "pin": pin.get_secret_value(), "name": name}
    reply = await client.order("POST", f"/_truth/{segment}/keypad", idempotency_key=f"keypad:{name}", body=edit)
    if isinstance(reply, Unknown) or not reply.is_success:
        raise RetryLaterError("the simulated lock did not take the digits")
    return True
