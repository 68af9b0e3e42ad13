"""Seam's SDKs, unmodified, drive the API; `docs/sdk-conformance.md` has what came of each call.

With `LATCHWORK_WRITE_CONFORMANCE=1` in the environment the page's table is written anew instead of compared.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.api.door import Door, open_door
from tests.conformance import sdks
from tests.devserver import environment, temporal
from tests.docs.pages import DOCS, ROOT
from tests.house import new_ring, open_house

PAGE = DOCS / "sdk-conformance.md"
TABLE = re.compile(r"^\| call \|.*?\n\n", re.MULTILINE | re.DOTALL)
ANEW = os.environ.get("LATCHWORK_WRITE_CONFORMANCE") == "1"
LOCKS_EACH = 4


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """Serve the API of a house on SQLite."""
    keyring = new_ring()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(temporal(tmp_path_factory.mktemp("temporal")))
        env = await environment(server, keyring)
        folder = tmp_path_factory.mktemp("house")
        house = await stack.enter_async_context(open_house(env, env.client, keyring, folder))
        yield await stack.enter_async_context(open_door(house))


@pytest.mark.timeout(300)  # the first run installs two SDKs
async def test_page_has_what_came_of_each_call_by_each_sdk(door: Door) -> None:
    told = await _outcomes(door)
    assert len({tuple(outcomes) for outcomes in told.values()}) == 1, "the programs make different calls"
    table = _table(told)
    if ANEW:
        PAGE.write_text(TABLE.sub(lambda _: table, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    found = TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    assert table.splitlines() == found[0].splitlines()
    assert [outcome for outcomes in told.values() for outcome in outcomes.values() if _is_fault(outcome)] == []


async def _outcomes(door: Door) -> dict[str, dict[str, str]]:
    """Have every SDK make its calls, side by side, on locks of its own."""
    known = {"SEAM_API_KEY": door.key, "SEAM_ENDPOINT": door.url, "NO_PROXY": "127.0.0.1"}
    runs = {}
    for name, drive in (
        (f"Python {_pinned('dev.txt')}", sdks.python_newest),
        (f"Python {_pinned('sdk2.txt')}", sdks.python_2),
        (f"JavaScript {_pinned_js()}", sdks.javascript),
    ):
        locks = [str((await door.lock()).id) for _ in range(LOCKS_EACH)]
        runs[name] = drive(known, *locks)
    return dict(zip(runs, await asyncio.gather(*runs.values()), strict=True))


def _is_fault(outcome: str) -> bool:
    return outcome != "works" and not outcome.startswith("refused: ")


def _table(told: dict[str, dict[str, str]]) -> str:
    calls = next(iter(told.values()))
    rows = [[f"`{_name(call)}`{_rest(call)}", *(outcomes[call] for outcomes in told.values())] for call in calls]
    lines = [["call", *told], ["---"] * (len(told) + 1), *rows]
    return (
        "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- ", "|---").replace("--- |", "---|") + "\n"
    )


def _name(call: str) -> str:
    return call.split(" (")[0]


def _rest(call: str) -> str:
    return call.removeprefix(_name(call)).replace(" (", ", ").removesuffix(")")


def _pinned(requirements: str) -> str:
    """Give the version of the Python SDK in a lock file."""
    text = (ROOT / "requirements" / requirements).read_text(encoding="utf-8")
    (version,) = re.findall(r"^seam==(\S+)", text, re.MULTILINE)
    return str(version)


def _pinned_js() -> str:
    lock = json.loads(Path(sdks.JS_LOCK).read_text(encoding="utf-8"))
    return str(lock["packages"]["node_modules/seam"]["version"])


def test_lock_file_holds_hashes_and_no_address_of_a_registry() -> None:
    packages = json.loads(sdks.JS_LOCK.read_text(encoding="utf-8"))["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert [name for name, package in installed.items() if not package.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, package in installed.items() if "resolved" in package] == []
