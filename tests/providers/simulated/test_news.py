"""What the cloud sends, in which order, and how often: read from its box, without a network."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from providers.simulated import DEMO_TOKEN, LockCloud, seeded_locks
from providers.simulated.answers import Request
from providers.simulated.faults import FaultKind, FaultSpec
from providers.simulated.orders import Order

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
CALL = Request("POST", "/", DEMO_TOKEN)
DOOR = "front-door"


@pytest.fixture
def telling() -> LockCloud:
    """A cloud whose clock stands and that was told where to send its news."""
    cloud = LockCloud(seeded_locks(), seed=7)
    cloud.clock.set(NOW)
    cloud.outbox.register("http://127.0.0.1:1/", SecretStr("whsec_bm90aGluZyB0aGF0IG9wZW5zIGEgZG9vcg=="))
    cloud.look_round()
    return cloud


def create(cloud: LockCloud, pin: str, lock: str = DOOR) -> str:
    answer = cloud.create(CALL, lock, Order(name="Jane", code=SecretStr(pin)))
    assert answer.body is not None
    return str(answer.body["access_code_id"])


def fault(cloud: LockCloud, kind: FaultKind, **parameters: Any) -> None:
    cloud.faults.put(DOOR, FaultSpec.model_validate({"kind": kind, **parameters}), cloud.clock.now())


def sent(cloud: LockCloud) -> list[dict[str, Any]]:
    return [json.loads(parcel.body) for parcel in cloud.outbox.take(cloud.look_round())]


def kinds(cloud: LockCloud) -> list[str]:
    return [message["event_type"] for message in sent(cloud)]


def test_every_change_of_the_lock_is_told(telling: LockCloud) -> None:
    code_id = create(telling, "4829")
    telling.change(CALL, code_id, Order(code=SecretStr("5930")))
    telling.delete(CALL, code_id)
    created, updated, deleted = sent(telling)
    assert [created["event_type"], updated["event_type"], deleted["event_type"]] == [
        "access_code.created",
        "access_code.updated",
        "access_code.deleted",
    ]
    assert created["access_code"].items() >= {"access_code_id": code_id, "code": "4829", "status": "active"}.items()
    assert updated["access_code"]["code"] == "5930"
    assert deleted["access_code"]["status"] == "deleted"


def test_what_never_reached_the_lock_is_not_told(telling: LockCloud) -> None:
    fault(telling, FaultKind.LYING_SUCCESS)
    create(telling, "4829")
    assert sent(telling) == []


def test_what_reaches_the_lock_late_is_told_then(telling: LockCloud) -> None:
    fault(telling, FaultKind.DELAYED_EFFECT, delay_seconds=60)
    create(telling, "4829")
    assert sent(telling) == []
    telling.clock.set(NOW + timedelta(seconds=60))
    assert kinds(telling) == ["access_code.created"]


def test_a_masked_lock_tells_no_digits(telling: LockCloud) -> None:
    create(telling, "4829", lock="attic")
    assert sent(telling)[0]["access_code"]["code"] is None


def test_a_lock_that_goes_and_comes_back_is_told_once_each(telling: LockCloud) -> None:
    fault(telling, FaultKind.OFFLINE, seconds=60)
    assert kinds(telling) == ["device.offline"]
    assert sent(telling) == []
    telling.clock.set(NOW + timedelta(seconds=60))
    assert kinds(telling) == ["device.online"]


def test_news_can_be_lost_doubled_late_and_out_of_order(telling: LockCloud) -> None:
    fault(telling, FaultKind.WEBHOOK_LOST, count=1)
    create(telling, "4829")
    assert sent(telling) == []

    fault(telling, FaultKind.WEBHOOK_DUPLICATE, count=1)
    create(telling, "4830")
    first, second = telling.outbox.take(NOW)
    assert first == second

    fault(telling, FaultKind.WEBHOOK_DELAY, count=1, delay_seconds=30)
    create(telling, "4831")
    assert sent(telling) == []
    telling.clock.set(NOW + timedelta(seconds=30))
    assert kinds(telling) == ["access_code.created"]

    fault(telling, FaultKind.WEBHOOK_REORDER, count=1)
    code_id = create(telling, "4832")
    assert sent(telling) == []
    telling.delete(CALL, code_id)
    assert kinds(telling) == ["access_code.deleted", "access_code.created"]


def test_nobody_listening_keeps_nothing() -> None:
    cloud = LockCloud(seeded_locks())
    create(cloud, "4829")
    assert cloud.outbox.waiting == 0
