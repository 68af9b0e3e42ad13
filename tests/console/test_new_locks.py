"""A new lock at the console: it is asked about, takes another's place, and gives it back."""

import re

from playwright.async_api import Browser

from domain.audit import AuditAction
from tests.console.browsers import at_the_console
from tests.console.desk import OPERATOR, VIEWER, Desk
from tests.waiting import eventually


async def test_codes_move_to_a_new_lock_and_back(desk: Desk, browser: Browser) -> None:
    old = await desk.lock("Cabin")
    code_id = await desk.code(old, "Emmy Noether")
    await desk.until_works(code_id)
    new = await desk.new_lock("Cabin, new battery")
    async with at_the_console(browser, desk, OPERATOR) as person:
        await person.goes_to("/locks")
        asked = person.page.locator(f"#new-{new.id}")
        await asked.get_by_label("It replaces", exact=True).select_option(value=str(old.id))
        await asked.get_by_role("button", name="Move its codes here").click()
        told = person.page.locator(f"#replacement-{new.id}")
        await told.get_by_text("1 of 1 code moved").wait_for()
        await told.get_by_text("Replaced", exact=True).wait_for()
        assert await asked.count() == 0
        (pin,) = [slot["pin"] for slot in await desk.house.truth(new)]
        assert await desk.house.opens(new, pin)

        await told.get_by_role("button", name="Roll back").click()
        await told.get_by_text("Rolled back", exact=True).wait_for()
        await asked.get_by_label("It replaces none, and is at").wait_for()
        assert person.complaints == []

    async def is_back() -> bool:
        return (await desk.house.truth(new), [slot["pin"] for slot in await desk.house.truth(old)]) == ([], [pin])

    await eventually(is_back, within=20, what="the code is on its old lock alone")
    deeds = [row.action for row in await desk.services.audit.newest(old.workspace_id)]
    assert {AuditAction.LOCK_REPLACED, AuditAction.REPLACEMENT_ROLLED_BACK} <= set(deeds)


async def test_new_lock_that_replaces_none_is_placed(desk: Desk, browser: Browser) -> None:
    new = await desk.new_lock("Shed")
    async with at_the_console(browser, desk, VIEWER) as person:
        await person.goes_to("/locks")
        await person.page.locator(f"#new-{new.id}").wait_for()
        assert await person.page.get_by_role("button", name="Save").count() == 0, "who may only look cannot answer"
    async with at_the_console(browser, desk, OPERATOR) as person:
        await person.goes_to("/")
        await person.page.get_by_role("link", name=re.compile("say where")).click()
        asked = person.page.locator(f"#new-{new.id}")
        await asked.get_by_label("It replaces none, and is at").fill("Behind the house")
        await asked.get_by_role("button", name="Save").click()
        await asked.wait_for(state="detached")
    device = await desk.house.device("Shed")
    assert device.custom_metadata["place"] == "Behind the house"
