"""What the cloud tells by webhook, and the box in which its news wait to be sent.

The words are Seam's for lock makers: `access_code.created`, `.updated` and `.deleted` when the *lock* took the change,
`device.online` and `device.offline`, `low_battery`.  News are put in the box in the step that changes the lock; what
lies there is sent by `courier.py`.  Nothing is kept while nobody listens.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from pydantic import SecretStr
from standardwebhooks import Webhook

from providers.simulated.faults import Notice
from providers.simulated.locks import Lock
from providers.simulated.words import JSON


def code_news(event_type: str, lock: Lock, code_id: str, at: datetime) -> JSON:
    """A code was put on the lock, changed there, or taken off it."""
    code = lock.find(code_id)
    told: JSON = {"access_code_id": code_id, "lock_id": lock.facts.lock_id, "status": "active" if code else "deleted"}
    if code is not None:
        digits = None if lock.facts.capabilities.masks_codes else code.pin
        told |= {"name": code.name, "code": digits, "slot": code.slot}
    return {"event_type": event_type, "status": "success", "timestamp": at.isoformat(), "access_code": told}


def reach_news(lock_id: str, at: datetime, *, is_online: bool) -> JSON:
    """A lock answers its cloud again, or no longer."""
    return {
        "event_type": f"device.{'online' if is_online else 'offline'}",
        "timestamp": at.isoformat(),
        "lock_id": lock_id,
    }


def battery_news(lock_id: str, level: float, at: datetime) -> JSON:
    """A lock's battery stands at this level, from 0 to 1."""
    return {"event_type": "low_battery", "timestamp": at.isoformat(), "lock_id": lock_id, "battery_level": level}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message under its id, to be sent when the cloud's clock shows `due_at`."""

    id: str
    body: str
    due_at: datetime


class Outbox:
    """News in the order in which they are to be sent, and where to."""

    def __init__(self) -> None:
        self.url: str | None = None
        self.signer: Webhook | None = None
        self.delivered = 0
        self.failed = 0
        """Tries that were not answered with a success."""
        self._parcels: list[Parcel] = []
        self._overtaken: list[Parcel] = []
        self._online: dict[str, bool] = {}

    def register(self, url: str, secret: SecretStr) -> None:
        """Send what happens from now on to this address.

        Raises:
            ValueError: the secret is no base64.
        """
        self.url, self.signer = url, Webhook(secret.get_secret_value())

    def forget(self) -> None:
        """Send nothing any more."""
        self.url, self.signer = None, None
        self._parcels, self._overtaken, self._online = [], [], {}

    @property
    def waiting(self) -> int:
        """How many parcels have not been tried yet."""
        return len(self._parcels) + len(self._overtaken)

    def put(self, message: JSON, notice: Notice, now: datetime) -> None:
        """Keep a message for sending, as often and in the order that the faults say."""
        if self.url is None:
            return
        parcel = Parcel(f"msg_{uuid4().hex}", json.dumps(message), now + notice.delay)
        copies = [parcel] * notice.copies
        if notice.is_overtaken:
            self._overtaken += copies
            return
        self._parcels += [*copies, *self._overtaken]
        self._overtaken = []

    def take(self, now: datetime) -> list[Parcel]:
        """Give out what is due."""
        due = [parcel for parcel in self._parcels if parcel.due_at <= now]
        self._parcels = [parcel for parcel in self._parcels if parcel.due_at > now]
        return due

    def turned(self, online: Mapping[str, bool]) -> list[tuple[str, bool]]:
        """Give the locks whose state is another than at the last look; the first look finds none."""
        if self.url is None:
            return []
        before, self._online = self._online, dict(online)
        return [
            (lock_id, is_online) for lock_id, is_online in online.items() if before.get(lock_id, is_online) != is_online
        ]
