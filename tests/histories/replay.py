"""Replay of every recorded history against the workflows of today.

Run as a module (`python -m tests.histories.replay`) it replays under the PYTHONHASHSEED of its environment.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests.histories.keys import FOLDER, history_keys
from workers.codec import data_converter
from workers.loop import with_last_pause
from workers.sandbox import WORKFLOW_RUNNER
from workers.worker import WORKFLOWS


def recorded() -> list[Path]:
    """List the histories' files."""
    return sorted(path for path in FOLDER.glob("*.json") if not path.name.startswith("test-only-"))


def load(path: Path) -> WorkflowHistory:
    """Read a history; the file's name ends with its workflow's id."""
    return WorkflowHistory.from_json(path.stem.split(".", 1)[1].replace("~", "/"), path.read_text())


def file_of(name: str, workflow_id: str) -> Path:
    """Say where the history of a workflow is kept."""
    return FOLDER / f"{name}.{workflow_id.replace('/', '~')}.json"


async def replay(paths: Sequence[Path], *workflows: type) -> None:
    """Replay histories.

    Raises:
        NondeterminismError: the workflow of today would have done something else.
    """
    replayer = Replayer(
        workflows=workflows or WORKFLOWS,
        workflow_runner=WORKFLOW_RUNNER,
        data_converter=data_converter(history_keys()),
    )
    await replayer.replay_workflows(_loaded(paths))


async def _loaded(paths: Sequence[Path]) -> AsyncIterator[WorkflowHistory]:
    for path in paths:
        yield load(path)


async def _main() -> None:
    await replay(recorded())
    print(f"replayed {len(recorded())}")


if __name__ == "__main__":
    asyncio.run(with_last_pause(_main()))
