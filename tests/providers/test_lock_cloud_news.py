"""What a lock cloud's webhooks are read as, and what is not believed to be one."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from providers.base import NonsenseError
from providers.lock_cloud_news import read_lock_cloud_news
from providers.news import BatteryNews, CodeNews, News, ReachNews

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
CODE = {"access_code_id": "ac_1", "lock_id": "door", "name": "1a2b3c4d.1 Ada", "code": "482915", "status": "active"}


def message(event_type: str, **more: Any) -> dict[str, Any]:
    return {"event_type": event_type, "timestamp": AT.isoformat(), "status": "success", **more}


def read(told: Any) -> News | None:
    return read_lock_cloud_news(json.dumps(told).encode())


@pytest.mark.parametrize("event_type", ["access_code.created", "access_code.updated"])
def test_a_code_that_the_lock_took_is_there(event_type: str) -> None:
    there = CodeNews("door", AT, "ac_1", is_there=True, name="1a2b3c4d.1 Ada", pin=SecretStr("482915"))
    assert read(message(event_type, access_code=CODE)) == there


@pytest.mark.parametrize(
    "told",
    [
        message("access_code.created", access_code=CODE | {"status": "pending"}),
        message("access_code.created", access_code=CODE, status="failed"),
        message("access_code.deleted", access_code=CODE),
    ],
    ids=["pending", "failed", "deleted"],
)
def test_anything_less_is_not(told: dict[str, Any]) -> None:
    news = read(told)
    assert isinstance(news, CodeNews)
    assert not news.is_there


@pytest.mark.parametrize("hidden", [None, "******", ""])
def test_hidden_digits_are_none(hidden: str | None) -> None:
    news = read(message("access_code.created", access_code=CODE | {"code": hidden}))
    assert isinstance(news, CodeNews)
    assert (news.is_there, news.pin) == (True, None)


def test_a_lock_tells_of_itself() -> None:
    assert read(message("device.online", lock_id="door")) == ReachNews("door", AT, is_online=True)
    assert read(message("device.offline", lock_id="door")) == ReachNews("door", AT, is_online=False)
    assert read(message("low_battery", lock_id="door", battery_level=0.1)) == BatteryNews("door", AT, 0.1)


def test_what_does_not_concern_us_is_nothing() -> None:
    assert read(message("access_code.used", access_code=CODE)) is None
    assert read({}) is None


@pytest.mark.parametrize(
    "told",
    [
        [],
        message("access_code.created"),
        message("access_code.created", access_code=CODE | {"access_code_id": 482915}),
        message("access_code.created", access_code={**CODE, "lock_id": None}),
        message("device.online", lock_id="door", timestamp="2027-03-01T12:00:00"),
        message("low_battery", lock_id="door", battery_level=482915),
    ],
    ids=["no object", "no code", "wrong type", "no lock", "no offset", "no level"],
)
def test_nonsense_is_told_without_repeating_it(told: Any) -> None:
    with pytest.raises(NonsenseError) as caught:
        read(told)
    assert "482915" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000], ids=["empty", "half", "no text", "deep"])
def test_a_body_that_is_no_json_is_nonsense(body: bytes) -> None:
    with pytest.raises(NonsenseError):
        read_lock_cloud_news(body)
