"""Digits that a caller chose are on the lock and in one encrypted column, and nowhere else.

Codes with recognisable digits live through success, refusals, lost replies, duplicates, nonsense and changes under
`latchwork up` with every log line on; one is told to its guest, one was somebody else's, one is shown at the console.
Then everything that was written anywhere is searched for those digits, and for what else is private.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from api.devices import DeviceService
from api.limits import RateLimits
from api.services import Services
from api.unmanaged_codes import UnmanagedCodeService
from domain.message_text import MessageKind
from domain.messages import MessageStatus
from domain.refusals import RefusedError
from domain.requests import CodeChange
from domain.roles import Role
from store.accounts import DEFAULT_WORKSPACE_ID
from store.pages import Page
from tests.e2e.aviary import Aviary, open_aviary
from tests.guests import automatic
from tests.house import Life
from tests.processes import ROOT
from tests.waiting import eventually

CONTROL = "Sparrow House"
"""The name of a lock, which is no secret: the search must find it, else it would find no digits either."""
TROUBLES: dict[str, dict[str, Any]] = {
    "73915806": {"kind": "lost_reply", "on": "program", "count": 1},
    "73915843": {"kind": "malformed", "count": 2},
    "73915880": {"kind": "http_500", "on": "program", "count": 1},
    "73915917": {"kind": "wrong_lock", "count": 2},
    "73915954": {"kind": "slow", "on": "program", "delay_seconds": 2.5, "count": 1},
    "73915991": {"kind": "masked_read", "count": 2},
    "9153807": {"kind": "lying_success", "on": "program", "count": 1},
}
"""Digits, and what their code lives through on its way to the lock."""
PLAIN, REPLACING = "73916028", "73916065"
DUPLICATE, REJECTED, TOO_LONG, BY_COMMAND = "73916102", "73916139", "73916176", "73916213"
FOR_A_GUEST, ADOPTED = "73916250", "73916287"
PASSWORD = "nine owls on a wire"


async def has_told(life: Life, event_type: str) -> bool:
    return event_type in await life.events()


async def has_problem(life: Life, code: str) -> bool:
    return code in await life.problems()


async def is_set(life: Life) -> None:
    await eventually(lambda: has_told(life, "set_on_device"), within=40, what="the canary is on its lock")


async def is_gone(life: Life) -> None:
    async def closed() -> bool:
        return (await life.stored()).code.closed

    await eventually(closed, within=40, what="the canary is gone")


async def troubled(aviary: Aviary, pin: str, trouble: dict[str, Any]) -> Life:
    """Live through trouble until the digits open the door."""
    lock = await aviary.house.new_lock(f"Troubled {uuid4()}")
    await aviary.house.fault(lock, **trouble)
    life = await aviary.code(lock, pin)
    await is_set(life)
    assert await aviary.house.opens(lock, pin)
    return life


async def changed(aviary: Aviary) -> Life:
    lock = await aviary.house.new_lock(CONTROL)
    life = await aviary.code(lock, PLAIN)
    await is_set(life)
    aviary.digits.add(REPLACING)
    await aviary.service.change(life.id, CodeChange(name="Canary, again"), pin=SecretStr(REPLACING))
    await eventually(lambda: aviary.house.opens(lock, REPLACING), within=40, what="the new digits open")
    with pytest.raises(RefusedError, match="these digits"):
        await aviary.code(lock, REPLACING)
    return life


async def duplicate_on_the_lock(aviary: Aviary) -> Life:
    """Somebody typed the same digits in by hand."""
    lock = await aviary.house.new_lock(f"Duplicate {uuid4()}")
    edit = {"slot": 7, "pin": DUPLICATE}
    (await aviary.house.http.post(f"/_truth/{lock.lock_id}/keypad", json=edit)).raise_for_status()
    life = await aviary.code(lock, DUPLICATE)
    problem = "duplicate_code_on_device"
    await eventually(lambda: has_problem(life, problem), within=40, what="the duplicate is told")
    return life


async def rejected_by_the_lock(aviary: Aviary) -> Life:
    lock = await aviary.house.new_lock(f"Rejecting {uuid4()}")
    await aviary.house.fault(lock, "reject")
    life = await aviary.code(lock, REJECTED)
    problem = "code_constraints_violated"
    await eventually(lambda: has_problem(life, problem), within=40, what="the rejection is told")
    return life


async def refused_at_registration(aviary: Aviary) -> None:
    lock = await aviary.house.new_lock(f"Short {uuid4()}", supported_code_lengths=(4,))
    with pytest.raises(RefusedError) as refusal:
        await aviary.code(lock, TOO_LONG)
    aviary.found["refusal"] = f"{refusal.value!r} {refusal.value.refusal!r}"


async def created_by_command(aviary: Aviary) -> None:
    """An operator pipes digits into the command."""
    lock = await aviary.house.new_lock(f"Commanded {uuid4()}")
    aviary.digits.add(BY_COMMAND)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.command", "codes", "create", str(lock.id), "--pin-stdin", "--wait", "--json"),
        cwd=ROOT,
        env={"LATCHWORK_DATA": str(aviary.folder), "LATCHWORK_LOG_LEVEL": "debug"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate(BY_COMMAND.encode())
    aviary.found["command"] = output.decode()
    assert process.returncode == 0, output.decode()
    assert await aviary.house.opens(lock, BY_COMMAND)


async def told_to_a_guest(aviary: Aviary) -> Life:
    """A guest gets the digits by mail, by itself."""
    desk = aviary.desk
    await desk.switch_on(MessageKind.CODE_READY)
    guest_id = await desk.guest()
    address = await desk.address(guest_id)
    # Its first half is found also where the whole is written as part of a URL.
    aviary.private.update((address, address.partition("@")[0]))
    code_id = await desk.code_for(guest_id)
    lock = await aviary.house.new_lock(f"Guest's {uuid4()}")
    life = await aviary.code(lock, FOR_A_GUEST, code_id=code_id)
    (mail,) = await aviary.box.until(1, within=40)
    assert (mail.to == address, FOR_A_GUEST in mail.text) == (True, True)
    await desk.until(automatic(code_id), MessageStatus.SENT)
    return life


async def adopted(aviary: Aviary) -> Life:
    """What somebody else put on a lock becomes a code of ours."""
    house, client = aviary.house, aviary.house.client
    lock = await house.new_lock(f"Adopting {uuid4()}")
    aviary.digits.add(ADOPTED)
    await house.keypad(lock, 3, ADOPTED)
    await DeviceService(client, house.database).reconcile(lock.id)
    service = UnmanagedCodeService(client, house.database, house.keyring)
    (row,) = await service.page(DEFAULT_WORKSPACE_ID, lock.id, Page(limit=2))
    await service.adopt(row)
    assert (await service.settled("adopt", row.id)).failure is None
    receipt = await aviary.service.change(row.id, CodeChange(name="Canary, adopted"))
    return Life(house, row.id, aviary.handle(row.id), receipt, await house.now(), None)


async def shown_at_the_console(aviary: Aviary, life: Life) -> None:
    """An operator signs in and has the digits shown, once."""
    house = aviary.house
    await Services.of(house.client, house.database, house.keyring, RateLimits.OFF).users.add(
        "olga", Role.OPERATOR, SecretStr(PASSWORD)
    )
    aviary.private.add(PASSWORD)
    async with httpx.AsyncClient(base_url=aviary.console_url, trust_env=False, timeout=30) as browser:
        form = {"csrf": await token(browser, "sign-in"), "name": "olga", "password": PASSWORD, "next": ""}
        assert (await browser.post("sign-in", data=form)).status_code == 303
        page = (await browser.get(f"codes/{life.id}")).raise_for_status()
        assert await life.pin() not in page.text
        shown = await browser.post(f"codes/{life.id}/reveal", data={"csrf": await token(browser, "settings")})
        assert await life.pin() in shown.raise_for_status().text
        aviary.private.update(cookie.value for cookie in browser.cookies.jar if cookie.value)


async def token(browser: httpx.AsyncClient, page: str) -> str:
    """Give what a page's forms send along."""
    found = re.search(r'name="csrf" value="([^"]+)"', (await browser.get(page)).text)
    assert found is not None
    return found[1]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def searched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Aviary]:
    """Have every canary live and die, and collect everything that was written meanwhile."""
    async with open_aviary(tmp_path_factory.mktemp("canary")) as aviary:
        aviary.found["ready line"] = aviary.ready_line
        lives = await asyncio.gather(
            *(troubled(aviary, pin, trouble) for pin, trouble in TROUBLES.items()),
            changed(aviary),
            duplicate_on_the_lock(aviary),
            rejected_by_the_lock(aviary),
            told_to_a_guest(aviary),
            adopted(aviary),
        )
        await shown_at_the_console(aviary, lives[0])
        await refused_at_registration(aviary)
        await created_by_command(aviary)
        await aviary.collect_temporal("alive")
        await aviary.collect_metrics()
        aviary.collect_files("alive")
        await asyncio.gather(*(aviary.service.delete(life.id) for life in lives))
        await asyncio.gather(*(is_gone(life) for life in lives))
        await aviary.collect_temporal("ended")
        aviary.collect_files("ended")
        await aviary.up.stop()
        aviary.collect_files("stopped")
        yield aviary


