"""Lists: pages that rows coming and going do not disturb, cursors bound to their question, filters, query rules."""

import base64
from typing import Any

import httpx
import pytest

from tests.api.door import Door, in_hours


async def _pages(door: Door, path: str, key: str, **asked: Any) -> list[list[Any]]:
    """Follow the cursor to the end."""
    pages, cursor = [], None
    while True:
        more: dict[str, Any] = {} if cursor is None else {"page_cursor": cursor}
        answer = await door.asked(path, **asked, **more)
        pages.append(answer[key])
        cursor = answer["pagination"]["next_page_cursor"]
        assert answer["pagination"]["has_next_page"] is (cursor is not None)
        if cursor is None:
            return pages


async def _three_codes(door: Door) -> tuple[str, list[str]]:
    lock = await door.lock()
    codes = [await door.code(device_id=str(lock.id), starts_at=in_hours(5)) for _ in range(3)]
    return str(lock.id), [code["access_code_id"] for code in codes]


async def test_pages_hold_everything_once_newest_first(door: Door) -> None:
    device_id, ids = await _three_codes(door)
    pages = await _pages(door, "/access_codes/list", "access_codes", device_id=device_id, limit=2)
    assert [[code["access_code_id"] for code in page] for page in pages] == [[ids[2], ids[1]], [ids[0]]]
    assert all(len(code["code"]) >= 4 for page in pages for code in page)


