"""`docs/starting-a-code.md` is true: its code, run as it stands by a program that has nothing of ours, starts codes.

The program is an interpreter of its own in another folder.  What it did is read from the lock's truth.
"""

import asyncio
import json
import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from store import codes
from store.accounts import DEFAULT_WORKSPACE_ID
from store.tables import DeviceRow
from tests.conftest import binary
from tests.house import House
from tests.waiting import eventually

DOCUMENT = Path(__file__).parents[2] / "docs" / "starting-a-code.md"
CANARY = "493827"
OURS = {"activities", "api", "domain", "providers", "store", "workers", "workflows"}

PRELUDE = """
import asyncio, sys, uuid
"""

EPILOGUE = """
async def whole():
    told = await scenario(*json.loads(sys.argv[1]))
    assert not set(sys.modules) & set(json.loads(sys.argv[2])), "a package of Latchwork was imported"
    print(json.dumps(told))
    await asyncio.sleep(0.01)

asyncio.run(whole())
"""


def blocks(language: str) -> str:
    """Give the document's code in one language, in its order."""
    return "\n\n".join(re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL))


async def output_of(*argv: str, folder: Path, environment: dict[str, str]) -> str:
    """Run a program in a folder of its own, with nothing of our environment but PATH; give what it printed."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return out.decode()


class Stranger:
    """Runs scenarios on the document's code."""

    def __init__(self, house: House, folder: Path) -> None:
        self.address = house.client.service_client.config.target_host
        self.folder = folder
        self._keys = folder / "keyring.json"
        house.keyring.save(self._keys)

    async def run(self, scenario: str, *arguments: Any) -> Any:
        """Run one scenario, the source of `async def scenario(address, ...)`; give what it returns."""
        program = self.folder / f"program-{uuid4()}.py"
        program.write_text(PRELUDE + blocks("python") + scenario + EPILOGUE)
        told = await output_of(
            *(sys.executable, "-I", str(program), json.dumps([self.address, *arguments]), json.dumps(sorted(OURS))),
            folder=self.folder,
            environment={"LATCHWORK_KEYRING_PATH": str(self._keys)},
        )
        return json.loads(told)


@pytest.fixture
def stranger(house: House, tmp_path: Path) -> Stranger:
    return Stranger(house, tmp_path)


async def wanted(house: House, lock: DeviceRow, **more: Any) -> dict[str, Any]:
    """Make the JSON of a code that begins now and lasts for an hour."""
    now = await house.now()
    window = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=1)).isoformat()}
    return {"device_id": str(lock.id), **window, **more}


WHOLE_LIFE = """
async def scenario(address, code_id, request):
    client = await connect(address)
    created = await create(client, code_id, request)
    again = await create(client, code_id, request)
    while (await state(client, code_id))["status"] != "set":
        await asyncio.sleep(0.05)
    longer = {"window": {**{key: request[key] for key in ("starts_at", "ends_at")}, "ends_at": None}}
    changed = await change(client, code_id, longer, f"longer-{code_id}")
    repeated = await change(client, code_id, longer, f"longer-{code_id}")
    await delete(client, code_id, request)
    return {"created": created, "again": again, "changed": changed, "repeated": repeated}
"""


async def test_a_code_lives_its_whole_life_by_the_document(house: House, stranger: Stranger) -> None:
    lock, code_id = await house.new_lock(f"Lock {uuid4()}"), str(uuid4())
    told = await stranger.run(WHOLE_LIFE, code_id, await wanted(house, lock, name="Ada"))
    keys = (
        "access_code_id device_id device_name workspace_id type status starts_at ends_at generation problems is_ended "
        "pulled_backup_access_code_id"
    )
    assert list(told["created"]) == keys.split()
    assert told["created"]["access_code_id"] == told["again"]["access_code_id"] == code_id
    assert told["created"]["device_name"] == lock.name
    assert (told["changed"]["type"], told["changed"]["ends_at"]) == ("time_bound", None)
    assert told["repeated"] == told["changed"]
    assert await house.truth(lock) == []
    writes = [call for call in await house.calls(lock) if call["operation"] == "program"]
    assert len(writes) == 1


SEALED = """
async def scenario(address, code_id, request, pin, workspace_id):
    request["code"] = sealed_pin(pin, workspace_id, code_id)
    return await create(await connect(address), code_id, request)
"""


