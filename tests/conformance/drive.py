"""Calls everything that hosts use, by whichever Python SDK of Seam is found, and prints what came of each call.

It runs on its own: key and endpoint come from the variables that the SDK itself reads, three locks as arguments.  Its
twin for JavaScript, `tests/conformance/js/drive.js`, makes the same calls under the same names.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from seam.seam import Seam

BACKUP_WITHIN_SECONDS = 40
UNKNOWN = str(uuid4())
Calls = dict[str, Callable[[], bool]]


def in_hours(hours: float) -> str:
    """Give an instant as a caller writes it."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def ids(found: Any) -> set[str]:
    """List the ids of devices."""
    return {one.device_id for one in found}


class Drive:
    """One run: what was made is kept for the calls that follow."""

    def __init__(self, first: str, second: str, third: str, fourth: str) -> None:
        self.seam: Any = Seam()
        self.first, self.second, self.third, self.fourth = first, second, third, fourth
        self.made: dict[str, Any] = {}

    def keep(self, name: str, thing: Any) -> Any:
        """Remember what a call answered."""
        self.made[name] = thing
        return thing

    def id_of(self, name: str) -> str:
        """Give the id of a code that was made."""
        return str(self.made[name].access_code_id)

    def creating(self) -> Calls:
        """Codes of both types, with and without digits."""
        create, window = self.seam.access_codes.create, {"starts_at": in_hours(4), "ends_at": in_hours(5)}
        return {
            "access_codes.create (ongoing)": lambda: (
                self.keep("ongoing", create(device_id=self.first, name="Ada")).type == "ongoing"
            ),
            "access_codes.create (ongoing, with code)": lambda: (
                create(device_id=self.first, code="4829").code == "4829"
            ),
            "access_codes.create (time-bound)": lambda: (
                self.keep("bound", create(device_id=self.first, **window)).type == "time_bound"
                and self.made["bound"].code.isdigit()
            ),
            "access_codes.create (time-bound, with code)": lambda: (
                create(device_id=self.first, code="7316", **window).code == "7316"
            ),
        }

    def codes(self) -> Calls:
        """What is done with codes that are there."""
        codes = self.seam.access_codes
        pages = self.seam.create_paginator
        return {
            "access_codes.get": lambda: codes.get(access_code_id=self.id_of("bound")).code == self.made["bound"].code,
            "access_codes.list": lambda: len(codes.list(device_id=self.first)) == 4,
            "access_codes.list (pages)": lambda: (
                len(list(pages(codes.list, {"device_id": self.first, "limit": 3}).flatten())) == 4
            ),
            "access_codes.generate_code": lambda: codes.generate_code(device_id=self.first).code.isdigit(),
            "access_codes.update": lambda: (
                codes.update(access_code_id=self.id_of("bound"), name="Grace", ends_at=in_hours(9)) is None
                and codes.get(access_code_id=self.id_of("bound")).name == "Grace"
            ),
            "access_codes.delete": lambda: (
                codes.delete(access_code_id=self.id_of("bound")) is None and self.ends(self.id_of("bound"))
            ),
            "access_codes.report_device_constraints": lambda: (
                codes.report_device_constraints(device_id=self.first, min_code_length=4, max_code_length=8) is None
            ),
        }

    def ends(self, access_code_id: str) -> bool:
        """Say whether a code is gone, or on its way."""
        left = {one.access_code_id: one.status for one in self.seam.access_codes.list(device_id=self.first)}
        return bool(left.get(access_code_id, "removing") == "removing")

    def together(self) -> Calls:
        """One PIN on several locks, and a backup code."""
        codes, window = self.seam.access_codes, {"starts_at": in_hours(4), "ends_at": in_hours(5)}
        return {
            "access_codes.create_multiple": lambda: (
                len({one.code for one in self.keep("shared", self.share(**window))}) == 1
                and len(self.made["shared"]) == 2
            ),
            "access_codes.update_multiple": lambda: (
                codes.update_multiple(common_code_key=self.made["shared"][0].common_code_key, name="Family") is None
                and {codes.get(access_code_id=one.access_code_id).name for one in self.made["shared"]} == {"Family"}
            ),
            "access_codes.pull_backup_access_code": self.pull,
        }

    def share(self, **window: str) -> Any:
        """Create one code on two locks."""
        return self.seam.access_codes.create_multiple(device_ids=[self.second, self.third], **window)

    def pull(self) -> bool:
        """Pull a backup code as soon as one lies ready."""
        codes = self.seam.access_codes
        code = codes.create(device_id=self.second, use_backup_access_code_pool=True, ends_at=in_hours(2))
        until = time.monotonic() + BACKUP_WITHIN_SECONDS
        while not codes.get(access_code_id=code.access_code_id).is_backup_access_code_available:
            if time.monotonic() > until:
                raise TimeoutError("no backup code lies ready")
            time.sleep(0.3)
        pulled = codes.pull_backup_access_code(access_code_id=code.access_code_id)
        return bool(pulled.is_backup and pulled.code.isdigit())

    def unmanaged(self) -> Calls:
        """Codes that somebody else put on a lock."""
        codes, simulate = self.seam.access_codes.unmanaged, self.seam.access_codes.simulate
        return {
            "access_codes.simulate.create_unmanaged_access_code": lambda: (
                self.keep(
                    "foreign",
                    simulate.create_unmanaged_access_code(device_id=self.first, code="2580", name="Guest"),
                ).is_managed
                is False
            ),
            "access_codes.unmanaged.list": lambda: [one.code for one in codes.list(device_id=self.first)] == ["2580"],
            "access_codes.unmanaged.get": lambda: (
                codes.get(device_id=self.first, code="2580").access_code_id == self.id_of("foreign")
            ),
            "access_codes.unmanaged.update": lambda: (
                codes.update(access_code_id=self.id_of("foreign"), is_managed=False) is None
            ),
            "access_codes.unmanaged.convert_to_managed": lambda: (
                codes.convert_to_managed(access_code_id=self.id_of("foreign")) is None
            ),
            "access_codes.unmanaged.delete (of nothing)": lambda: codes.delete(access_code_id=UNKNOWN) is None,
        }

    def devices(self) -> Calls:
        """Locks as devices; the last two take one out of care and back: one without codes."""
        devices, pages = self.seam.devices, self.seam.create_paginator
        return {
            "devices.get": lambda: devices.get(device_id=self.fourth).properties.online is True,
            "devices.list": lambda: self.fourth in ids(devices.list()),
            "devices.list (pages)": lambda: self.fourth in ids(pages(devices.list, {"limit": 2}).flatten()),
            "devices.list_device_providers": lambda: len(devices.list_device_providers()) == 1,
            "devices.update": lambda: (
                devices.update(device_id=self.fourth, is_managed=False) is None
                and devices.unmanaged.get(device_id=self.fourth).is_managed is False
            ),
            "devices.unmanaged.get": lambda: devices.unmanaged.get(device_id=self.fourth).device_id == self.fourth,
            "devices.unmanaged.list": lambda: self.fourth in ids(devices.unmanaged.list()),
            "devices.unmanaged.update": lambda: (
                devices.unmanaged.update(device_id=self.fourth, is_managed=True) is None
                and devices.get(device_id=self.fourth).is_managed is True
            ),
        }

    def locks(self) -> Calls:
        """Locks as locks, and action attempts that the SDK waits for."""
        locks, attempts = self.seam.locks, self.seam.action_attempts
        return {
            "locks.get": lambda: locks.get(device_id=self.first).device_id == self.first,
            "locks.list": lambda: self.first in {one.device_id for one in locks.list()},
            "locks.lock_door (waits)": lambda: locks.lock_door(device_id=self.first).status == "success",
            "locks.unlock_door (waits)": lambda: locks.unlock_door(device_id=self.first).status == "success",
            "action_attempts.list": lambda: (
                "CREATE_ACCESS_CODE" in {one.action_type for one in attempts.list(device_id=self.first)}
            ),
            "action_attempts.get (waits)": lambda: self.waits(attempts.list(device_id=self.first)[-1]),
        }

    def waits(self, attempt: Any) -> bool:
        """Have the SDK poll the oldest attempt, that of the ongoing code, to its success."""
        got = self.seam.action_attempts.get(action_attempt_id=attempt.action_attempt_id, wait_for_action_attempt=True)
        code = self.seam.access_codes.get(access_code_id=self.made["ongoing"].access_code_id)
        return bool(got.status == "success" and code.status == "set")

    def news(self) -> Calls:
        """Events and webhooks."""
        events, hooks = self.seam.events, self.seam.webhooks
        return {
            "events.list": lambda: bool(self.keep("events", events.list(device_id=self.first, since=in_hours(-1)))),
            "events.get": lambda: (
                events.get(event_id=self.made["events"][0].event_id).event_type == self.made["events"][0].event_type
            ),
            "webhooks.create": lambda: self.keep(
                "hook", hooks.create(url="https://listener.example/hook")
            ).secret.startswith("whsec_"),
            "webhooks.get": lambda: (
                hooks.get(webhook_id=self.made["hook"].webhook_id).url == "https://listener.example/hook"
            ),
            "webhooks.list": lambda: self.made["hook"].webhook_id in {one.webhook_id for one in hooks.list()},
            "webhooks.update": lambda: (
                hooks.update(webhook_id=self.made["hook"].webhook_id, event_types=["access_code.set_on_device"]) is None
                and hooks.get(webhook_id=self.made["hook"].webhook_id).event_types == ["access_code.set_on_device"]
            ),
            "webhooks.delete": lambda: (
                hooks.delete(webhook_id=self.made["hook"].webhook_id) is None
                and self.made["hook"].webhook_id not in {one.webhook_id for one in hooks.list()}
            ),
        }

    def around(self) -> Calls:
        """What the key belongs to, and what is refused."""
        accounts, codes = self.seam.connected_accounts, self.seam.access_codes
        return {
            "connected_accounts.list": lambda: len(self.keep("accounts", accounts.list())) == 1,
            "connected_accounts.get": lambda: (
                accounts.get(connected_account_id=self.made["accounts"][0].connected_account_id).account_type
                == "lock_cloud"
            ),
            "workspaces.get": lambda: self.seam.workspaces.get().is_sandbox is False,
            "access_codes.get (of nothing)": lambda: bool(codes.get(access_code_id=UNKNOWN)),
            "access_codes.create (no id)": lambda: bool(codes.create(device_id="no id")),
            "devices.list (wrong key)": lambda: bool(Seam(api_key="seam_nobody").devices.list()),
        }

    def calls(self) -> Calls:
        """Everything, in the order in which it must happen."""
        parts = (self.creating, self.codes, self.together, self.unmanaged, self.devices, self.locks, self.news)
        return {name: call for part in (*parts, self.around) for name, call in part().items()}


def outcome(call: Callable[[], bool]) -> str:
    """Say in a few words what came of a call."""
    try:
        return "works" if call() else "answers otherwise"
    except Exception as error:
        refused: Any = error
        return f"refused: `{refused.code}`" if hasattr(error, "request_id") else f"fails: {error!r}"


if __name__ == "__main__":
    print(json.dumps({name: outcome(call) for name, call in Drive(*sys.argv[1:]).calls().items()}))
