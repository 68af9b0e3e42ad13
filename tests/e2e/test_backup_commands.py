"""Backup codes at the command line: people see counts and, once one was pulled, the code; nothing of the others."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from domain.backup_pool import DEFAULT_SIZE
from tests.e2e.running_up import Up, running_up
from tests.waiting import eventually

PATIENCE_SECONDS = 90.0


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    folder = tmp_path_factory.mktemp("pools") / "data"
    folder.mkdir()
    async with running_up(folder) as opened:
        yield opened


async def on_lock(running: Up, lock_id: str) -> list[dict[str, Any]]:
    """Ask the lock what it holds."""
    async with httpx.AsyncClient(base_url=running.ready["locks"], trust_env=False) as http:
        slots: list[dict[str, Any]] = (await http.get(f"/_truth/{lock_id}")).raise_for_status().json()["slots"]
    return slots


async def pool_on(running: Up, device: str) -> dict[str, Any]:
    """Read the only pool of a lock."""
    (pool,) = (await running.say("pools", "list", "--device", device, "--json")).json
    return dict(pool)


async def until_on_lock(running: Up, device: str, enough: Callable[[int], bool]) -> None:
    """Wait until its lock holds enough codes."""
    lock_id = device.lower().replace(" ", "-")

    async def holds_enough() -> bool:
        return enough(len(await on_lock(running, lock_id)))

    await eventually(holds_enough, within=PATIENCE_SECONDS, what="the lock holds as many codes as it should")


async def until_ready(running: Up, device: str, count: int) -> dict[str, Any]:
    """Wait until so many codes lie ready; ask the lock first, because each command starts an interpreter."""
    await until_on_lock(running, device, lambda held: held >= count if count else held == 0)
    async with asyncio.timeout(PATIENCE_SECONDS):
        # Another process: there is no event to wait for.
        while (pool := await pool_on(running, device))["ready"] != count:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    return pool


async def test_a_backup_is_pulled_by_hand_and_nothing_else_is_shown(running: Up) -> None:
    words = (
        "codes",
        "create",
        "Studio",
        "--ends-at",
        "+1h",
        "--use-backup-pool",
        "--common-code-key",
        "home",
        "--wait",
    )
    created = (await running.say(*words, "--json")).json
    assert created["common_code_key"] == "home"
    await until_ready(running, "Studio", DEFAULT_SIZE)
    shown = (await running.say("codes", "show", created["access_code_id"], "--json")).json
    assert (shown["is_backup"], shown["is_backup_access_code_available"]) == (False, True)
    assert shown["pulled_backup_access_code_id"] is None

    pulled = (await running.say("codes", "pull-backup", created["access_code_id"], "--reveal", "--json")).json
    again = (await running.say("codes", "pull-backup", created["access_code_id"], "--json")).json
    assert again["access_code_id"] == pulled["access_code_id"]
    assert (pulled["is_backup"], "code" in again) == (True, False)
    shown = (await running.say("codes", "show", created["access_code_id"], "--json")).json
    assert shown["pulled_backup_access_code_id"] == pulled["access_code_id"]
    assert [warning["warning_code"] for warning in shown["warnings"]] == ["using_backup_access_code"]
    assert pulled["code"] in [slot["pin"] for slot in await on_lock(running, "studio")]

    assert (await until_ready(running, "Studio", DEFAULT_SIZE))["lent"] == 1
    listed = (await running.say("codes", "list", "--device", "Studio", "--json")).json
    assert {code["access_code_id"] for code in listed} == {created["access_code_id"], pulled["access_code_id"]}
    said = await running.say("pools", "list")
    assert said.code == 0
    held = await on_lock(running, "studio")
    assert len(held) == 2 + DEFAULT_SIZE
    assert [slot["pin"] for slot in held if slot["pin"] in said.out] == []


async def test_a_pool_is_enabled_and_disabled_and_its_lock_is_unmanaged(running: Up) -> None:
    enabled = (await running.say("pools", "enable", "Loft", "--json")).json
    assert [(pool["device_name"], pool["is_enabled"], pool["is_shared"]) for pool in enabled] == [("Loft", True, False)]
    assert (await until_ready(running, "Loft", DEFAULT_SIZE))["problems"] == []
    unmanaged = (await running.say("devices", "unmanage", "Loft", "--json")).json
    assert unmanaged["is_managed"] is False
    await until_ready(running, "Loft", 0)
    refused = await running.say("codes", "create", "Loft", "--ends-at", "+1h")
    assert (refused.code, refused.out) == (1, "")
    assert "(device_unmanaged)" in refused.err
    assert (await running.say("devices", "manage", "Loft", "--json")).json["is_managed"] is True
    await until_ready(running, "Loft", DEFAULT_SIZE)
    assert (await running.say("pools", "disable", "Loft", "--json")).json[0]["is_enabled"] is False
    await until_ready(running, "Loft", 0)


@pytest.mark.long
async def test_released_codes_stay_on_the_lock_and_are_no_matter_of_ours(running: Up) -> None:
    created = (await running.say("codes", "create", "Boat House", "--ends-at", "+1h", "--wait", "--json")).json
    assert (await running.say("devices", "unmanage", "Boat House", "--release", "--json")).json["is_managed"] is False
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await running.say("codes", "show", created["access_code_id"])).code == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert len(await on_lock(running, "boat-house")) == 1


async def test_a_code_tells_its_story_and_nothing_is_exposed_or_lost(running: Up) -> None:
    created = (await running.say("codes", "create", "Studio", "--ends-at", "+1h", "--wait", "--json")).json
    told = (await running.say("codes", "why", created["access_code_id"], "--json")).json
    assert told["access_code_id"] == created["access_code_id"]
    assert "It is proven on the lock." in [line["description"] for line in told["story"]]
    assert told["story"][-1]["description"].startswith("Now it is set")
    swept = (await running.say("sweep", "--json")).json
    assert swept["looked_at"] > 0
    assert (swept["resumed"], swept["pools"]) == ([], [])
    assert "nothing is exposed" in (await running.say("exposure", "--device", "Studio")).out


async def test_codes_of_a_home_share_their_digits_or_are_refused(running: Up) -> None:
    home = ("Front Door", "Garden Gate")
    made = (await running.say("codes", "create-multiple", *home, "--ends-at", "+1h", "--json")).json
    assert [code["device_name"] for code in made] == list(home)
    key = made[0]["common_code_key"]
    assert key == made[1]["common_code_key"]
    digits = {
        (await running.say("codes", "show", one["access_code_id"], "--reveal", "--json")).json["code"] for one in made
    }
    assert len(digits) == 1
    changed = (await running.say("codes", "update-multiple", key, "--name", "Ada", "--json")).json
    assert changed == {"common_code_key": key, "changed": 2}
    assert {
        code["name"] for code in (await running.say("codes", "list", "--json")).json if code["common_code_key"] == key
    } == {"Ada"}

    # The courtyard's lock takes six digits alone.
    words = ("codes", "create-multiple", "Front Door", "Courtyard", "--ends-at", "+1h", "--pin-stdin")
    refused = await running.say(*words, stdin="7392\n")
    assert (refused.code, refused.out) == (1, "")
    assert "(code_cannot_be_shared)" in refused.err
    assert "7392" not in refused.err
    apart = (await running.say(*words, "--when-not-shared", "create_random_code", "--json", stdin="7392\n")).json
    assert [code["common_code_key"] for code in apart] == [None, None]


@pytest.mark.long
async def test_a_policy_is_set_by_command_and_the_pool_follows(running: Up) -> None:
    await running.say("pools", "enable", "Lake House")
    await until_ready(running, "Lake House", DEFAULT_SIZE)
    rows = (
        await running.say("devices", "policy", "Lake House", "backup_pool_size=2", "backup_after=90s", "--json")
    ).json
    own = {row["policy"]: row["value"] for row in rows if row["is_own"]}
    assert own == {"backup_pool_size": 2, "backup_after": 90.0}
    await until_ready(running, "Lake House", 2)
    refused = await running.say("devices", "policy", "Lake House", "backup_after=1h")
    assert (refused.code, refused.out) == (1, "")
    assert "backup_after must not be negative or later than fail_after" in refused.err
    rows = (await running.say("devices", "policy", "Lake House", "backup_pool_size=", "--json")).json
    assert {row["policy"] for row in rows if row["is_own"]} == {"backup_after"}
    await until_ready(running, "Lake House", DEFAULT_SIZE)
