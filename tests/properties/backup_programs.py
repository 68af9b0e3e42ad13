"""Programs of guests, pulls, faults and time, as Hypothesis draws them for the real engine."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.house import House
from tests.properties.backup_scene import Guest, Scene


@dataclass(frozen=True)
class Welcome:
    """A guest's code is registered."""

    lock: int
    starts_in: int
    lasts: int | None

    async def play(self, scene: Scene) -> None:
        await scene.welcome(scene.locks[self.lock % len(scene.locks)], self.starts_in, self.lasts)


@dataclass(frozen=True)
class Pull:
    """Some pull at once; a guest that is named twice pulls twice."""

    guests: tuple[int, ...]

    async def play(self, scene: Scene) -> None:
        if scene.guests:
            await scene.pull([_guest(scene, number) for number in self.guests])


@dataclass(frozen=True)
class Delete:
    """A guest's code is deleted."""

    guest: int

    async def play(self, scene: Scene) -> None:
        if scene.guests:
            await scene.delete(_guest(scene, self.guest))


@dataclass(frozen=True)
class MoveEnd:
    """A guest leaves earlier or later."""

    guest: int
    to: int

    async def play(self, scene: Scene) -> None:
        if scene.guests:
            await scene.move_end(_guest(scene, self.guest), self.to)


@dataclass(frozen=True)
class Fault:
    """A lock fails."""

    lock: int
    kind: str
    on: str

    async def play(self, scene: Scene) -> None:
        await scene.fault(scene.locks[self.lock % len(scene.locks)], self.kind, self.on)


@dataclass(frozen=True)
class Heal:
    """A lock is well again."""

    lock: int

    async def play(self, scene: Scene) -> None:
        await scene.heal(scene.locks[self.lock % len(scene.locks)])


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    units: int

    async def play(self, scene: Scene) -> None:
        await scene.wait(self.units)


@dataclass(frozen=True)
class Restart:
    """The workers are replaced by some who remember nothing, while what comes next goes on."""

    async def play(self, scene: Scene) -> None:
        await scene.restart_workers()


def _guest(scene: Scene, number: int) -> Guest:
    return scene.guests[number % len(scene.guests)]


Step = Welcome | Pull | Delete | MoveEnd | Fault | Heal | Wait | Restart
SOME = st.integers(0, 3)
ONE = st.integers(0, 1)
WELCOME = st.builds(Welcome, ONE, st.sampled_from((0, 0, 2)), st.sampled_from((3, 30, None)))
FAULTS = (
    ("offline", "any"),
    ("http_500", "program"),
    ("lost_reply", "any"),
    ("lying_success", "program"),
    ("http_503", "read"),
    ("reject", "program"),
    ("slots_full", "program"),
)
STEPS: st.SearchStrategy[Step] = st.one_of(
    WELCOME,
    st.builds(Pull, st.lists(SOME, min_size=1, max_size=4).map(tuple)),
    st.builds(Pull, st.lists(SOME, min_size=2, max_size=4).map(tuple)),
    st.builds(Delete, SOME),
    st.builds(MoveEnd, SOME, st.sampled_from((-1, 1, 60))),
    st.tuples(ONE, st.sampled_from(FAULTS)).map(lambda drawn: Fault(drawn[0], *drawn[1])),
    st.builds(Heal, ONE),
    st.builds(Wait, st.sampled_from((1, 3, 10))),
    st.builds(Restart),
)


@dataclass(frozen=True)
class Program:
    """What happens to so many locks with so few backup codes that pools run dry, from their first guests on."""

    locks: int
    size: int
    guests: tuple[Welcome, ...]
    steps: tuple[Step, ...]

    async def play(self, house: House) -> None:
        """Play it on fresh locks, and judge after each step."""
        scene = await Scene.opened(house, self.locks, self.size)
        try:
            for step in (*self.guests, *self.steps):
                await step.play(scene)
                await scene.judge()
        finally:
            await scene.hands_changed()
        await scene.judge_recovery()
        await scene.leave()


PROGRAMS = st.builds(
    Program,
    locks=st.integers(1, 2),
    size=st.integers(1, 2),
    guests=st.lists(WELCOME, min_size=1, max_size=2).map(tuple),
    steps=st.lists(STEPS, min_size=2, max_size=5).map(tuple),
)
