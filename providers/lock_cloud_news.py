"""What a lock cloud says by webhook, in the shape that Seam publishes for lock makers.

    access_code.created, .updated, .deleted   {access_code{access_code_id, lock_id, name, code, status}, status, timestamp}
    device.online, device.offline             {lock_id, timestamp}
    low_battery                               {lock_id, battery_level, timestamp}

Every message has its `event_type`; other types (use of a code, a bridge) are none of our business.
"""

import json
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from providers.base import Known, NonsenseError
from providers.lock_cloud_wire import ListedCode, parse
from providers.news import BatteryNews, CodeNews, News, ReachNews


class NewsType(StrEnum):
    """The `event_type`s that we read."""

    CODE_CREATED = "access_code.created"
    CODE_UPDATED = "access_code.updated"
    CODE_DELETED = "access_code.deleted"
    ONLINE = "device.online"
    OFFLINE = "device.offline"
    LOW_BATTERY = "low_battery"


class _Message(BaseModel):
    # Errors never quote the input: it may hold digits.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _ToldCode(ListedCode):
    lock_id: str
    status: str


class _CodeMessage(_Message):
    access_code: _ToldCode
    status: str
    timestamp: AwareDatetime


class _LockMessage(_Message):
    lock_id: str
    timestamp: AwareDatetime


class _BatteryMessage(_LockMessage):
    battery_level: float = Field(ge=0, le=1)


def read_lock_cloud_news(body: bytes) -> News | None:
    """Read one message; None for a type that does not concern us.

    Raises:
        NonsenseError: it is no message of a lock cloud.
    """
    message = _object(body)
    match message.get("event_type"):
        case NewsType.CODE_CREATED | NewsType.CODE_UPDATED:
            return _code_news(message, may_be_there=True)
        case NewsType.CODE_DELETED:
            return _code_news(message, may_be_there=False)
        case NewsType.ONLINE | NewsType.OFFLINE as kind:
            told = parse(_LockMessage, message)
            return ReachNews(told.lock_id, told.timestamp, is_online=kind == NewsType.ONLINE)
        case NewsType.LOW_BATTERY:
            battery = parse(_BatteryMessage, message)
            return BatteryNews(battery.lock_id, battery.timestamp, battery.battery_level)
    return None


def _code_news(message: dict[str, object], *, may_be_there: bool) -> CodeNews:
    told = parse(_CodeMessage, message)
    reading = told.access_code.reading()
    return CodeNews(
        lock_id=told.access_code.lock_id,
        happened_at=told.timestamp,
        reference=told.access_code.reference,
        # A code that the vendor only noted, or that the lock refused, is there for nobody.
        is_there=may_be_there and told.status == "success" and told.access_code.status == "active",
        name=told.access_code.name or None,
        pin=reading.pin if isinstance(reading, Known) else None,
    )


def _object(body: bytes) -> dict[str, object]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise NonsenseError("the webhook is no JSON object")
    return message
