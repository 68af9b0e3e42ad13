"""`latchwork up` as somebody has it who has just installed it: everything there, found, stopped, and kept."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.history.v1 import History
from temporalio.client import Client

from tests.e2e.running_up import CLEAN, COMMAND, ROOT, STOP_SECONDS, Up, descendants, mentioning, running_up, say
from tests.workers.test_embedded import gone
from workers.processes import ChildProcess
from workers.stack import Stack
from workflows.contracts import access_code_workflow_id

START_CPU_SECONDS = 8.0
"""A start is ready within this time on a machine that has nothing else to do; it takes about three seconds."""
CANARY = "731946"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """One `up` for the tests that only ask it."""
    folder = tmp_path_factory.mktemp("up")
    async with running_up(folder) as started:
        yield started


async def test_ready_line_has_exactly_its_keys_and_everything_answers(running: Up) -> None:
    assert list(running.ready) == list(Stack.model_fields)
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{running.ready['api']}/health")).json()["ok"] is True
        headers = {"authorization": f"Bearer {running.ready['api_key']}"}
        devices = (await http.post(f"{running.ready['api']}/devices/list", headers=headers)).json()["devices"]
        assert "Front Door" in [device["display_name"] for device in devices]
        assert "<html" in (await http.get(running.ready["temporal_ui"], follow_redirects=True)).text
        locks = (await http.get(f"{running.ready['locks']}/_truth")).json()["locks"]
    assert [lock["name"] for lock in locks][:3] == ["Front Door", "Garden Gate", "Lake House"]
    client = await Client.connect(running.ready["temporal_address"])
    assert await client.service_client.check_health()


async def test_commands_create_list_and_show_codes(running: Up) -> None:
    created = (await running.say("codes", "create", "Studio", "--ends-at", "+1h", "--wait", "--json")).json
    assert (created["device_name"], created["status"]) == ("Studio", "set")
    listed = (await running.say("codes", "list", "--device", "Studio", "--json")).json
    assert created["access_code_id"] in [code["access_code_id"] for code in listed]
    shown = (await running.say("codes", "show", created["access_code_id"], "--reveal", "--json")).json
    async with httpx.AsyncClient(base_url=running.ready["locks"], trust_env=False) as http:
        entered = await http.post("/_truth/studio/enter", json={"pin": shown["code"]})
        assert entered.json() == {"opens": True}
        deleted = (await running.say("codes", "delete", created["access_code_id"], "--wait", "--json")).json
        assert deleted["is_gone"] is True
        assert (await http.get("/_truth/studio")).json()["slots"] == []


@pytest.mark.long
async def test_what_others_do_at_a_lock_is_seen_and_undone_by_command(running: Up) -> None:
    created = (await running.say("codes", "create", "Loft", "--ends-at", "+1h", "--wait", "--json")).json
    async with httpx.AsyncClient(base_url=running.ready["locks"], trust_env=False) as http:
        for slot, pin in ((1, None), (7, "480715"), (8, "480716")):
            (await http.post("/_truth/loft/keypad", json={"slot": slot, "pin": pin})).raise_for_status()
        found = (await running.say("devices", "reconcile", "Loft", "--json")).json
        assert found == {"as_expected": 0, "drifted": 1, "doubtful": 0, "unmanaged": 2}
        listed = (await running.say("codes", "unmanaged", "list", "Loft", "--json")).json
        ids = {code["slot"]: code["access_code_id"] for code in listed}
        assert "480715" not in str(listed)
        shown = (await running.say("codes", "unmanaged", "show", ids[7], "--reveal", "--json")).json
        assert shown["code"] == "480715"
        assert (await running.say("codes", "unmanaged", "convert", ids[7], "--json")).json["is_managed"] is True
        assert (await running.say("codes", "unmanaged", "delete", ids[8])).code == 0
        slots = {slot["slot"] for slot in (await http.get("/_truth/loft")).json()["slots"]}
    assert slots == {1, 7}
    kept = {code["access_code_id"] for code in (await running.say("codes", "list", "--device", "Loft", "--json")).json}
    assert kept == {created["access_code_id"], ids[7]}


async def test_keys_are_made_listed_and_revoked_by_command(running: Up) -> None:
    made = (await running.say("keys", "create", "booking", "--scope", "read", "--json")).json
    listed = (await running.say("keys", "list", "--json")).json
    assert [key["name"] for key in listed] == ["demo", "booking"]
    assert made["api_key"] not in str(listed)
    headers = {"authorization": f"Bearer {made['api_key']}"}
    async with httpx.AsyncClient(base_url=running.ready["api"], headers=headers, trust_env=False) as http:
        assert (await http.get("/devices/list")).status_code == 200
        assert (await http.post("/workspaces/reset_sandbox")).status_code == 403
        assert (await running.say("keys", "revoke", made["prefix"])).code == 0
        assert (await http.get("/devices/list")).status_code == 401
    unknown = await running.say("keys", "revoke", "seam_lw0")
    assert (unknown.code, unknown.err.count("\n")) == (1, 1)


async def test_stop_leaves_no_process_and_restart_keeps_the_codes(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with running_up(folder) as first:
        created = (await first.say("codes", "create", "Loft", "--ends-at", "+1h", "--wait", "--json")).json
        children = descendants(first.process.pid)
        assert len(children) >= 2
        assert await first.stop(signal.SIGTERM) == 0
        assert [await gone(pid) for pid in children] == [True] * len(children)
        assert mentioning(folder) == set()
    async with running_up(folder) as second:
        assert min(first.cpu_seconds, second.cpu_seconds) < START_CPU_SECONDS
        async with httpx.AsyncClient(base_url=second.ready["api"], trust_env=False) as http:
            statuses = [
                (
                    await http.get("/devices/list", headers={"authorization": f"Bearer {up.ready['api_key']}"})
                ).status_code
                for up in (first, second)
            ]
        assert statuses == [401, 200]
        kept = (await second.say("codes", "show", created["access_code_id"], "--json")).json
        assert kept["device_id"] == created["device_id"]
        assert await second.stop(signal.SIGINT) == 0
    assert mentioning(folder) == set()


async def test_second_up_on_a_folder_is_one_line(running: Up) -> None:
    said = await say("up", "--port", "0", "--data", str(running.folder))
    assert (said.code, said.out) == (1, "")
    assert said.err.count("\n") == 1
    assert "already runs on" in said.err


@pytest.mark.parametrize(
    ("command", "variable", "value", "told"),
    [
        ("worker", "TEMPORAL_ADDRESS", "127.0.0.1:1", "Temporal does not answer at 127.0.0.1:1"),
        ("api", "TEMPORAL_ADDRESS", "127.0.0.1:1", "Temporal does not answer at 127.0.0.1:1"),
        ("worker", "LATCHWORK_DATABASE_URL", "postgresql+psycopg://u:hunter2@127.0.0.1:1/d", "cannot be used"),
        ("up", "LATCHWORK_DATABASE_URL", "postgresql+psycopg://u:hunter2@127.0.0.1:1/d", "cannot be used"),
    ],
)
async def test_unreachable_parts_are_one_line(
    command: str, variable: str, value: str, told: str, running: Up, tmp_path: Path
) -> None:
    environment = {"LATCHWORK_DATA": str(running.folder), variable: value}
    words = {"up": ["up", "--port", "0", "--data", str(tmp_path)], "api": ["api", "--port", "0"]}.get(
        command, [command]
    )
    said = await say(*words, environment=environment)
    assert (said.code, said.out) == (1, "")
    assert told in said.err.splitlines()[-1]
    assert "Traceback" not in said.err
    assert "hunter2" not in said.err
    assert mentioning(tmp_path) == set()


async def test_temporal_ui_may_decode_and_sees_no_digits(running: Up) -> None:
    created = (await running.say(*_create_with_pin("Boat House"), stdin=CANARY)).json
    payloads = await _payloads_of(running, created["access_code_id"])
    assert CANARY not in str(payloads)
    async with httpx.AsyncClient(base_url=running.ready["api"], trust_env=False) as http:
        body = json_format.MessageToDict(Payloads(payloads=payloads))
        headers = {"Origin": running.ready["temporal_ui"]}
        answer = await http.post("/codec/decode", json=body, headers=headers)
        refused = await http.post("/codec/decode", json=body, headers={"Origin": "http://127.0.0.1:1"})
    assert answer.headers["access-control-allow-origin"] == running.ready["temporal_ui"]
    decoded = [payload.data.decode() for payload in json_format.ParseDict(answer.json(), Payloads()).payloads]
    assert any(created["device_id"] in text for text in decoded)
    assert not any(CANARY in text for text in decoded)
    assert refused.status_code == 403
    assert "data" not in refused.json()


def _create_with_pin(lock: str) -> list[str]:
    return ["codes", "create", lock, "--ends-at", "+1h", "--pin-stdin", "--wait", "--json"]


async def _payloads_of(running: Up, access_code_id: str) -> list[Payload]:
    """Collect every payload of a code's history as the server stores it."""
    client = await Client.connect(running.ready["temporal_address"])
    history = await client.get_workflow_handle(access_code_workflow_id(UUID(access_code_id))).fetch_history()
    told = json_format.MessageToDict(History(events=history.events))
    found: list[Payload] = []

    def collect(value: Any) -> None:
        match value:
            case {"metadata": {"encoding": _}, "data": _}:
                found.append(json_format.ParseDict(value, Payload()))
            case dict():
                for part in value.values():
                    collect(part)
            case list():
                for part in value:
                    collect(part)

    collect(told)
    assert found
    return found


