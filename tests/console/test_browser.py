"""What people do at the console, in a real browser, against real parts: only the locks are simulated.

Nothing is believed of the pages that the lock cannot confirm: whether a code opens the door is asked at the door.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from playwright.async_api import Browser, Page, expect
from sqlalchemy import update
from sqlmodel import col, select

from domain.audit import AuditAction
from store.accounts import DEFAULT_WORKSPACE_ID
from store.device_lists import DeviceFilter
from store.tables import BackupRow
from store.user_tables import AuditRow
from tests.console.browsers import PHONE, at_the_console
from tests.console.desk import COLLEAGUE, OPERATOR, PASSWORD, VIEWER, Desk, served
from tests.waiting import eventually

LIVE_MS = 20_000
"""How long a change may take to show; it takes about a second, and the machine may be busy."""


async def test_guests_story_is_watched_live_from_creation_to_removal(desk: Desk, browser: Browser) -> None:
    """One person watches the table while another creates, looks at the digits, and deletes: no page is reloaded."""
    lock, name = await desk.lock(), f"Guest {uuid4()}"
    async with at_the_console(browser, desk, VIEWER) as watcher, at_the_console(browser, desk, OPERATOR) as operator:
        await watcher.goes_to("/codes")
        await watcher.stays()
        await operator.goes_to("/codes/new")
        await operator.page.get_by_label("Lock", exact=True).select_option(str(lock.id))
        await operator.page.get_by_label(re.compile("^Name")).fill(name)
        await operator.page.get_by_role("button", name="Create code").click()
        await expect(operator.page.get_by_role("heading", name=name)).to_be_visible()
        row = watcher.page.get_by_role("row", name=name)
        await expect(row).to_contain_text("Works", timeout=LIVE_MS)
        await expect(operator.page.locator("#standing")).to_contain_text("Works", timeout=LIVE_MS)
        await expect(operator.page.locator(".story")).to_contain_text(f"{OPERATOR} created the code")

        assert await operator.page.locator("output").count() == 0
        await operator.page.get_by_role("button", name="Show digits").click()
        digits = await operator.page.get_by_label("Digits of the code").text_content()
        assert digits is not None
        assert await desk.house.opens(lock, digits)
        await expect(operator.page.locator(".story")).to_contain_text("looked at the digits", timeout=LIVE_MS)

        await operator.page.get_by_text("Delete …").click()
        await operator.page.get_by_role("button", name="Delete this code").click()
        await expect(row).to_have_count(0, timeout=LIVE_MS)
        assert await watcher.has_stayed()
        assert not await desk.house.opens(lock, digits)
        assert await desk.house.truth(lock) == []
        assert (watcher.complaints, operator.complaints) == ([], [])


async def test_lock_that_fails_turns_its_row_red_and_back_without_a_reload(desk: Desk, browser: Browser) -> None:
    lock, name = await desk.lock(), f"Guest {uuid4()}"
    await desk.house.fault(lock, "offline", on="any", seconds=3600)
    async with at_the_console(browser, desk, VIEWER, width=PHONE) as watcher:
        await watcher.goes_to("/codes")
        await watcher.stays()
        await desk.code(lock, name)
        row = watcher.page.get_by_role("row", name=name)
        await expect(row).to_contain_text("Lock offline", timeout=LIVE_MS)
        await expect(row).to_have_class(re.compile("is-bad"))
        await desk.house.heal(lock)
        await expect(row).to_contain_text("Works", timeout=LIVE_MS)
        await expect(row).not_to_have_class(re.compile("is-bad"), timeout=LIVE_MS)
        assert await watcher.has_stayed()


async def test_two_operators_who_press_at_once_make_one_pull_and_see_each_other(desk: Desk, browser: Browser) -> None:
    lock = await desk.lock()
    code_id = await desk.code(lock, "Guest at the door", pool=True)
    await desk.until_works(code_id)
    await desk.until_backed_up(code_id)
    async with (
        at_the_console(browser, desk, OPERATOR, width=PHONE) as one,
        at_the_console(browser, desk, COLLEAGUE) as other,
    ):
        people = (one, other)
        await asyncio.gather(*(person.goes_to(f"/codes/{code_id}") for person in people))
        await asyncio.gather(*(_pull(person.page) for person in people))
        shown = [await person.page.get_by_label("Digits of the backup code").text_content() for person in people]
        told = [await person.page.locator(".help").text_content() or "" for person in people]
    assert shown[0] == shown[1]
    assert shown[0] is not None
    assert await desk.house.opens(lock, shown[0])
    assert sum("You pulled it" in text for text in told) == 1
    assert sum("pulled it" in text for text in told) == 2
    async with desk.house.database.read() as session:
        claimed = (await session.exec(select(BackupRow).where(col(BackupRow.claim) == str(code_id)))).all()
    assert len(claimed) == 1
    deeds = [deed.action for deed in await desk.services.audit.about_code(code_id)]
    assert deeds.count(AuditAction.BACKUP_PULLED) == 1
    assert await _reveals_of(desk, code_id) == 0


async def test_pull_shows_on_a_page_that_was_open_before(desk: Desk, browser: Browser) -> None:
    """And the digits that somebody was reading stay where they are."""
    lock = await desk.lock()
    code_id = await desk.code(lock, "Guest with a friend", pool=True)
    await desk.until_works(code_id)
    await desk.until_backed_up(code_id)
    async with at_the_console(browser, desk, OPERATOR) as one, at_the_console(browser, desk, COLLEAGUE) as other:
        await other.goes_to(f"/codes/{code_id}")
        await other.page.get_by_role("button", name="Show digits").click()
        await expect(other.page.get_by_label("Digits of the code")).to_be_visible()
        await other.stays()
        await one.goes_to(f"/codes/{code_id}")
        await _pull(one.page)
        await expect(other.page.locator(".help")).to_contain_text(f"{OPERATOR} pulled it", timeout=LIVE_MS)
        await expect(other.page.locator("#standing")).to_contain_text("Backup in use")
        await expect(other.page.get_by_label("Digits of the code")).to_be_visible()
        assert await other.has_stayed()


async def test_without_a_backup_the_button_says_what_helps(desk: Desk, browser: Browser) -> None:
    code_id = await desk.code(await desk.lock(), "No backup")
    await desk.until_works(code_id)
    async with at_the_console(browser, desk, OPERATOR) as operator:
        await operator.goes_to(f"/codes/{code_id}")
        await operator.page.get_by_role("button", name="Guest cannot get in").click()
        await operator.says("No backup code could be pulled")
        await expect(operator.page.get_by_role("link", name="make a new code for this lock")).to_be_visible()


async def test_viewer_is_shown_no_digits_and_no_buttons(desk: Desk, browser: Browser) -> None:
    code_id = await desk.code(await desk.lock(), "Looked at")
    async with at_the_console(browser, desk, None) as person:
        await person.goes_to(f"/codes/{code_id}")
        await person.page.get_by_label(re.compile("^Name")).fill(VIEWER)
        await person.page.get_by_label("Password").fill("wrong and wrong again")
        await person.page.get_by_role("button", name="Sign in").click()
        await person.says("Name and password do not belong together.")
        await person.page.get_by_label("Password").fill(PASSWORD)
        await person.page.get_by_role("button", name="Sign in").click()
        await expect(person.page.get_by_role("heading", name="Looked at", level=1)).to_be_visible()
        for button in ("Show digits", "Guest cannot get in", "Delete this code", "Extend"):
            assert await person.page.get_by_role("button", name=button).count() == 0
        await person.goes_to("/codes")
        assert await person.page.get_by_role("link", name="New code").count() == 0
        await person.goes_to("/codes/new")
        await person.says("Not for your role")
        await person.goes_to("/")
        await person.page.get_by_role("button", name="Sign out").click()
        await expect(person.page.get_by_role("heading", name="Sign in")).to_be_visible()
        await person.goes_to("/codes")
        await expect(person.page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_lost_connection_says_so_and_what_happened_meanwhile_is_shown_after_it(
    desk: Desk, browser: Browser
) -> None:
    """The server goes away and comes back on its port, as in a restart."""
    lock, name = await desk.lock(), f"Guest {uuid4()}"
    async with at_the_console(browser, desk, VIEWER) as watcher:
        banner = watcher.page.locator("#connection")
        async with served(desk.services) as url:
            await watcher.page.context.add_cookies(
                [{**cookie, "url": url} for cookie in await _cookies(watcher.page)]  # type: ignore[typeddict-item]
            )
            await watcher.page.goto(f"{url}/console/codes")
            await watcher.stays()
            await expect(watcher.page.get_by_role("heading", name="Codes")).to_be_visible()
            await expect(banner).to_be_hidden()
            port = int(url.rpartition(":")[2])
        await expect(banner).to_contain_text("Connection lost", timeout=LIVE_MS)
        await desk.code(lock, name)
        async with served(desk.services, port=port):
            await expect(banner).to_be_hidden(timeout=LIVE_MS)
            await expect(watcher.page.get_by_role("row", name=name)).to_be_visible(timeout=LIVE_MS)
            assert await watcher.has_stayed()


async def test_refusals_stand_beside_their_fields_in_words(desk: Desk, browser: Browser) -> None:
    lock = await desk.lock()
    async with at_the_console(browser, desk, OPERATOR, width=PHONE) as operator:
        await operator.goes_to(f"/codes/new?lock={lock.id}")
        page = operator.page
        await page.get_by_label("To", exact=True).fill("2020-01-01T10:00")
        await page.get_by_label(re.compile("^Digits .opt")).fill("12ab")
        await page.get_by_role("button", name="Create code").click()
        await expect(page.locator("#ends-refusal")).to_have_text("The end must be in the future.")
        await expect(page.locator("#digits-refusal")).to_contain_text("Digits only")
        assert await page.get_by_label(re.compile("^Digits .opt")).input_value() == ""
        assert await page.get_by_label("Lock", exact=True).input_value() == str(lock.id)
        await expect(page.get_by_label("To", exact=True)).to_be_focused()
        await page.get_by_label("To", exact=True).fill("")
        await page.get_by_label(re.compile("^Digits .opt")).fill("123")
        await page.get_by_role("button", name="Create code").click()
        await expect(page.locator("#digits-refusal")).to_be_visible()


async def test_digits_that_a_person_chose_and_a_longer_stay_reach_the_lock(desk: Desk, browser: Browser) -> None:
    lock = await desk.lock()
    code_id = await desk.code(lock, "Changed")
    await desk.until_works(code_id)
    before = (await desk.services.codes.get(code_id)).code.wish.ends_at
    async with at_the_console(browser, desk, OPERATOR) as operator:
        page = operator.page
        await operator.goes_to(f"/codes/{code_id}/change")
        await page.get_by_label("These:").check()
        await page.get_by_label("The new digits").fill("480172")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", name="Changed", level=1)).to_be_visible()

        async def opens() -> bool:
            return await desk.house.opens(lock, "480172")

        await eventually(opens, within=20, what="the new digits open the door")
        await page.get_by_label("Stay longer").select_option("24")
        await page.get_by_role("button", name="Extend").click()
        await expect(page.locator(".story")).to_contain_text("Its time was changed", timeout=LIVE_MS)
    after = (await desk.services.codes.get(code_id)).code.wish.ends_at
    assert before is not None
    assert after is not None
    assert (after - before).total_seconds() == 24 * 3600


async def test_code_of_somebody_else_is_adopted_and_another_taken_off(desk: Desk, browser: Browser) -> None:
    """One that changed at the lock meanwhile is not adopted, and the page says why."""
    lock = await desk.lock()
    await desk.typed_in(lock, "480715", "Cleaner")
    await desk.typed_in(lock, "480716", "Plumber")
    async with at_the_console(browser, desk, OPERATOR, width=PHONE) as operator:
        page, notice = operator.page, operator.page.locator("#notice")
        await operator.goes_to(f"/locks/{lock.id}")
        await operator.stays()
        await page.get_by_role("button", name="Adopt Cleaner").click()
        await expect(notice).to_contain_text("The code is adopted", timeout=LIVE_MS)
        await expect(page.get_by_role("button", name="Adopt Cleaner")).to_have_count(0, timeout=LIVE_MS)
        await expect(page.get_by_role("link", name="Cleaner")).to_be_visible(timeout=LIVE_MS)
        (slot,) = [slot for slot in await desk.house.truth(lock) if slot["pin"] == "480716"]
        await desk.house.keypad(lock, slot["slot"], "480799")
        await page.get_by_role("button", name="Adopt Plumber").click()
        await expect(notice).to_contain_text("The code was not adopted", timeout=LIVE_MS)
        await expect(page.locator("#lock")).to_contain_text("Not adopted when it was last asked", timeout=LIVE_MS)
        await desk.house.keypad(lock, slot["slot"], "480716")
        await page.get_by_text("Remove …").click()
        await page.get_by_role("button", name="Take Plumber off the lock").click()
        await expect(notice).to_contain_text("The code is off the lock", timeout=LIVE_MS)
        await expect(page.get_by_role("button", name="Adopt Plumber")).to_have_count(0, timeout=LIVE_MS)
        assert await operator.has_stayed()
        assert operator.complaints == []
    assert [slot["pin"] for slot in await desk.house.truth(lock)] == ["480715"]
    (adopted,) = await desk.services.codes.list(DEFAULT_WORKSPACE_ID, lock.id)
    assert adopted.row.opens
    assert (adopted.row.is_proven_in_time, adopted.row.is_absent) == (True, False)


async def test_lock_is_read_now_and_left_only_knowing_that_codes_are_live(desk: Desk, browser: Browser) -> None:
    lock = await desk.lock()
    code_id = await desk.code(lock, "Guest who stays")
    await desk.until_works(code_id)
    async with at_the_console(browser, desk, OPERATOR) as operator:
        page = operator.page
        await operator.goes_to(f"/locks/{lock.id}")
        await page.get_by_role("button", name="Reconcile now").click()
        await expect(page.locator("#notice")).to_contain_text("Codes: 1 as expected.", timeout=LIVE_MS)
        await page.get_by_text("Stop managing it …").click()
        await page.get_by_role("button", name="Stop managing it").click()
        await expect(page.locator("#live-refusal")).to_contain_text("have not ended")
        device, _ = await desk.services.devices.get(DEFAULT_WORKSPACE_ID, DeviceFilter(ids=[lock.id]))
        assert device.is_managed
        await page.get_by_label("I know that").check()
        await page.get_by_role("button", name="Stop managing it all the same").click()
        await expect(page.get_by_role("button", name="Manage it again")).to_be_visible()
        await operator.goes_to("/")
        exposed = page.locator("#exposed").get_by_role("listitem").filter(has_text="Guest who stays")
        await expect(exposed).to_contain_text("made unmanaged by force")
        await operator.goes_to(f"/locks/{lock.id}")
        await page.get_by_role("button", name="Manage it again").click()
        await expect(page.get_by_text("Stop managing it …")).to_be_visible()
        await operator.goes_to("/")
        await expect(exposed).to_have_count(0)


async def test_backup_code_is_generated_and_gets_other_digits_when_it_is_time(desk: Desk, browser: Browser) -> None:
    lock = await desk.lock()
    async with at_the_console(browser, desk, OPERATOR, width=PHONE) as operator:
        page = operator.page
        await operator.goes_to(f"/locks/{lock.id}")
        await page.get_by_role("button", name="Generate a new backup code").click()
        await expect(page.locator("#standing")).to_contain_text("Works", timeout=LIVE_MS)
        (first,) = [slot["pin"] for slot in await desk.house.truth(lock)]
        code_id = UUID(page.url.rpartition("/")[2])
        kept = page.get_by_role("region", name="Backup codes kept by hand")
        await operator.goes_to(f"/locks/{lock.id}")
        await expect(kept).not_to_contain_text("Time for other digits")
        async with desk.house.database.write() as session:
            await session.exec(
                update(AuditRow)
                .where(col(AuditRow.access_code_id) == code_id)
                .values(occurred_at=datetime.now(UTC) - timedelta(days=31))
            )
        await operator.goes_to(f"/locks/{lock.id}")
        await expect(kept).to_contain_text("Time for other digits")
        await page.get_by_role("button", name="Give it other digits").click()
        await expect(page.get_by_role("heading", level=1)).to_be_visible()

        async def has_other_digits() -> bool:
            return not await desk.house.opens(lock, first) and len(await desk.house.truth(lock)) == 1

        await eventually(has_other_digits, within=20, what="only other digits open the door")
        await operator.goes_to(f"/locks/{lock.id}")
        await expect(kept).not_to_contain_text("Time for other digits")


async def _pull(page: Page) -> None:
    await page.get_by_role("button", name="Guest cannot get in").click()
    await page.get_by_label("Digits of the backup code").wait_for(timeout=LIVE_MS)


async def _cookies(page: Page) -> list[dict[str, str]]:
    return [
        {"name": cookie["name"], "value": cookie["value"]}
        for cookie in await page.context.cookies()
        if "name" in cookie and "value" in cookie
    ]


async def _reveals_of(desk: Desk, code_id: UUID) -> int:
    deeds = await desk.services.audit.about_code(code_id)
    return sum(deed.action == AuditAction.CODE_REVEALED for deed in deeds)
