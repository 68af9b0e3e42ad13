"""The pool's promises on a real server, while workers are replaced and workflows start over at any moment.

Several programs run beside each other in one house, in wall time with a policy of fractions of a second.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from temporalio.testing import WorkflowEnvironment

from tests.conftest import binary
from tests.house import House, new_ring, open_house
from tests.properties.backup_programs import PROGRAMS, Fault, Program
from workers.codec import data_converter
from workflows.contracts import SEARCH_ATTRIBUTE_TYPES

SUGGESTED_AFTER_EVENTS = 60
UNIT = timedelta(seconds=0.3)
BUSY = timedelta(seconds=20)
"""What a busy machine may take beside the policy's time: what is tried here is that nothing is lost or doubled."""
# A lock that refused is left alone for a quarter of an hour, whatever the policy.
LASTING = ("reject",)
TOGETHER = st.lists(
    PROGRAMS.filter(lambda drawn: not any(isinstance(s, Fault) and s.kind in LASTING for s in drawn.steps)),
    min_size=3,
    max_size=3,
)
PAUSES = st.lists(st.sampled_from((0.5, 1.0, 2.0, 4.0)), min_size=2, max_size=4)


async def replaced(house: House, pauses: list[float]) -> None:
    """Replace the workers now and then, whatever is going on."""
    for pause in pauses:
        await asyncio.sleep(pause)
        await house.restart_workers()


async def keep_their_promises(folder: Path, programs: list[Program], pauses: list[float]) -> None:
    """Play programs side by side, on workers that come and go."""
    keyring = new_ring()
    attributes = [f"--search-attribute={name.value}={kind}" for name, kind in SEARCH_ATTRIBUTE_TYPES.items()]
    suggestion = f"limit.historyCount.suggestContinueAsNew={SUGGESTED_AFTER_EVENTS}"
    async with (
        await WorkflowEnvironment.start_local(
            data_converter=data_converter(keyring),
            dev_server_existing_path=binary("temporal"),
            dev_server_extra_args=["--dynamic-config-value", suggestion, *attributes],
        ) as env,
        open_house(env, env.client, keyring, folder) as house,
    ):
        await asyncio.gather(replaced(house, pauses), *(program.play(house, UNIT, BUSY) for program in programs))
        assert house.doubles == []


AS_DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=1, derandomize=True, database=None, phases=AS_DRAWN, suppress_health_check=list(HealthCheck))
@given(programs=TOGETHER, pauses=PAUSES)
async def test_programs_keep_the_promises_while_workers_come_and_go(
    tmp_path_factory: pytest.TempPathFactory, programs: list[Program], pauses: list[float]
) -> None:
    await keep_their_promises(tmp_path_factory.mktemp("house"), programs, pauses)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=30, phases=AS_DRAWN, suppress_health_check=list(HealthCheck))
@given(programs=TOGETHER, pauses=PAUSES)
async def test_many_programs_keep_the_promises_while_workers_come_and_go(
    tmp_path_factory: pytest.TempPathFactory, programs: list[Program], pauses: list[float]
) -> None:
    await keep_their_promises(tmp_path_factory.mktemp("house"), programs, pauses)
