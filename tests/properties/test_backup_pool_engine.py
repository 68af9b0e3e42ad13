"""The pool's promises on the real engine: any program of guests, pulls, faults, new workers and time keeps them.

Each example is a program of steps against fresh locks.  All of them share one house on a real server, on which
workflows start over after a few dozen events, so that pools and codes do it at any moment of a program.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings

from tests.devserver import house_on_devserver
from tests.house import House
from tests.properties.backup_programs import PROGRAMS, Program
from tests.properties.backup_scene import RETRY_INTERVAL, UNIT

SUGGESTED_AFTER_EVENTS = 30


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Every real part in wall time; a lock that refused a backup code is left alone for as long as a retry waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("domain.backup_pool.REFILL_AFTER_REFUSAL", RETRY_INTERVAL * UNIT)
        folder = tmp_path_factory.mktemp("house")
        async with house_on_devserver(folder, suggest_continue_as_new_after=SUGGESTED_AFTER_EVENTS) as opened:
            yield opened


async def keeps_its_promises(house: House, program: Program) -> None:
    """Play a program, and judge after each step."""
    await program.play(house)
    assert house.doubles == []


# A program that fails is short and says all: making it shorter would take minutes.
AS_DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.mark.timeout(800)
@settings(max_examples=25, derandomize=True, database=None, phases=AS_DRAWN, suppress_health_check=list(HealthCheck))
@given(program=PROGRAMS)
async def test_any_program_keeps_the_promises(house: House, program: Program) -> None:
    await keeps_its_promises(house, program)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=500, phases=AS_DRAWN, suppress_health_check=list(HealthCheck))
@given(program=PROGRAMS)
async def test_very_many_programs_keep_the_promises(house: House, program: Program) -> None:
    await keeps_its_promises(house, program)
