"""The pool's promises on the real engine: any program of guests, pulls, faults and time keeps them.

Each example is a program of steps against fresh locks in one house on virtual time.  This server neither forgets a
dead worker's cache nor asks a workflow to start over: `tests/e2e/test_backup_pool_restarts.py` plays the same programs
on a server that does both.
"""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.house import House
from tests.properties.backup_programs import PROGRAMS, Program


async def keeps_its_promises(house: House, program: Program) -> None:
    """Play a program, and judge after each step."""
    with house.env.auto_time_skipping_disabled():
        await program.play(house)
    assert house.doubles == []


# A program that fails is short and says all: making it shorter would take minutes.
AS_DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.mark.long
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
