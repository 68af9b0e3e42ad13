"""Guests come and go over nights on which clocks are moved, everything goes wrong, and the promises hold."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.season.plan import Season, Size, booked, clocks_move, draw, spring
from tests.season.play import Outcome, played

SMALL = Size(locks=3, stays=12, cloud_outages=1, account_outages=1, look_every=timedelta(hours=8))
SEED = 3254
"""One whose guests meet nearly everything in nine days, one of them leaving at half past two in that night."""
BERLIN = ZoneInfo("Europe/Berlin")


def small(now: datetime) -> Season:
    """A few days round the night on which Berlin's clocks are moved."""
    days = (spring(now) + timedelta(days=day) for day in range(60))
    return draw(SEED, next(day for day in days if clocks_move(BERLIN, day)) - timedelta(days=2), SMALL)


def tell(line: str) -> None:
    """Tell on the way, for whoever waits."""
    print(line, file=sys.stderr)


def judge_that_it_was_kept(outcome: Outcome) -> None:
    """No promise was broken."""
    assert [str(breach) for breach in outcome.breaches] == [], f"seed {outcome.season.seed}"


@pytest.mark.timeout(240)
async def test_a_few_days_keep_the_promises(tmp_path: Path) -> None:
    """Of which one night has half past two missing; guests who are late, pulls and repairs are among them."""
    outcome = await played(small, tmp_path, tell)
    judge_that_it_was_kept(outcome)
    figures, nights = outcome.figures, dict(outcome.season.nights)
    assert nights[BERLIN.key] in {stay.ends_at.astimezone(BERLIN).date() for stay in booked(outcome.season)}
    assert figures["stays"] == SMALL.stays
    assert min(figures["backups pulled"], figures["drift repaired"], figures["of these retries"]) > 0


@pytest.mark.long
@pytest.mark.timeout(7200)
async def test_a_whole_season_keeps_the_promises(tmp_path: Path) -> None:
    judge_that_it_was_kept(await played(lambda now: draw(1, spring(now), Size()), tmp_path, tell))
