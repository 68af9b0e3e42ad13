"""Every page at both widths, in light and in dark: nobody is kept out by how it is made, and a picture of each is kept.

axe-core, from npm, judges each page.  The pictures are in `build/screenshots`, for people to look at.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from console.routes import ROUTES
from tests.conformance.sdks import npm_installed
from tests.console.browsers import DESKTOP, PHONE, Person, at_the_console
from tests.console.desk import ADMIN, Desk
from tests.docs.pages import ROOT

PICTURES = ROOT / "build" / "screenshots"
JS = Path(__file__).parent / "js"
PARTS = {"/live", "/codes/{code_id}/row", "/codes/{code_id}/pin"}
"""GET routes that are no pages."""
PAGES = [route.path for route in ROUTES if route.method == "GET" and route.path not in {*PARTS, "/sign-in"}]
# Inside `.foreign` is what Seam made, which nobody here can mend; the page around it is ours.
JUDGE = """async () => (await axe.run({exclude: [".foreign > *"]})).violations
    .map(one => one.id + ": " + one.nodes.map(n => n.html).join(" | "))"""
TOO_SMALL = """() => [...document.querySelectorAll("main button, main a.button, main input, main select, nav a")]
    .filter(one => one.checkVisibility() && !one.closest(".unseen, .check") && one.type !== "hidden")
    .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
    .filter(([_, height]) => height > 1 && height < 44)"""
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@dataclass(frozen=True)
class Scene:
    """A house in which everything that pages show is there."""

    code_id: str
    device_id: str

    def path(self, route: str) -> str:
        """Fill a route's ids in."""
        return route.format(code_id=self.code_id, device_id=self.device_id, kind="code_ready", language="en")


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def scene(desk: Desk, browser: Browser) -> Scene:
    """A guest who is in, one whose lock is silent, one who comes, and one whose code cannot be proven gone.

    Somebody else put a code on the first lock, and a backup code is kept there by hand.
    """
    lock, silent, stuck = [await desk.lock(name) for name in ("Front Door", "Lake House", "Loft")]
    code_id = await desk.code(lock, "Ada Lovelace", hours=40, pool=True)
    await desk.code(lock, "Grace Hopper", starts_in_hours=3, hours=50)
    gone = await desk.code(stuck, "Niels Bohr")
    await desk.until_works(code_id)
    await desk.until_works(gone)
    await desk.until_backed_up(code_id)
    for door in (silent, stuck):
        await desk.house.fault(door, "offline", on="any", seconds=36000)
    await desk.code(silent, "Alan Turing", hours=30)
    await desk.typed_in(lock, "480715", "Cleaner")
    await desk.new_lock("Garden Gate")
    attic, fresh = await desk.lock("Attic"), await desk.lock("Attic, new")
    await desk.services.replacements.start(attic.workspace_id, fresh.id, attic.id)
    async with at_the_console(browser, desk, ADMIN) as person:
        await person.goes_to(f"/locks/{lock.id}")
        await person.page.get_by_role("button", name="Generate a new backup code").click()
        await person.page.get_by_text("Show digits").wait_for()
    await desk.services.codes.delete(gone)
    return Scene(str(code_id), str(lock.id))


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        pytest.param(PHONE, "light", id="phone-light"),
        pytest.param(DESKTOP, "dark", id="desktop-dark"),
        pytest.param(PHONE, "dark", id="phone-dark", marks=pytest.mark.long),
        pytest.param(DESKTOP, "light", id="desktop-light", marks=pytest.mark.long),
    ],
)
async def test_every_page_keeps_nobody_out(
    desk: Desk, browser: Browser, scene: Scene, width: dict[str, int], scheme: str
) -> None:
    axe = await axe_script()
    found: dict[str, Any] = {}
    async with at_the_console(browser, desk, None, width=width, scheme=scheme) as stranger:
        found["/sign-in"] = await _judged(stranger, "/sign-in", axe, f"{scheme}-{width['width']}")
    async with at_the_console(browser, desk, ADMIN, width=width, scheme=scheme) as person:
        for route in PAGES:
            found[route] = await _judged(person, scene.path(route), axe, f"{scheme}-{width['width']}", route)
        assert person.complaints == []
    assert {page: complaints for page, complaints in found.items() if complaints} == {}


async def axe_script() -> str:
    """Give the text of axe-core, installed as the lock file has it."""
    return _text((await npm_installed("axe", JS)) / "node_modules" / "axe-core" / "axe.min.js")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


async def _judged(person: Person, path: str, axe: str, look: str, route: str | None = None) -> list[Any]:
    """Keep a picture of a page and say what is wrong with it."""
    await person.goes_to(path)
    name = (route or path).strip("/").replace("/", "-").replace("{", "").replace("}", "") or "today"
    await person.page.screenshot(path=PICTURES / f"{name}-{look}.png", full_page=True)
    # Evaluated by the browser's own tools: the page's policy lets no script in but its own.
    await person.page.evaluate(axe)
    wrong: list[Any] = await person.page.evaluate(JUDGE)
    wrong += await person.page.evaluate(TOO_SMALL)
    if await person.page.evaluate(TOO_WIDE):
        wrong.append("wider than the screen")
    return wrong