async def test_digits_are_written_nowhere_in_the_clear(searched: Aviary) -> None:
    assert len(searched.digits) == len(TROUBLES) + 8
    assert {pin: searched.sightings(pin) for pin in searched.digits} == {pin: [] for pin in searched.digits}


async def test_digits_reached_the_webhook_that_may_have_them(searched: Aviary) -> None:
    """So the search above was a search for what was delivered."""
    bodies = [received.text for received in searched.receiver.got["/"]]
    told = {pin for pin in searched.digits if any(f'"{pin}"' in body for body in bodies)}
    assert told >= {*TROUBLES, PLAIN, REPLACING, BY_COMMAND, FOR_A_GUEST}
    assert {DUPLICATE, ADOPTED} <= told  # their deletion tells them
    assert TOO_LONG not in told


async def test_address_of_a_guest_password_and_session_are_written_nowhere_in_the_clear(searched: Aviary) -> None:
    assert len(searched.private) >= 4
    assert [searched.sightings(secret) for secret in searched.private] == [[]] * len(searched.private)
    assert [source for source in searched.found if source.startswith("ended: message/")]
    assert [source for source in searched.found if source.startswith("ended: unmanaged-code/")]


async def test_secret_of_the_webhook_is_written_nowhere(searched: Aviary) -> None:
    secret = searched.webhook.secret.get_secret_value()
    assert searched.sightings(secret) == searched.sightings(secret.removeprefix("whsec_")) == []
    assert [source for source in searched.found if source.startswith("ended: webhook-delivery/")]


async def test_digits_are_kept_in_the_encrypted_column(searched: Aviary) -> None:
    assert await searched.kept() == searched.digits - {TOO_LONG}


@pytest.mark.parametrize(
    "source",
    [
        *("alive: latchwork.sqlite", "alive: latchwork.sqlite-wal", "alive: temporal.sqlite", "alive: stack.json"),
        *("stopped: up.log", "stopped: temporal.log", "metrics", "command", "refusal", "ready line"),
    ],
)
async def test_every_place_was_searched(searched: Aviary, source: str) -> None:
    assert searched.found[source]


async def test_the_search_finds_what_is_there(searched: Aviary) -> None:
    sightings = searched.sightings(CONTROL)
    assert "ended: latchwork.sqlite" in {source.removesuffix("-wal") for source in sightings}
    assert [source for source in sightings if "decoded" in source]
    assert not [source for source in sightings if "raw history" in source]
    assert not [source for source in sightings if "temporal.sqlite" in source]
