"""A real Temporal dev server for tests: the embedded one with its own flags, search attributes and a file.

Tests on it live in wall time, so the locks' clock follows the wall as well.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from store.keyring import KeyRing
from tests.house import House, new_ring, open_house
from workers.codec import data_converter
from workers.embedded import EmbeddedOptions, EmbeddedTemporal
from workflows.contracts import SEARCH_ATTRIBUTE_TYPES


async def start_temporal(
    folder: Path, *, port: int = 0, suggest_continue_as_new_after: int | None = None
) -> EmbeddedTemporal:
    """Start the server on the folder's file, new or left by a server before."""
    attributes = [(name.value, kind) for name, kind in SEARCH_ATTRIBUTE_TYPES.items()]
    suggestion = ("limit.historyCount.suggestContinueAsNew", str(suggest_continue_as_new_after))
    dynamic = [] if suggest_continue_as_new_after is None else [suggestion]
    return await EmbeddedTemporal.start(
        EmbeddedOptions(folder, search_attributes=attributes, port=port, dynamic_config=dynamic)
    )


@asynccontextmanager
async def temporal(
    folder: Path, *, suggest_continue_as_new_after: int | None = None
) -> AsyncIterator[EmbeddedTemporal]:
    """Run a server of one's own; it has workflows start over after so many events, by default after thousands."""
    server = await start_temporal(folder, suggest_continue_as_new_after=suggest_continue_as_new_after)
    try:
        yield server
    finally:
        await server.stop()


async def environment(server: EmbeddedTemporal, keyring: KeyRing) -> WorkflowEnvironment:
    """Connect to the server as our processes do."""
    return WorkflowEnvironment.from_client(await Client.connect(server.address, data_converter=data_converter(keyring)))


@asynccontextmanager
async def house_on_devserver(
    folder: Path, *, max_cached_workflows: int | None = None, suggest_continue_as_new_after: int | None = None
) -> AsyncIterator[House]:
    """Run every real part in wall time, on a server of its own."""
    keyring = new_ring()
    async with temporal(folder, suggest_continue_as_new_after=suggest_continue_as_new_after) as server:
        env = await environment(server, keyring)
        async with open_house(env, env.client, keyring, folder, max_cached_workflows=max_cached_workflows) as opened:
            yield opened
