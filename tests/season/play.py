"""Playing a season from its first day to the end, and what came of it."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from providers.simulated.cloud import LockCloud
from tests.house import new_ring, open_house
from tests.season import judge, plan, record
from tests.season.spans import total
from tests.season.stage import Stage, WatchedLock
from tests.workflows.conftest import time_skipping_server

Tell = Callable[[str], None]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Outcome:
    """The season's table, and every promise that was broken."""

    season: plan.Season
    figures: dict[str, float]
    faults: dict[str, int]
    breaches: list[judge.Breach]
    known: list[str]
    """What is known of the stays whose promises were broken, to begin looking with."""

    @property
    def as_json(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "seed": self.season.seed,
            "opens_on": self.season.opens_at.date().isoformat(),
            "size": {name: str(value) for name, value in asdict(self.season.size).items()},
            "figures": self.figures,
            "faults": self.faults,
            "breaches": [str(breach) for breach in self.breaches],
            "known": self.known,
        }


@asynccontextmanager
async def house_of(season: Callable[[datetime], plan.Season], folder: Path) -> AsyncIterator[Stage]:
    """Build the house for a season, which is drawn once the engine's present is known."""
    keyring = new_ring()
    async with time_skipping_server(keyring) as env:
        drawn = season(await env.get_current_time())
        locks = {door.name: WatchedLock(door) for door in drawn.doors}
        cloud = LockCloud(locks.values(), seed=drawn.seed)
        async with open_house(env, env.client, keyring, folder, cloud=cloud) as house:
            with env.auto_time_skipping_disabled():
                yield Stage(house, drawn, locks)


async def play(stage: Stage, tell: Tell, bounds: judge.Bounds | None = None) -> Outcome:
    """Play a season, and judge it."""
    bounds, season = bounds or judge.Bounds(), stage.season
    await stage.open()
    agenda = _agenda(season, bounds)
    for done, (at, what) in enumerate(agenda):
        await stage.house.pass_time(until=at)
        if isinstance(what, plan.Step):
            await stage.play(what)
        elif isinstance(what, int):
            await stage.judge_pulls([what], bounds)
        else:
            await stage.look()
        if done % 200 == 0:
            tell(f"{at:%Y-%m-%d %H:%M}  {done} of {len(agenda)}")
    return await _judged(stage, await _clear_out(stage, bounds), bounds)


def _agenda(season: plan.Season, bounds: judge.Bounds) -> list[tuple[datetime, plan.Step | int | None]]:
    """Everything that is to be done, in order: steps, stays to be judged (a number), and looks at the locks (None)."""
    every, at = season.size.look_every, season.opens_at + season.size.look_every
    looks: list[tuple[datetime, plan.Step | int | None]] = []
    while at < season.closes_at:
        looks.append((at, None))
        at += every
    judged = [(stay.starts_at + bounds.backup_after + bounds.slack, stay.stay) for stay in plan.booked(season)]
    steps = [(step.at, step) for step in season.steps]
    return sorted([*looks, *judged, *steps], key=lambda entry: entry[0])


async def _clear_out(stage: Stage, bounds: judge.Bounds) -> list[judge.Breach]:
    """Faults stop: in the end nothing is on any lock, and every workflow has ended.  Give what is left all the same."""
    await stage.close()
    by = await stage.house.now() + 2 * bounds.retry_interval + stage.season.size.look_every
    await stage.look()
    while left := await stage.left():
        if await stage.house.now() >= by:
            return left
        await stage.house.pass_time(until=await stage.house.now() + 5 * MINUTE)
    return []


async def _judged(stage: Stage, left: list[judge.Breach], bounds: judge.Bounds) -> Outcome:
    locks, stays = record.locks_of(stage), await record.stays_of(stage)
    by_name = {lock.name: lock for lock in locks}
    breaches = [*stage.unpulled, *judge.judge(locks, stays, bounds), *left]
    events, (orders, retries) = await record.events_of(stage), await record.tries_of(stage)
    began = [stay for stay in stays if stay.due_at > stay.starts_at + bounds.backup_after]
    opened = {stay.number: judge.opened_at(by_name[stay.door], stay) for stay in began}
    late = {stay.number: at - stay.starts_at for stay in began if (at := opened[stay.number]) is not None}
    exposed = total(span for stay in stays for span in judge.exposures(by_name[stay.door], stay))
    struck = Counter(kind for call in stage.house.cloud.calls if call.fault for kind in call.fault.split("+"))
    figures = {
        "stays": len(stays),
        "stays that began": len(began),
        "late sets": sum(lateness > bounds.late_after for lateness in late.values()),
        "never opened": sum(at is None for at in opened.values()),
        "worst lateness, minutes": max(late.values(), default=timedelta(0)) / MINUTE,
        "backups pulled": events["backup_access_code_pulled"],
        "exposure, minutes": exposed / MINUTE,
        "drift repaired": events["modified_external_to_seam"] + events["deleted_external_to_seam"],
        "keypad edits": stage.counted["KeypadEdit"] - stage.counted["KeypadEdit in vain"],
        "factory resets": stage.counted["FactoryReset"],
        "looks at all locks": stage.counted["looks"],
        "orders to locks": orders,
        "of these retries": retries,
        "calls to the cloud": len(stage.house.cloud.calls),
        "breaches": len(breaches),
    }
    broken = sorted({breach.stay for breach in breaches if breach.stay is not None})
    known = [await record.known_of(stage.guests[number]) for number in broken]
    return Outcome(stage.season, figures, dict(sorted(struck.items())), breaches, known)


async def played(season: Callable[[datetime], plan.Season], folder: Path, tell: Tell) -> Outcome:
    """Build a house, play a season in it and judge it."""
    async with house_of(season, folder) as stage:
        return await play(stage, tell)
