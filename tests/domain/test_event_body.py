"""What is published has every field that the SDK's class for the type requires, and digits only for those who may."""

import dataclasses
import types
import typing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from seam.resources import seam_event

from domain.access_code import Ending, OnLock, Presence
from domain.changes import summed_up, with_ending, with_name, with_new_pin, with_window
from domain.devices import Capabilities
from domain.event_body import StoredEvent, body, generations_in
from domain.events import Event, EventType
from domain.native_windows import LockWindow
from domain.observation import SeenOnLock, announce, close, observe
from domain.problems import Problem, ProblemCode, raised
from domain.standing_in import with_backup
from tests.domain.codes import DAY, MAYBE, NOON, ahead, stay

ACCOUNT_TROUBLE = raised((), ProblemCode.ACCOUNT_DISCONNECTED, NOON - timedelta(hours=1))
DEVICE_TROUBLE = raised((), ProblemCode.DEVICE_DISCONNECTED, NOON - timedelta(hours=1))
NEW_PIN = with_new_pin(stay(), NOON).events[0]
NEW_NAME = with_name(stay(), "Before", "After", NOON).events[0]
NEW_WINDOW = with_window(stay(), NOON, NOON + timedelta(days=2), NOON).events[0]
(SET,) = observe(stay(MAYBE), SeenOnLock(1), NOON, Capabilities()).events
LOADED = observe(
    ahead(OnLock(presence=Presence.MAYBE, generation=1, told=LockWindow(starts_at=NOON, ends_at=NOON + DAY))),
    SeenOnLock(1),
    NOON - timedelta(hours=1),
    Capabilities(),
).events[0]
LATE = announce(stay(), ProblemCode.FAILED_TO_SET, NOON).events[0]

MOVES = [kind for kind in EventType if kind.startswith("lock.")]
"""The doors' own events: they say by which method."""

EXAMPLES: dict[EventType, Event] = {
    event.event_type: event
    for event in [
        NEW_PIN,
        NEW_NAME,
        NEW_WINDOW,
        LATE,
        SET,
        LOADED,
        with_backup(stay(), UUID(int=9), NOON).events[0],
        announce(stay(), ProblemCode.DELAY_IN_SETTING, NOON).events[0],
        announce(stay(), ProblemCode.FAILED_TO_REMOVE, NOON).events[0],
        summed_up([NEW_PIN, NEW_NAME, NEW_WINDOW], NOON),
        *(Event(event_type=kind, occurred_at=NOON, payload={"method": "remote"}) for kind in MOVES),
    ]
}
KNOWN_TO_THE_SDK = [kind for kind in EventType if kind.value in seam_event._SEAM_EVENT_VARIANTS]


def example(kind: EventType) -> Event:
    return EXAMPLES.get(kind, Event(event_type=kind, occurred_at=NOON))


def stored(event: Event, **more: Any) -> StoredEvent:
    ids = {"access_code_id": UUID(int=3), "device_id": UUID(int=4), "account_id": UUID(int=5)}
    return StoredEvent(
        id=UUID(int=1),
        event_type=event.event_type.value,
        workspace_id=UUID(int=2),
        created_at=NOON,
        occurred_at=NOON,
        payload=event.model_dump(mode="json")["payload"],
        **{**ids, **more},
    )


def is_optional(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType) and type(None) in typing.get_args(
        annotation
    )


@pytest.mark.parametrize("kind", KNOWN_TO_THE_SDK)
def test_required_fields_of_the_sdk_are_there(kind: EventType) -> None:
    told = body(stored(example(kind)), {1: "4711", 2: "4712"})
    variant = seam_event._SEAM_EVENT_VARIANTS[kind.value]
    hints = {field.name: field.type for field in dataclasses.fields(variant)}
    required = {name for name, hint in hints.items() if not is_optional(hint)}
    assert required <= told.keys()
    assert variant.from_dict(told).event_type == kind.value


def test_ours_is_known_to_the_sdk_but_for_a_few() -> None:
    ours = {
        EventType.CONSTANTLY_UNDONE,
        EventType.MAX_CODES_REACHED,
        EventType.REPLACEMENT_ASKED,
        EventType.DEVICE_REPLACED,
        EventType.REPLACEMENT_ROLLED_BACK,
        EventType.WEBHOOK_DISABLED,
        EventType.WEBHOOK_TEST,
    }
    assert set(EventType) - set(KNOWN_TO_THE_SDK) == ours


