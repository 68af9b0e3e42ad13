"""Codes that sleep for months are woken by the workers of today: every recorded history must replay.

A failure here means that a change of `workflows/` would strand codes that live already.  Keep the old order of
commands behind `workflow.patched`; do not record the histories anew.
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from temporalio.workflow import NondeterminismError

from tests.histories.beside_codes import FOREIGN, OTHER_FOREIGN
from tests.histories.keys import history_keys
from tests.histories.payloads import decoded_text
from tests.histories.record import CHANGED, CHOSEN, KEPT_ALONG, REAL, VIRTUAL
from tests.histories.reordered import ReorderedWorkflow
from tests.histories.replay import load, recorded, replay
from workers.codec import KeyRingCodec
from workers.worker import WORKFLOWS

ROOT = Path(__file__).parents[2]
SECRETS = (CHOSEN, CHANGED, FOREIGN, OTHER_FOREIGN, "@guest.example")
"""Digits that were chosen for the lives, and where guests are written to; digits by chance are searched when recording."""


def of_codes() -> list[Path]:
    """List the histories of codes alone."""
    return [path for path in recorded() if ".access-code~" in path.name]


def test_every_life_is_recorded() -> None:
    names = [path.stem.split(".")[0] for path in recorded()]
    assert names == sorted([*(life.__name__ for life in [*VIRTUAL, *REAL]), *KEPT_ALONG])


def test_every_workflow_of_the_worker_has_a_recorded_life() -> None:
    started = [load(path).events[0].workflow_execution_started_event_attributes for path in recorded()]
    assert {one.workflow_type.name for one in started} == {workflow.__name__ for workflow in WORKFLOWS}


@pytest.mark.parametrize("path", recorded(), ids=lambda path: path.stem.split(".")[0])
async def test_a_recorded_life_replays(path: Path) -> None:
    await replay([path])


async def test_replay_does_not_depend_on_the_order_of_hashes() -> None:
    """Sets are ordered by hash, and every process has its own hashes."""

    async def replayed(seed: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.histories.replay"),
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode, output.decode()

    outcomes = await asyncio.gather(*(replayed(seed) for seed in ("0", "1", "42")))
    assert outcomes == [(0, f"replayed {len(recorded())}\n")] * 3


@pytest.mark.parametrize("path", of_codes(), ids=lambda path: path.stem.split(".")[0])
async def test_another_order_of_commands_is_found_out(path: Path) -> None:
    with pytest.raises(NondeterminismError):
        await replay([path], ReorderedWorkflow)


@pytest.mark.parametrize("path", recorded(), ids=lambda path: path.stem.split(".")[0])
async def test_a_history_holds_no_digits_and_no_address_even_decoded(path: Path) -> None:
    text = await decoded_text(load(path).events, KeyRingCodec(history_keys()))
    assert '{"' in text, "nothing was decoded"
    assert [secret for secret in SECRETS if secret in text] == []
