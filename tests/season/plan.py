"""A season at some locks: who stays when, what they change, and everything that goes wrong meanwhile.

Drawn from one seed and nothing else: the same seed, opening and size give the same season, to the second.  Instants
are chosen on each door's own clocks, so that stays begin and end in the nights in which those are moved, at half past
two that does not exist as well as at half past two that comes twice.

A door's kind is an entry of `KINDS`; another kind of lock is one more entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from domain.devices import Capabilities, DeviceFacts
from providers.simulated.faults import FaultKind, FaultTarget

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Europe/London", "Asia/Tokyo")
"""Both hemispheres, three nights on which clocks are moved within a month, and a zone that never moves them."""

NIGHT = time(2, 30)
"""Half past two: on the night of a change it does not exist, or comes twice."""

LAG = timedelta(seconds=30)
"""How far the reads of a lagging lock are behind."""

KINDS: dict[str, dict[str, object]] = {
    "plain": {},
    "write once": {"capabilities": Capabilities(can_update_in_place=False)},
    "masked": {"capabilities": Capabilities(masks_codes=True)},
    "lagging": {"capabilities": Capabilities(reads_lag=LAG)},
    "six digits": {"supported_code_lengths": (6,)},
}
"""What tells locks of a kind from plain ones."""

_KIND_OF = ("plain", "plain", "write once", "plain", "masked", "plain", "lagging", "plain", "six digits", "plain")
"""The kinds of doors in their order."""


@dataclass(frozen=True)
class Size:
    """How large a season is."""

    locks: int = 20
    stays: int = 400
    troubles_per_stay: float = 0.6
    keypad_per_stay: float = 0.12
    resets_per_lock: float = 0.25
    cloud_outages: int = 4
    account_outages: int = 2
    look_every: timedelta = timedelta(hours=2)
    """How often locks are compared with the books."""


@dataclass(frozen=True)
class Door:
    """One lock, and where it is."""

    number: int
    zone: str
    kind: str

    @property
    def name(self) -> str:
        """What its owner calls it."""
        return f"Door {self.number + 1:02}"

    @property
    def facts(self) -> DeviceFacts:
        """What its vendor tells of it."""
        told = {"lock_id": f"door-{self.number + 1:02}", "name": self.name, "time_zone": self.zone} | {
            "battery_level": 0.8,
            "max_active_codes_supported": 20,
        }
        return DeviceFacts.model_validate(told | KINDS[self.kind])


@dataclass(frozen=True)
class Step:
    """Something that happens at an instant."""

    at: datetime


@dataclass(frozen=True)
class Booked(Step):
    """A stay is booked."""

    stay: int
    door: Door
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class EndMoved(Step):
    """A guest stays longer, or leaves early."""

    stay: int
    ends_at: datetime


@dataclass(frozen=True)
class Deleted(Step):
    """A stay is cancelled before its beginning, or its code deleted in its midst."""

    stay: int


@dataclass(frozen=True)
class Cancelled(Step):
    """Somebody cancels the workflow of a stay's code in Temporal."""

    stay: int


@dataclass(frozen=True)
class PinChanged(Step):
    """A guest is given other digits."""

    stay: int
    pin: str = field(repr=False)


@dataclass(frozen=True)
class Trouble(Step):
    """A fault on one lock, or with `door` None on the whole cloud or account."""

    door: Door | None
    kind: FaultKind
    lasts: timedelta
    on: FaultTarget = FaultTarget.ANY
    parameters: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class KeypadEdit(Step):
    """Somebody at the door takes a stay's code off, or with digits gives it others."""

    stay: int
    pin: str | None = field(repr=False)


@dataclass(frozen=True)
class KeypadCode(Step):
    """Somebody at the door adds a code of their own."""

    door: Door
    pin: str = field(repr=False)


@dataclass(frozen=True)
class FactoryReset(Step):
    """Somebody puts a lock back to the state of the factory."""

    door: Door


@dataclass(frozen=True)
class Season:
    """Everything that happens, in order."""

    seed: int
    size: Size
    opens_at: datetime
    closes_at: datetime
    doors: tuple[Door, ...]
    steps: tuple[Step, ...]

    @property
    def nights(self) -> list[tuple[str, date]]:
        """The nights within it on which clocks are moved, by zone."""
        zones = dict.fromkeys(door.zone for door in self.doors)
        days = (self.closes_at - self.opens_at).days + 1
        every = [self.opens_at.date() + timedelta(days=day) for day in range(days)]
        return [(zone, day) for zone in zones for day in every if clocks_move(ZoneInfo(zone), day)]


