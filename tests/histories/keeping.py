"""Writing a history down: only what holds no digits and does not tell where it was recorded."""

import os
import socket
from pathlib import Path

from tests.histories.payloads import decoded_text, without_stack_traces
from tests.histories.replay import file_of
from tests.house import House, Life
from workers.codec import KeyRingCodec

ROOT = Path(__file__).parents[2]


async def decoded(house: House, workflow_id: str, *secrets: str) -> str:
    """Give the history as JSON, after making sure that nothing is in it that must not be."""
    codec = KeyRingCodec(house.keyring)
    history = await house.client.get_workflow_handle(workflow_id).fetch_history()
    text = await decoded_text((await without_stack_traces(history, codec)).events, codec)
    assert str(ROOT) not in text, "where it was recorded is nobody's business"
    assert not [secret for secret in secrets if secret in text], "digits or an address in a history"
    return history.to_json()


async def keep(life: Life, name: str, *digits: str) -> None:
    """Write a life's history down."""
    await keep_workflow(life.house, life.handle.id, name, await life.pin(), *digits)


async def keep_workflow(house: House, workflow_id: str, name: str, *secrets: str) -> None:
    """Write the history of any workflow down, in which these digits and addresses must not be."""
    await write(await decoded(house, workflow_id, *secrets), workflow_id, name)


async def write(history: str, workflow_id: str, name: str) -> None:
    """Write a history down, in the place of the one that had its name."""
    path = file_of(name, workflow_id)
    for old in path.parent.glob(f"{name}.*.json"):
        old.unlink()
    # Who recorded it is nobody's business and changes nothing.
    path.write_text(history.replace(f"{os.getpid()}@{socket.gethostname()}", "recorder") + "\n")
    print(path.name)
