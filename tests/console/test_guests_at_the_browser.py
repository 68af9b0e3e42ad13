"""A guest's code from the form to the mailbox, a backup pulled and told with one button, and Seam's components, in a browser."""

import re
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest_asyncio
from playwright.async_api import Browser, Request, expect
from pydantic import SecretStr

from api.message_channels import MessageChannelService
from domain.message_channels import ChannelKind
from store.accounts import DEFAULT_WORKSPACE_ID
from tests.console.browsers import PHONE, at_the_console
from tests.console.desk import OPERATOR, Desk
from tests.mailbox import Mailbox, mailbox

LIVE_MS = 20_000


@pytest_asyncio.fixture(loop_scope="session")
async def box(desk: Desk) -> AsyncIterator[Mailbox]:
    """Have guests written to by mail."""
    async with mailbox() as running:
        channels = MessageChannelService(desk.house.database, desk.house.keyring, for_development=True)
        made = await channels.create(DEFAULT_WORKSPACE_ID, uuid4(), "Mail", ChannelKind.EMAIL, SecretStr(running.url))
        yield running
        await channels.delete(DEFAULT_WORKSPACE_ID, made.channel_id)


async def test_guest_is_named_with_the_code_and_told_with_one_button(
    desk: Desk, browser: Browser, box: Mailbox
) -> None:
    lock, address = await desk.lock(), f"{uuid4()}@guest.example"
    async with at_the_console(browser, desk, OPERATOR, width=PHONE) as operator:
        page = operator.page
        await operator.goes_to("/codes/new")
        await page.get_by_label("Lock", exact=True).select_option(str(lock.id))
        await page.get_by_text("Guest …").click()
        await page.get_by_label("Guest’s name").fill("Ada")
        await page.get_by_label("E-mail").fill(address)
        await page.get_by_role("button", name="Create code").click()
        await expect(page.locator("#standing")).to_contain_text("Works", timeout=LIVE_MS)
        await operator.stays()
        await page.get_by_role("button", name="Send the code to the guest").click()
        await expect(page.locator("#guest")).to_contain_text("Sent", timeout=LIVE_MS)
        assert await operator.has_stayed()
        code_id = UUID(page.url.rpartition("/")[2])
        assert operator.complaints == []
    (mail,) = [mail for mail in box.mails if mail.to == address]
    assert (await desk.services.codes.reveal(code_id, desk.house.keyring)).get_secret_value() in mail.text


async def test_one_button_pulls_a_backup_and_tells_it_to_the_guest(desk: Desk, browser: Browser, box: Mailbox) -> None:
    lock, address = await desk.lock(), f"{uuid4()}@guest.example"
    code_id = await desk.code(lock, "Guest at the door", pool=True)
    await desk.until_works(code_id)
    await desk.until_backed_up(code_id)
    async with at_the_console(browser, desk, OPERATOR, width=PHONE) as operator:
        page = operator.page
        await operator.goes_to(f"/codes/{code_id}/guest/change")
        await page.get_by_label("E-mail").fill(address)
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("button", name=re.compile("pull a backup code")).click()
        await operator.says("It is on its way to the guest, too.")
        await expect(page.locator("#guest")).to_contain_text("Backup code", timeout=LIVE_MS)
        await expect(page.locator("#guest")).to_contain_text("Sent", timeout=LIVE_MS)
        digits = await page.get_by_label("Digits of the backup code").text_content()
    (mail,) = [mail for mail in box.mails if mail.to == address]
    assert digits is not None
    assert digits in mail.text
    assert await desk.house.opens(lock, digits)


async def test_seams_components_make_and_change_a_code_and_ask_nobody_else(desk: Desk, browser: Browser) -> None:
    lock, asked = await desk.lock(), list[str]()
    async with at_the_console(browser, desk, OPERATOR) as operator:
        page = operator.page

        def note(request: Request) -> None:
            asked.append(request.url)

        page.on("request", note)
        await operator.goes_to("/components")
        await page.locator("seam-device-table").get_by_text(lock.name).click()
        form = page.locator("seam-create-access-code-form")
        await form.locator("input").first.fill("Seam guest")
        await form.locator("input").nth(1).fill("738264")
        await form.get_by_text("Save").click()
        await expect(page.locator("seam-access-code-details")).to_contain_text("738264")
        form = page.locator("seam-edit-access-code-form")
        await form.locator("input").first.fill("Seam guest, renamed")
        await form.get_by_text("Save").click()
        await expect(page.locator("seam-access-code-details")).to_contain_text("Seam guest, renamed")
        await page.get_by_role("link", name="The lock’s codes").click()
        await expect(page.locator("seam-access-code-table")).to_contain_text("Seam guest, renamed")
        assert operator.complaints == []
    assert [url for url in asked if not url.startswith(desk.url)] == []
    (code,) = [code async for code in _codes(desk, lock.id)]
    await desk.until_works(code)
    assert await desk.house.opens(lock, "738264")


async def _codes(desk: Desk, device_id: UUID) -> AsyncIterator[UUID]:
    for stored in await desk.services.codes.list(DEFAULT_WORKSPACE_ID, device_id):
        yield stored.row.id