async def test_a_pin_sealed_by_the_document_opens_the_door(house: House, stranger: Stranger) -> None:
    lock, code_id = await house.new_lock(f"Lock {uuid4()}"), str(uuid4())
    told = await stranger.run(SEALED, code_id, await wanted(house, lock), CANARY, str(DEFAULT_WORKSPACE_ID))
    assert told["access_code_id"] == code_id
    await eventually(lambda: house.opens(lock, CANARY), within=10, what="the caller's digits open the door")


REFUSED = """
async def scenario(address, *requests):
    client = await connect(address)
    return [await create(client, str(uuid.uuid4()), request) for request in requests]
"""


async def test_refusals_are_what_the_document_says(house: House, stranger: Stranger) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    good = await wanted(house, lock)
    unknown, past, plain, floating = await stranger.run(
        REFUSED,
        {**good, "device_id": str(uuid4())},
        {**good, "ends_at": "2020-01-01T00:00:00Z", "starts_at": None},
        {**good, "code": CANARY},
        {**good, "starts_at": "2040-01-01T00:00:00"},
    )
    assert (unknown["refused"], past["refused"]) == ("device_not_found", "invalid_input")
    assert set(unknown["details"][0]) == {"type", "message", "field", "rule", "shape"}
    assert (plain["refused"], floating["refused"]) == ("plaintext_pin", "invalid_input")
    assert floating["details"][0]["rule"] == "instant_without_offset"
    assert CANARY not in json.dumps([plain])
    assert await house.truth(lock) == []


ENDED = """
async def scenario(address, code_id, request):
    client = await connect(address)
    first = await create(client, code_id, request)
    await client.get_workflow_handle(f"access-code/{code_id}").result()
    again = await create(client, code_id, request)
    now = await state(client, code_id)
    await delete(client, code_id, request)
    return [first, again, now]
"""


async def test_an_ended_code_starts_no_second_life_and_can_be_deleted(house: House, stranger: Stranger) -> None:
    lock, code_id, now = await house.new_lock(f"Lock {uuid4()}"), uuid4(), await house.now()
    request = {"device_id": str(lock.id), "ends_at": (now + timedelta(seconds=8)).isoformat()}
    first, again, present = await stranger.run(ENDED, str(code_id), request)
    assert again == first
    assert (present["status"], present["is_ended"]) == ("unset", True)
    async with house.database.read() as session:
        assert (await codes.get(session, code_id)).row.deleted_at is not None
    assert await house.truth(lock) == []


WITHOUT_KEYS = """
async def scenario(address, code_id, request, other):
    client = await connect_without_keys(address)
    await start_without_waiting(client, code_id, request)
    return [await create(client, code_id, request), await create(client, str(uuid.uuid4()), other)]
"""


async def test_a_client_without_keys_learns_success_and_the_refusals_type(house: House, stranger: Stranger) -> None:
    lock, code_id = await house.new_lock(f"Lock {uuid4()}"), str(uuid4())
    good = await wanted(house, lock)
    created, refused = await stranger.run(WITHOUT_KEYS, code_id, good, {**good, "device_id": str(uuid4())})
    assert created == "(encrypted)"
    assert refused == {"refused": "device_not_found", "message": "Encoded failure", "details": ["(encrypted)"]}
    await eventually(lambda: _holds_one(house, lock), within=10, what="one code is on the lock")


async def test_the_command_line_starts_a_code(house: House, stranger: Stranger) -> None:
    lock = await house.new_lock(f"Lock {uuid4()}")
    request = await wanted(house, lock)
    await output_of(
        *("bash", "-ec", blocks("bash")),
        folder=stranger.folder,
        environment={
            "PATH": f"{Path(binary('temporal')).parent}:{os.environ['PATH']}",
            "TEMPORAL_ADDRESS": stranger.address,
            "CODE_ID": str(uuid4()),
            "DEVICE_ID": str(lock.id),
            "ENDS_AT": request["ends_at"],
        },
    )
    await eventually(lambda: _holds_one(house, lock), within=10, what="one code is on the lock")


async def _holds_one(house: House, lock: DeviceRow) -> bool:
    return len(await house.truth(lock)) == 1