def test_body_is_flat_and_names_what_it_is_about() -> None:
    assert body(stored(example(EventType.CREATED)), {}) == {
        "event_id": "00000000-0000-0000-0000-000000000001",
        "event_type": "access_code.created",
        "workspace_id": "00000000-0000-0000-0000-000000000002",
        "created_at": "2026-07-01T12:00:00.000Z",
        "occurred_at": "2026-07-01T12:00:00.000Z",
        "access_code_id": "00000000-0000-0000-0000-000000000003",
        "device_id": "00000000-0000-0000-0000-000000000004",
        "connected_account_id": "00000000-0000-0000-0000-000000000005",
    }


def test_digits_are_filled_in_by_their_generation() -> None:
    assert body(stored(NEW_PIN), {1: "4711", 2: "4712"})["from"] == {"code": "4711"}
    assert body(stored(NEW_PIN), {1: "4711", 2: "4712"})["to"] == {"code": "4712"}
    summary = body(stored(EXAMPLES[EventType.CHANGED]), {1: "4711", 2: "4712"})["changed_properties"]
    assert {"property": "code", "from": "4711", "to": "4712"} in summary
    assert {"property": "name", "from": "Before", "to": "After"} in summary


def test_digits_that_are_not_given_are_left_out_with_their_key() -> None:
    told = body(stored(NEW_PIN), {})
    assert (told["from"], told["to"]) == ({}, {})
    assert "pin_generation" not in str(told)
    assert {"property": "code"} in body(stored(EXAMPLES[EventType.CHANGED]), {})["changed_properties"]


def test_generations_are_found_however_deep() -> None:
    payload = EXAMPLES[EventType.CHANGED].model_dump(mode="json")["payload"]
    assert generations_in(payload) == {1, 2}
    assert generations_in({"name": "pin_generation", "list": [1, None]}) == set()


def test_deleted_code_tells_its_last_digits() -> None:
    (deleted,) = close(with_ending(stay(), Ending.DELETED, NOON).code, NOON).events
    assert body(stored(deleted), {1: "4711"})["code"] == "4711"


def test_windows_are_told_as_the_wire_has_instants() -> None:
    told = body(stored(NEW_WINDOW), {})
    assert told["to"] == {"starts_at": "2026-07-01T12:00:00.000Z", "ends_at": "2026-07-03T12:00:00.000Z"}
    summary = body(stored(EXAMPLES[EventType.CHANGED]), {})["changed_properties"]
    assert [one["to"] for one in summary if one["property"] == "ends_at"] == ["2026-07-03T12:00:00.000Z"]


def test_trouble_is_told_as_it_stood_with_that_of_lock_and_account() -> None:
    told = body(stored(LATE, device_problems=DEVICE_TROUBLE, account_problems=ACCOUNT_TROUBLE), {})
    assert [error["error_code"] for error in told["access_code_errors"]] == ["failed_to_set_on_device"]
    assert [error["error_code"] for error in told["device_errors"]] == ["device_disconnected"]
    assert [error["error_code"] for error in told["connected_account_errors"]] == ["account_disconnected"]
    assert told["access_code_warnings"] == told["device_warnings"] == told["connected_account_warnings"] == []
    assert set(told["access_code_errors"][0]) == {"error_code", "message", "created_at"}
    assert "problems" not in told


def test_trouble_that_came_later_is_not_told() -> None:
    later = (Problem(code=ProblemCode.DEVICE_REMOVED, message="Gone.", created_at=NOON + timedelta(seconds=1)),)
    assert body(stored(LATE, device_problems=later), {})["device_errors"] == []


def test_lock_is_disconnected_for_its_accounts_sake_where_that_is_so() -> None:
    event = example(EventType.DEVICE_DISCONNECTED)
    assert body(stored(event, device_problems=DEVICE_TROUBLE), {})["error_code"] == "device_disconnected"
    assert body(stored(event, account_problems=ACCOUNT_TROUBLE), {})["error_code"] == "account_disconnected"


def test_instants_are_cut_to_the_millisecond() -> None:
    late = datetime(2026, 7, 1, 12, 0, 0, 999_999, tzinfo=UTC)
    told = body(dataclasses.replace(stored(example(EventType.CREATED)), created_at=late), {})
    assert told["created_at"] == "2026-07-01T12:00:00.999Z"
