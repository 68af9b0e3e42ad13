"""The control side: look at the truth, stand at the door, move the clock, set faults.

It asks for no token: it serves tests and curious people on loopback, and shows digits on purpose.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from fastapi import APIRouter, HTTPException
from pydantic import AnyHttpUrl, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, model_validator

from providers.simulated.answers import STATUS, CallRecord
from providers.simulated.cloud import LockCloud
from providers.simulated.faults import WHOLE_CLOUD, Fault, FaultSpec
from providers.simulated.locks import KEYPAD_NAME, RefusedError
from providers.simulated.words import JSON, headline, truth


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Entry(_Body):
    """Somebody types digits at the door."""

    pin: str


class KeypadEdit(_Body):
    """Somebody edits a slot at the keypad; a null `pin` deletes what it holds."""

    slot: int
    pin: str | None
    name: str = KEYPAD_NAME


class Battery(_Body):
    """How full a lock's battery is, from 0 to 1."""

    level: float = Field(ge=0, le=1)


class Webhook(_Body):
    """Where the cloud sends its news, and the Standard Webhooks secret with which it signs them."""

    url: AnyHttpUrl
    secret: SecretStr


class ClockSetting(_Body):
    """Either an instant to stand at, or the wall to follow."""

    now: AwareDatetime | None = None
    follow: Literal["wall"] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "ClockSetting":
        if (self.now is None) == (self.follow is None):
            raise ValueError("give either now or follow")
        return self


def control_routes(cloud: LockCloud) -> APIRouter:
    """The whole control side of one cloud."""
    router = APIRouter()
    router.include_router(_truth_routes(cloud))
    router.include_router(_clock_routes(cloud))
    router.include_router(_fault_routes(cloud))
    router.include_router(_call_routes(cloud))
    router.include_router(_webhook_routes(cloud))
    return router


def _truth_routes(cloud: LockCloud) -> APIRouter:
    router = APIRouter(prefix="/_truth")

    @router.get("")
    async def locks() -> JSON:
        return {"locks": [headline(lock, is_online=cloud.is_online(name)) for name, lock in cloud.locks.items()]}

    @router.get("/{lock_id}")
    async def show(lock_id: str) -> JSON:
        with _as_http():
            return _truth(cloud, lock_id)

    @router.post("/{lock_id}/enter")
    async def enter(lock_id: str, entry: Entry) -> JSON:
        with _as_http():
            return {"opens": cloud.lock(lock_id).opens(entry.pin, cloud.lock_time(lock_id))}

    @router.post("/{lock_id}/keypad")
    async def keypad(lock_id: str, edit: KeypadEdit) -> JSON:
        with _as_http():
            cloud.type_in(lock_id, edit.slot, edit.pin, name=edit.name)
            return _truth(cloud, lock_id)

    @router.post("/{lock_id}/battery")
    async def battery(lock_id: str, battery: Battery) -> JSON:
        with _as_http():
            cloud.set_battery(lock_id, battery.level)
            return _truth(cloud, lock_id)

    @router.post("/{lock_id}/reset")
    async def reset(lock_id: str) -> JSON:
        with _as_http():
            cloud.reset(lock_id)
            return _truth(cloud, lock_id)

    return router


def _clock_routes(cloud: LockCloud) -> APIRouter:
    router = APIRouter(prefix="/_clock")

    @router.get("")
    async def show() -> JSON:
        return {"now": cloud.clock.now().isoformat(), "follow": "wall" if cloud.clock.follows_wall else None}

    @router.post("")
    async def move(setting: ClockSetting) -> JSON:
        if setting.now is None:
            cloud.clock.follow_wall()
        else:
            cloud.clock.set(setting.now)
        cloud.settle()
        return await show()

    return router


def _fault_routes(cloud: LockCloud) -> APIRouter:
    router = APIRouter(prefix="/_faults/{lock_id}")

    @router.post("", status_code=201)
    async def put(lock_id: str, spec: FaultSpec) -> JSON:
        with _as_http():
            _must_exist(cloud, lock_id)
            # What was due before the fault began is not touched by it.
            return _told(cloud.faults.put(lock_id, spec, cloud.settle()))

    @router.get("")
    async def show(lock_id: str) -> JSON:
        with _as_http():
            _must_exist(cloud, lock_id)
            return {"faults": [_told(fault) for fault in cloud.faults.on(lock_id, cloud.clock.now())]}

    @router.delete("")
    async def lift(lock_id: str) -> JSON:
        with _as_http():
            _must_exist(cloud, lock_id)
            return {"lifted": cloud.faults.clear(lock_id)}

    return router


def _call_routes(cloud: LockCloud) -> APIRouter:
    router = APIRouter(prefix="/_calls")

    @router.get("")
    async def calls() -> JSON:
        return {"calls": [_line(call) for call in cloud.calls]}

    @router.get("/{lock_id}")
    async def calls_of(lock_id: str) -> JSON:
        return {"calls": [_line(call) for call in cloud.calls if call.lock == lock_id]}

    @router.delete("")
    async def forget() -> JSON:
        forgotten = len(cloud.calls)
        cloud.calls.clear()
        return {"forgotten": forgotten}

    return router


def _webhook_routes(cloud: LockCloud) -> APIRouter:
    router = APIRouter(prefix="/_webhook")

    @router.put("")
    async def register(webhook: Webhook) -> JSON:
        try:
            cloud.outbox.register(str(webhook.url), webhook.secret)
        except ValueError:
            raise HTTPException(422, "the secret is none of Standard Webhooks") from None
        cloud.look_round()
        return await show()

    @router.get("")
    async def show() -> JSON:
        outbox = cloud.outbox
        return {"url": outbox.url, "waiting": outbox.waiting, "delivered": outbox.delivered, "failed": outbox.failed}

    @router.delete("")
    async def forget() -> JSON:
        cloud.outbox.forget()
        return await show()

    return router


def _truth(cloud: LockCloud, lock_id: str) -> JSON:
    lock = cloud.lock(lock_id)
    return truth(lock, at=cloud.lock_time(lock_id), is_online=cloud.is_online(lock_id))


def _must_exist(cloud: LockCloud, lock_id: str) -> None:
    if lock_id != WHOLE_CLOUD:
        cloud.lock(lock_id)


def _told(fault: Fault) -> JSON:
    told: JSON = fault.spec.model_dump(mode="json", exclude_none=True)
    return told | {"since": fault.since.isoformat(), "struck": fault.struck}


def _line(call: CallRecord) -> JSON:
    return {
        "method": call.method,
        "path": call.path,
        "lock": call.lock,
        "operation": call.operation.value,
        "when": call.when.isoformat(),
        "fault": call.fault,
        "status": call.status,
    }


@contextmanager
def _as_http() -> Iterator[None]:
    """A refusal of the cloud or the lock as an HTTP error."""
    try:
        yield
    except RefusedError as refused:
        raise HTTPException(STATUS[refused.refusal], refused.refusal.value) from None