async def test_demo_proves_every_step(tmp_path: Path) -> None:
    said = await say("demo", "--once", within=150, environment={"TMPDIR": str(tmp_path)})
    assert said.code == 0, said.out + said.err
    assert "✗" not in said.out
    assert said.out.count("✓") >= 39
    # Ids and times have digits of their own; a PIN has at least four in a row.
    assert re.search(r"\d{4}", re.sub(r"\(id [0-9a-f-]+\)", "", said.out)) is None
    assert os.listdir(tmp_path) == []
    assert mentioning(tmp_path) == set()


async def test_interrupted_demo_fails_and_leaves_nothing(tmp_path: Path) -> None:
    demo = await ChildProcess.start(
        "demo",
        [*COMMAND, "demo", "--once"],
        log=tmp_path / "demo.log",
        capture=True,
        environment={**CLEAN, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    )
    try:
        while not (await asyncio.wait_for(demo.read_line(), 60)).startswith("Ready"):
            assert demo.is_running
        children = descendants(demo.pid)
        os.kill(demo.pid, signal.SIGINT)
        assert await asyncio.wait_for(demo.wait(), STOP_SECONDS) == 1
    finally:
        await demo.stop(STOP_SECONDS)
    assert len(children) >= 3
    assert [await gone(pid) for pid in children] == [True] * len(children)
    assert os.listdir(tmp_path) == ["demo.log"]
