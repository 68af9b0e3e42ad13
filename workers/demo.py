"""`latchwork demo`: the whole stack in a folder of its own, and a story on it that proves itself.

It exits 0 only when every step was read back.  Without `--once` the stack stays up afterwards for whoever wants to try
more, until Ctrl-C.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from workers import loop
from workers.demo_parts import ready, starting_stack
from workers.demo_telling import Teller
from workers.errors import CommandError, plain_errors
from workers.lifetime import background, first_to_end, until_signal
from workers.processes import ChildProcess
from workers.settings import Settings, load_settings
from workers.stack import Stack
from workers.up import embedded_settings

READY_SECONDS = 90.0
"""A first start on a busy machine; three seconds otherwise."""


def main(once: bool) -> None:
    """Tell the story; with `once` stop everything afterwards.

    Raises:
        CommandError: a step was not read back, the stack does not start, or somebody interrupted the story.
    """
    folder, teller = Path(tempfile.mkdtemp(prefix="latchwork-demo-")), Teller()
    told = asyncio.Event()

    with plain_errors():
        loop.run(until_signal(_demo(folder, teller, told, once=once)))
    if not told.is_set():
        shutil.rmtree(folder, ignore_errors=True)
        raise CommandError("the demo was interrupted before its end")
    if teller.failed:
        raise CommandError(f"the demo failed in {teller.failed} of its acts; logs and data are in {folder}")
    shutil.rmtree(folder, ignore_errors=True)


async def _demo(folder: Path, teller: Teller, told: asyncio.Event, *, once: bool) -> None:
    began = time.monotonic()
    teller.say("Starting Temporal, the worker, the API and a simulated lock cloud …", style="dim")
    async with starting_stack(folder) as process:
        stack = await _ready(process, folder)
        teller.say(f"Ready after {time.monotonic() - began:.1f} s. Four guests' codes live their lives side by side.\n")
        began = time.monotonic()
        await _tell(folder, stack, teller)
        told.set()
        teller.say()
        if teller.failed == 0:
            seconds = time.monotonic() - began
            teller.say(f"All {teller.proven} steps were read back, in {seconds:.0f} s.", style="bold green")
        if once:
            teller.say("`latchwork demo`, without --once, leaves everything running for you to try.", style="dim")
        else:
            _invite(folder, stack, teller)
            async with background(process.wait()) as stopped:
                await first_to_end({"the stack": stopped})


async def _ready(process: ChildProcess, folder: Path) -> Stack:
    try:
        return await asyncio.wait_for(ready(process, folder), READY_SECONDS)
    except TimeoutError:
        raise CommandError(f"the stack is not ready after {READY_SECONDS:.0f} s; see {folder / 'up.log'}") from None


async def _tell(folder: Path, stack: Stack, teller: Teller) -> None:
    """Play the acts on the service that any backend would use."""
    # Imported only now: the stack came up meanwhile, and needs none of it.
    import httpx

    from api.access_codes import AccessCodeService
    from api.devices import DeviceService
    from workers.backing import open_database
    from workers.client import connect
    from workers.demo_guest import Cast
    from workers.demo_story import play_all
    from workers.keys import load_keys

    settings = _settings_of(folder, stack)
    keyring = load_keys(settings)
    client = await connect(settings, keyring)
    async with (
        open_database(settings) as database,
        httpx.AsyncClient(base_url=stack.locks or "", trust_env=False) as http,
    ):
        service, device_service = AccessCodeService(client, database, keyring), DeviceService(client, database)
        cast = Cast(service, device_service, database, keyring, http, teller)
        with teller.live():
            await play_all(cast)


def _settings_of(folder: Path, stack: Stack) -> Settings:
    """Give the settings for the demo's own stack, whatever the environment says of another."""
    own: dict[str, object] = {"data": folder, "database_url": None, "keyring": None, "keyring_path": None}
    settings = load_settings().model_copy(update={**own, "metrics_address": None})
    return embedded_settings(settings, stack.temporal_address)


def _invite(folder: Path, stack: Stack, teller: Teller) -> None:
    """Say where everything is and what to try."""
    command = sys.argv[0] if Path(sys.argv[0]).name == "latchwork" else "latchwork"
    places = {
        "console": stack.console,
        "Temporal UI": f"{stack.temporal_ui}/namespaces/default/workflows",
        "truth of a lock": f"{stack.locks}/_truth/front-door",
        "API": f"{stack.api}/health",
    }
    teller.say("\nEverything goes on running until Ctrl-C:", style="bold")
    for name, url in places.items():
        if url is not None:
            teller.say(f"  {name:<16} {url}")
    teller.say("\nIn another terminal:", style="bold")
    for line in (
        f"export LATCHWORK_DATA={folder}",
        f"{command} devices list",
        f"{command} codes create Studio --name 'Ada' --ends-at +2h --wait",
        f"{command} codes list",
        f"{command} codes show ID --reveal          # the digits, for whoever may see them",
        f"curl -s {stack.locks}/_truth/studio        # what is really on the lock",
        f"{command} codes delete ID --wait",
        f"{command} pools list                      # what lies ready, and never which",
    ):
        teller.say(f"  {line}")