async def test_long_page_is_one_answer_in_bunches(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lists everything holds nobody up: the page is read and shown a bunch at a time."""
    monkeypatch.setattr("api.http.access_codes.BUNCH", 2)
    device_id, ids = await _three_codes(door)
    ids += [(await door.code(device_id=device_id, starts_at=in_hours(5)))["access_code_id"] for _ in range(2)]
    newest_first = ids[::-1]
    for limit, expected in ((None, [5]), (4, [4, 1]), (3, [3, 2]), (5, [5])):
        pages = await _pages(door, "/access_codes/list", "access_codes", device_id=device_id, limit=limit)
        assert [len(page) for page in pages] == expected
        assert [code["access_code_id"] for page in pages for code in page] == newest_first


async def test_codes_that_come_meanwhile_shift_nothing(door: Door) -> None:
    device_id, ids = await _three_codes(door)
    first = await door.asked("/access_codes/list", device_id=device_id, limit=2)
    await door.code(device_id=device_id, starts_at=in_hours(5))
    cursor = first["pagination"]["next_page_cursor"]
    second = await door.asked("/access_codes/list", device_id=device_id, limit=2, page_cursor=cursor)
    assert [code["access_code_id"] for code in second["access_codes"]] == [ids[0]]


async def test_next_page_url_leads_to_the_next_page(door: Door) -> None:
    device_id, ids = await _three_codes(door)
    first = await door.asked("/access_codes/list", device_id=device_id, limit=2)
    second = (await door.http.get(first["pagination"]["next_page_url"])).json()
    assert [code["access_code_id"] for code in second["access_codes"]] == [ids[0]]


async def test_cursor_goes_with_its_parameters(door: Door) -> None:
    device_id, _ = await _three_codes(door)
    first = await door.asked("/access_codes/list", device_id=device_id, limit=2)
    cursor = first["pagination"]["next_page_cursor"]
    assert await door.refused("/access_codes/list", limit=2, page_cursor=cursor) == (400, "mismatched_page_parameters")
    assert await door.refused("/devices/list", limit=2, page_cursor=cursor) == (400, "mismatched_page_parameters")


@pytest.mark.parametrize(
    "cursor", ["x", "é", "e30=", base64.b64encode(b'{"q":"","at":"now","id":"1"}').decode(), "A" * 999]
)
async def test_cursor_of_nobody_is_invalid(door: Door, cursor: str) -> None:
    answer = await door.call("/access_codes/list", page_cursor=cursor)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_input")
    assert "page_cursor" in answer.json()["error"]["validation_errors"]


async def test_codes_are_found_by_id_and_by_part_of_name(door: Door) -> None:
    lock = await door.lock()
    code = await door.code(device_id=str(lock.id), name="Grace 100% Hopper", starts_at=in_hours(1))
    await door.code(device_id=str(lock.id), name="Ada", starts_at=in_hours(1))
    for wanted in (
        {"access_code_ids": [code["access_code_id"]]},
        {"device_id": str(lock.id), "search": "0% hop"},
        {"search": code["access_code_id"][4:20]},
    ):
        listed = (await door.asked("/access_codes/list", **wanted))["access_codes"]
        assert [one["access_code_id"] for one in listed] == [code["access_code_id"]]
    assert (await door.asked("/access_codes/list", customer_key="nobody"))["access_codes"] == []


async def test_devices_are_found_by_what_is_kept_with_them(door: Door) -> None:
    lock = await door.lock()
    metadata = {"floor": "2", "has_bell": True}
    await door.asked("/devices/update", device_id=str(lock.id), custom_metadata=metadata, name="Rosy")
    shown = (await door.asked("/devices/get", name="Rosy"))["device"]
    assert (shown["device_id"], shown["custom_metadata"]) == (str(lock.id), metadata)
    for wanted in ({"floor": "2"}, {"has_bell": True}, metadata):
        query = {f"custom_metadata_has.{key}": str(value).lower() for key, value in wanted.items()}
        listed = (await door.http.get("/devices/list", params={**query, "search": "ros", "_strict": "true"})).json()
        if "has_bell" in wanted:
            # A query has no types: `true` in it is text.
            listed = await door.asked("/devices/list", custom_metadata_has=wanted, search="ros")
        assert [device["device_id"] for device in listed["devices"]] == [str(lock.id)]
    await door.asked("/devices/update", device_id=str(lock.id), custom_metadata={"floor": None})
    shown = (await door.asked("/devices/get", device_id=str(lock.id)))["device"]
    assert (shown["custom_metadata"], shown["display_name"]) == ({"has_bell": True}, "Rosy")


async def test_reported_facts_outlast_the_next_look_at_the_vendor(door: Door) -> None:
    lock = await door.lock()
    device_id = str(lock.id)
    await door.asked(
        "/access_codes/report_device_constraints", device_id=device_id, min_code_length=7, max_code_length=8
    )
    zone = {"device_id": device_id, "ultraloq_metadata": {"time_zone": "Europe/Berlin"}}
    await door.asked("/devices/report_provider_metadata", devices=[zone])
    await door.house.new_lock("Another")  # has every lock discovered anew
    shown = (await door.asked("/devices/get", device_id=device_id))["device"]
    assert shown["properties"]["supported_code_lengths"] == [7, 8]
    assert shown["location"]["time_zone"] == "Europe/Berlin"
    assert len((await door.code(device_id=device_id, starts_at=in_hours(1)))["code"]) == 7


STRICT = {"_strict": "true"}


async def test_strict_queries_repeat_arrays(door: Door) -> None:
    _, ids = await _three_codes(door)
    query = f"access_code_ids={ids[0]}&access_code_ids={ids[2]}&_strict=true"
    listed = (await door.http.get(f"/access_codes/list?{query}")).json()["access_codes"]
    assert {code["access_code_id"] for code in listed} == {ids[0], ids[2]}
    joined = await door.http.get("/access_codes/list", params={"access_code_ids": ",".join(ids), **STRICT})
    assert joined.status_code == 400


@pytest.mark.parametrize("name", ["access_code_ids", "access_code_ids[]"])
async def test_generous_queries_take_commas_and_brackets(door: Door, name: str) -> None:
    _, ids = await _three_codes(door)
    listed = (await door.http.get("/access_codes/list", params={name: ",".join(ids[:2])})).json()["access_codes"]
    assert {code["access_code_id"] for code in listed} == set(ids[:2])


async def test_empty_query_value_is_null_and_unknown_names_are_ignored(door: Door) -> None:
    device_id, ids = await _three_codes(door)
    query = {"device_id": device_id, "search": "", "limit": "2", "nobody": "knows", **STRICT}
    listed = (await door.http.get("/access_codes/list", params=query)).json()["access_codes"]
    assert [code["access_code_id"] for code in listed] == [ids[2], ids[1]]
    assert (await door.http.get("/access_codes/list", params={"access_code_ids": "", **STRICT})).json()[
        "access_codes"
    ] == []


async def test_strict_booleans_are_two_words(door: Door) -> None:
    code = await door.code(starts_at=in_hours(1))
    query = {"access_code_id": code["access_code_id"], "sync": "yes"}
    assert (await door.http.delete("/access_codes/delete", params={**query, **STRICT})).status_code == 400
    assert (await door.http.delete("/access_codes/delete", params=query)).status_code == 200


async def test_scalar_given_twice_is_refused(door: Door) -> None:
    assert (await door.http.get("/access_codes/list?device_id=a&device_id=b")).status_code == 400


async def test_events_are_chosen_by_time_type_and_code(door: Door) -> None:
    code = await door.code()
    await door.until(code["access_code_id"], "set")
    listed = (await door.asked("/events/list", access_code_id=code["access_code_id"]))["events"]
    types = [event["event_type"] for event in listed]
    assert types == ["access_code.created", "access_code.set_on_device"]
    assert listed[1]["code"] == code["code"]
    since = listed[0]["occurred_at"]
    query = {"since": since.replace("Z", "+00:00"), "access_code_id": code["access_code_id"], **STRICT}
    later = (await door.http.get("/events/list", params=query)).json()["events"]
    assert listed[1] in later
    window = httpx.QueryParams([("between", in_hours(-1)), ("between", in_hours(1))])
    query = {**STRICT, "device_id": code["device_id"], "event_types": "access_code.created"}
    found = (await door.http.get("/events/list", params=window.merge(query))).json()["events"]
    assert [event["event_id"] for event in found] == [listed[0]["event_id"]]
    one = (await door.asked("/events/get", event_id=listed[0]["event_id"]))["event"]
    assert one == listed[0]
    assert await door.refused("/events/list", event_type="weather.rain") == (400, "invalid_event_types")
