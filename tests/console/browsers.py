"""A browser for the tests, wherever one can be had, and what a person does with it.

One on PATH is taken; else Debian's package, where it may be installed; else Playwright's own download.  Where none
works the tests fail and say what was tried.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from console.gate import SESSION
from tests.console.desk import Desk

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INSTALL_SECONDS = 240.0
EXPECTED_WITHIN_SECONDS = 20.0
"""How long a page may take to show what is expected; on a busy machine the default of 5 s is too short."""
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 860}


async def browser_path() -> str | None:
    """Give where a browser is; None: Playwright knows where its own is.

    Raises:
        AssertionError: there is none, and none can be had; the text says what was tried.
    """
    found = _on_path()
    if found is not None:
        return found
    tried = [f"none of {', '.join(NAMES)} is on PATH"]
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        failure = await _run("apt-get", "update", "-qq") or await _run("apt-get", "install", "-y", "-qq", "chromium")
        found = _on_path()
        if found is not None:
            return found
        tried.append(f"Debian's package: {failure or 'it brought none'}")
    else:
        tried.append("Debian's package may not be installed here")
    failure = await _run(sys.executable, "-m", "playwright", "install", "chromium")
    assert failure is None, "no browser for the console's tests: " + "; ".join([*tried, f"Playwright's own: {failure}"])
    return None


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Run one without a screen."""
    path = await browser_path()
    expect.set_options(timeout=1000 * EXPECTED_WITHIN_SECONDS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


class Person:
    """Somebody at a browser of their own, signed in."""

    def __init__(self, desk: Desk, context: BrowserContext, page: Page) -> None:
        self.desk = desk
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        """What the page complained of: scripts that failed, and what its policy kept out."""

    async def goes_to(self, path: str) -> None:
        """Open a page of the console."""
        await self.page.goto(f"{self.desk.console}{path}")

    async def says(self, text: str, *, within: float = 20) -> None:
        """Wait until the page says something."""
        await self.page.get_by_text(text).first.wait_for(timeout=within * 1000)

    async def stays(self) -> None:
        """Mark the page, to see later that it was never loaded anew."""
        await self.page.evaluate("window.stayed = true")

    async def has_stayed(self) -> bool:
        """Tell whether the page is still the one that was marked."""
        return bool(await self.page.evaluate("window.stayed === true"))


@asynccontextmanager
async def at_the_console(
    browser: Browser,
    desk: Desk,
    name: str | None,
    *,
    width: dict[str, int] = DESKTOP,
    scheme: str = "light",
) -> AsyncIterator[Person]:
    """Have somebody open the console who is signed in; without a name, nobody is.

    The form takes ten sign-ins a minute, which is fewer than tests want; it has tests of its own.
    """
    context = await browser.new_context(
        viewport={"width": width["width"], "height": width["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    try:
        person = Person(desk, context, await context.new_page())
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        person.page.on(
            "console", lambda said: person.complaints.append(said.text) if "Security Policy" in said.text else None
        )
        if name is not None:
            opened = await desk.services.users.vouched(name, lasts=timedelta(hours=1))
            assert opened is not None
            await context.add_cookies([{"name": SESSION, "value": opened[1], "url": desk.url}])
        yield person
    finally:
        await context.close()


def _on_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name)) is not None), None)


async def _run(*command: str) -> str | None:
    """Run a program; give the last line of what it complained of, None where it did not."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, err = await asyncio.wait_for(process.communicate(), INSTALL_SECONDS)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode == 0:
        return None
    lines = err.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"{Path(command[0]).name} ended with {process.returncode}"