def draw(seed: int, opens_on: date, size: Size) -> Season:
    """Draw a season that begins on a day."""
    return _Pen(Random(f"season {seed}"), seed, opens_on, size).season()


def spring(now: datetime) -> date:
    """Give the next day from which Berlin, New York and Sydney all move their clocks within a month."""
    this_year = date(now.year, 3, 7)
    return this_year if now.date() < this_year else date(now.year + 1, 3, 7)


def local(zone: ZoneInfo, day: date, at: time, fold: int = 0) -> datetime:
    """Give the instant of a time of a door's clock; one that does not exist is as much after the change as it says."""
    return datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC)


def clocks_move(zone: ZoneInfo, day: date) -> bool:
    """Tell whether a zone's clocks are moved on a day."""
    before, after = (datetime.combine(day + timedelta(days=d), time(0), zone).utcoffset() for d in (0, 1))
    return before != after


@dataclass
class _Pen:
    """Writes one season."""

    dice: Random
    seed: int
    opens_on: date
    size: Size
    steps: list[Step] = field(default_factory=list)
    stays: list[Booked] = field(default_factory=list)

    def season(self) -> Season:
        opens_at = datetime.combine(self.opens_on, time(0), UTC)
        doors = tuple(
            Door(number, ZONES[number % len(ZONES)], _KIND_OF[number % len(_KIND_OF)])
            for number in range(self.size.locks)
        )
        for door in doors:
            share = self.size.stays // len(doors) + (door.number < self.size.stays % len(doors))
            self._book(door, share, opens_at)
        for stay in self.stays:
            self._live(stay)
        closes_at = max(stay.ends_at for stay in self.stays) + timedelta(days=1)
        for door in doors:
            self._trouble_at(door)
        self._trouble_everywhere(opens_at, closes_at)
        return Season(
            self.seed, self.size, opens_at, closes_at, doors, tuple(sorted(self.steps, key=lambda step: step.at))
        )

    def _book(self, door: Door, count: int, opens_at: datetime) -> None:
        """Fill a door's calendar: often the next guest comes at the instant at which the last one leaves."""
        zone, day, previous = ZoneInfo(door.zone), self.opens_on + timedelta(days=1), None
        for _ in range(count):
            gap_0 = previous is not None and self.dice.random() < 0.4
            if gap_0 and previous is not None:
                starts_at = previous
            else:
                day += timedelta(days=self.dice.choice((0, 0, 0, 1)))
                starts_at = local(zone, day, time(self.dice.choice((15, 16, 17)), self.dice.choice((0, 0, 30))))
            day += timedelta(days=self.dice.choice((1, 1, 1, 2, 2, 3)))
            ends_at = self._leaves(zone, day)
            booked_at = max(opens_at, starts_at - timedelta(hours=self.dice.choice((2, 12, 30, 70))))
            stay = Booked(booked_at, len(self.stays), door, starts_at, ends_at)
            self.stays.append(stay)
            self.steps.append(stay)
            previous = ends_at

    def _leaves(self, zone: ZoneInfo, day: date) -> datetime:
        """Leave in the morning; in a night on which clocks are moved, mostly in the hour that is moved."""
        if clocks_move(zone, day) and self.dice.random() < 0.8:
            return local(zone, day, NIGHT, fold=self.dice.choice((0, 1)))
        return local(zone, day, time(self.dice.choice((9, 10, 11)), self.dice.choice((0, 0, 30))))

    def _live(self, stay: Booked) -> None:
        """Say what a guest, or whoever booked, changes."""
        lasts = stay.ends_at - stay.starts_at
        midst = stay.starts_at + lasts * self.dice.uniform(0.2, 0.8)
        number, dice = stay.stay, self.dice.random()
        if dice < 0.12:
            late = timedelta(hours=self.dice.choice((1, 3, 20)))
            self.steps.append(EndMoved(stay.ends_at - timedelta(minutes=70), number, stay.ends_at + late))
        elif dice < 0.22:
            self.steps.append(EndMoved(midst, number, midst + timedelta(minutes=self.dice.choice((0, 5, 90)))))
        elif dice < 0.28:
            self.steps.append(Deleted(midst, number))
        elif dice < 0.34:
            before = max(stay.at + timedelta(minutes=5), stay.starts_at - timedelta(hours=self.dice.choice((1, 6))))
            self.steps.append(Deleted(before, number))
        elif dice < 0.38:
            self.steps.append(Cancelled(midst, number))
        elif dice < 0.50:
            self.steps.append(PinChanged(midst, number, self._digits()))
        if self.dice.random() < self.size.keypad_per_stay:
            at = stay.starts_at + lasts * self.dice.uniform(0.05, 0.95)
            pin = None if stay.door.kind == "masked" or self.dice.random() < 0.6 else self._digits()
            self.steps.append(KeypadEdit(at, number, pin))

    def _trouble_at(self, door: Door) -> None:
        """Have a lock fail, often just as a guest arrives or leaves."""
        stays = [stay for stay in self.stays if stay.door == door]
        for stay in stays:
            if self.dice.random() < self.size.troubles_per_stay:
                turn = self.dice.choice((stay.starts_at, stay.ends_at))
                at = turn + timedelta(minutes=self.dice.choice((-60, -20, -5, -1, 1, 30, 200)))
                self.steps.append(self._trouble(max(at, stay.at), door))
        at = self.dice.choice(stays).starts_at - timedelta(hours=self.dice.uniform(0, 40))
        self.steps.append(KeypadCode(max(at, min(stay.at for stay in stays)), door, self._digits()))
        if self.dice.random() < self.size.resets_per_lock:
            stay = self.dice.choice(stays)
            at = stay.starts_at + (stay.ends_at - stay.starts_at) * self.dice.uniform(-0.1, 0.9)
            self.steps.append(FactoryReset(at, door))

    def _trouble(self, at: datetime, door: Door) -> Trouble:
        minutes = self.dice.choice((5, 12, 30, 90))
        lasts = timedelta(minutes=minutes)
        lagging = door.kind == "lagging"
        drawn: tuple[Trouble, ...] = (
            Trouble(at, door, FaultKind.OFFLINE, timedelta(hours=self.dice.choice((1, 3, 9, 30)))),
            Trouble(at, door, FaultKind.OFFLINE, lasts),
            Trouble(at, door, FaultKind.FLAPPING, 2 * lasts, parameters=(("period_seconds", 240.0),)),
            Trouble(at, door, FaultKind.HTTP_500, lasts, FaultTarget.PROGRAM),
            Trouble(at, door, FaultKind.HTTP_503, lasts, FaultTarget.READ),
            Trouble(at, door, FaultKind.HTTP_503, lasts, FaultTarget.REMOVE),
            Trouble(at, door, FaultKind.HTTP_429, lasts, parameters=(("retry_after", 60.0), ("probability", 0.5))),
            Trouble(at, door, FaultKind.RESET_BEFORE, lasts, parameters=(("probability", 0.5),)),
            Trouble(at, door, FaultKind.LOST_REPLY, lasts, parameters=(("probability", 0.6),)),
            Trouble(at, door, FaultKind.LYING_SUCCESS, lasts, parameters=(("probability", 0.5),)),
            Trouble(at, door, FaultKind.DELAYED_EFFECT, lasts, parameters=(("delay_seconds", 20.0),)),
            Trouble(at, door, FaultKind.STALE_READ, lasts, parameters=(("seconds_ago", 0.5 if lagging else 60.0),)),
            Trouble(at, door, FaultKind.MALFORMED, lasts, parameters=(("probability", 0.5),)),
            Trouble(at, door, FaultKind.WRONG_LOCK, lasts, FaultTarget.READ, parameters=(("probability", 0.5),)),
        )
        return self.dice.choice(drawn)

    def _trouble_everywhere(self, opens_at: datetime, closes_at: datetime) -> None:
        span = closes_at - opens_at
        for _ in range(self.size.cloud_outages):
            at = opens_at + span * self.dice.uniform(0.05, 0.9)
            lasts = timedelta(minutes=self.dice.choice((10, 45, 180)))
            self.steps.append(Trouble(at, None, self.dice.choice((FaultKind.HTTP_503, FaultKind.RESET_BEFORE)), lasts))
        for _ in range(self.size.account_outages):
            at = opens_at + span * self.dice.uniform(0.05, 0.9)
            lasts = timedelta(minutes=self.dice.choice((20, 240)))
            self.steps.append(Trouble(at, None, FaultKind.ACCOUNT_DISCONNECTED, lasts))

    def _digits(self) -> str:
        return "".join(self.dice.choices("123456789", k=6))


def booked(season: Season) -> Iterator[Booked]:
    """List the stays."""
    return (step for step in season.steps if isinstance(step, Booked))
