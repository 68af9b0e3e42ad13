"""The whole life of a code against a lock that lies: no false claim, no early end, and in the end what was wished.

The machine plays the workflow's loop and the attempts of `activities/programming.py` and `activities/removal.py` over
the pure core, and holds what the domain claims against what a model of the lock truly has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.access_code import AccessCode, Ending, OnLock, Presence, Wish, created
from domain.changes import with_ending, with_name, with_new_pin, with_window
from domain.devices import Capabilities
from domain.events import Event, EventType
from domain.lifecycle import (
    REMOVALS,
    WRITES,
    Action,
    Decision,
    decide,
    is_ahead,
    is_in_window,
    is_over,
    is_refused,
    is_served,
    is_wanted,
    may_open,
    opens,
    status,
    unwanted_since,
    wanted_since,
    window_of,
)
from domain.native_windows import LockClock, LockWindow
from domain.observation import (
    AboutToRemove,
    AboutToWrite,
    FoundNothing,
    NoRoomBeside,
    NothingWritten,
    Observed,
    OfFormer,
    OnePlace,
    Refused,
    SeenOnLock,
    SetAside,
    Sighting,
    alone,
    announce,
    close,
    observe,
)
from domain.policy import Policy
from domain.problems import ProblemCode
from tests.properties.model_lock import ModelLock

START = datetime(2026, 7, 1, 12, tzinfo=UTC)
ATTEMPT = timedelta(seconds=30)
LEASE = ATTEMPT + timedelta(seconds=5)
NOTICES = (EventType.DELAY_IN_SETTING, EventType.FAILED_TO_SET, EventType.FAILED_TO_REMOVE)


def seconds(*values: int) -> st.SearchStrategy[timedelta]:
    return st.sampled_from(values).map(lambda value: timedelta(seconds=value))


class Outcome(StrEnum):
    """What becomes of one write."""

    DONE = "done"
    LIED = "accepted and never done"
    DELAYED = "accepted and done within the time to settle"
    OFFLINE = "not sent"
    LOST = "the worker dies after sending it; it is carried out"
    LOST_LATE = "the worker dies after sending it; it is carried out at the last moment"
    LOST_BEFORE = "the worker dies before sending it"
    REFUSED = "refused for good"
    HELD_BACK = "refused for now"


DEATHS = (Outcome.LOST, Outcome.LOST_LATE, Outcome.LOST_BEFORE)
REFUSALS = {
    Outcome.REFUSED: ProblemCode.CONSTRAINTS_VIOLATED,
    Outcome.HELD_BACK: ProblemCode.NO_SPACE,
}


@dataclass(frozen=True)
class Luck:
    """Everything about one attempt that nobody can foresee.  Reads: the age of what they show, None for no answer."""

    outcome: Outcome = Outcome.DONE
    first_read: float | None = 0
    second_read: float | None = 0
    takes: timedelta = timedelta(0)
    settles_after: float = 0


LUCK = st.builds(
    Luck,
    # The first ones are the likeliest: it takes a code that got somewhere to lose it again.
    outcome=st.sampled_from((*[Outcome.DONE] * 4, *[Outcome.LIED, Outcome.DELAYED, Outcome.LOST_LATE] * 2, *Outcome)),
    first_read=st.sampled_from((0, 0, 1, 1, None)),
    second_read=st.sampled_from((0, 0, 1, 1, None)),
    takes=seconds(0, 0, 0, 30),
    settles_after=st.sampled_from((1, 0.5)),
)

Message = Callable[[AccessCode, datetime], Observed]

END_AFTER = st.sampled_from((None, -60, 1, 120, 900)).map(lambda s: None if s is None else timedelta(seconds=s))


def to_extend(by: timedelta | None) -> Message:
    return lambda code, now: with_window(code, code.wish.starts_at, None if by is None else now + by, now)


def to_postpone(by: timedelta) -> Message:
    return lambda code, now: with_window(code, now + by, None, now)


def to_start_now(code: AccessCode, now: datetime) -> Observed:
    return with_window(code, None, code.wish.ends_at, now)


MESSAGES: st.SearchStrategy[Message] = st.one_of(
    END_AFTER.map(to_extend),
    seconds(1, 60, 600).map(to_postpone),
    st.just(to_start_now),
    st.just(with_new_pin),
    st.just(lambda code, now: with_name(code, "before", f"name at {now}", now)),
)
ENDINGS: st.SearchStrategy[Message] = st.sampled_from(Ending).map(
    lambda ending: lambda code, now: with_ending(code, ending, now)
)


class LifeOfACode(RuleBasedStateMachine):
    """One code, one lock."""

    @initialize(
        settle=seconds(90, 0),
        lag=seconds(60, 0),
        in_place=st.booleans(),
        native=st.booleans(),
        places=st.sampled_from((2, 2, 1)),
        begins=st.sampled_from((None, None, 60)),
        lasts=st.sampled_from((None, 90)),
        shows_names=st.sampled_from((True, True, False)),
    )
    def register(
        self,
        settle: timedelta,
        lag: timedelta,
        in_place: bool,
        native: bool,
        places: int,
        begins: int | None,
        lasts: int | None,
        shows_names: bool = True,
    ) -> None:
        self.now = START
        self.capabilities = Capabilities(reads_lag=lag, writes_settle=settle, can_update_in_place=in_place)
        self.places = places
        self.shows_names = shows_names or native  # a name is all that tells one window from another
        self.lock = self.empty_place()
        self.old: ModelLock | None = None
        """The former's place."""
        starts_at = None if begins is None else START + timedelta(seconds=begins)
        ends_at = None if lasts is None else (starts_at or START) + timedelta(seconds=lasts)
        wish = Wish(starts_at=starts_at, ends_at=ends_at, changed_at=START)
        policy = Policy(native_lead=timedelta(minutes=5))
        clock = LockClock() if native else None
        self.code = created(wish, policy, updates_in_place=in_place, native=clock)
        self.pins = {1: 1}
        """The generation in which the digits of each generation came in."""
        self.windows: dict[int, LockWindow | None] = {}
        """What the lock was told to keep with each generation."""
        self.lease_until = START
        self.events: list[Event] = []
        self.times_seen = 0
        self.announced: set[tuple[EventType, bool, datetime, int, int | None]] = set()
        """What was told, of which digits and which refused generation: others fail anew, if at the same instant."""

    # --- The workflow's loop --------------------------------------------------------------------------------------

    def empty_place(self) -> ModelLock:
        return ModelLock(reads_lag=self.capabilities.reads_lag, past=[(START - timedelta(days=1), None)])

    def fold(self, observed: Observed) -> None:
        self.follow_places(observed.code)
        self.code = observed.code
        self.pins[self.code.wish.generation] = self.code.wish.pin_generation
        self.events += observed.events
        for event in observed.events:
            if event.event_type in NOTICES:
                wanted = is_wanted(self.code, self.now)
                since = wanted_since(self.code) if wanted else unwanted_since(self.code, self.now)
                digits, refused = max(self.pins.values()), self.code.wish.generation if is_refused(self.code) else None
                notice = (event.event_type, wanted, since, digits, refused)
                assert notice not in self.announced, f"told twice: {notice}"
                self.announced.add(notice)

    def follow_places(self, after: AccessCode) -> None:
        """Set a place aside, give it back, or let it go, as the books do (`store.codes`)."""
        before = self.code
        if before.former is None and after.former is not None:
            assert self.places > 1
            self.old, self.lock = self.lock, self.empty_place()
        elif before.former is not None and after.former is None and self.old is not None:
            returns = after.on_lock.generation == before.former.generation
            assert (self.lock if returns else self.old).is_free_for_good
            self.lock, self.old = (self.old if returns else self.lock), None

    @property
    def is_released(self) -> bool:
        """It was left to the lock's owner, wherever it was."""
        return self.code.wish.ending is Ending.RELEASED

    def settle(self) -> Decision:
        """Announce what is due, and end where nothing is left to do."""
        while (decision := decide(self.code, self.now)).notice is not None:
            self.fold(announce(self.code, decision.notice, self.now))
        if decision.action is Action.FINISH and not self.code.closed:
            assert self.is_released or (self.code.on_lock.presence is Presence.ABSENT and self.code.former is None)
            self.fold(close(self.code, self.now))
        return decision

    def move_to(self, later: datetime) -> None:
        """Let time pass as a workflow sees it: it wakes at every instant that matters."""
        while True:
            wake_at = self.settle().wake_at
            if wake_at is None or wake_at > later:
                break
            assert wake_at > self.now
            self.now = wake_at
            self.move_locks()
        self.now = later
        self.move_locks()
        self.settle()

    def move_locks(self) -> None:
        for place in (self.lock, self.old):
            if place is not None:
                place.move_to(self.now)

    def take(self, message: Message) -> None:
        if not is_over(self.code, self.now):
            self.fold(message(self.code, self.now))
            self.settle()

    # --- One attempt, as the activities make it -------------------------------------------------------------------

    def see(self, sighting: Sighting) -> None:
        self.fold(observe(self.code, sighting, self.now, self.capabilities))

    def attempt(self, luck: Luck, meanwhile: Message | None) -> None:
        if self.now < self.lease_until:
            return
        action = self.settle().action
        if action is Action.ADD:
            self.see(SetAside() if self.places > 1 else NoRoomBeside(self.code.wish.generation))
            action = self.settle().action
        if action in WRITES:
            self.lease_until = self.now + LEASE
            self.program(luck, meanwhile)
        elif action in REMOVALS:
            self.lease_until = self.now + LEASE
            self.remove(luck, meanwhile, of_former=action is Action.REMOVE_FORMER)

    def program(self, luck: Luck, meanwhile: Message | None) -> None:
        assert is_wanted(self.code, self.now) or is_ahead(self.code, self.now)
        generation, before = self.code.wish.generation, self.code.on_lock
        is_loaded = before.presence is Presence.PRESENT and before.generation == generation
        looks = is_loaded or before.presence is Presence.MAYBE
        if looks and (luck.first_read is None or self.proves(luck.first_read, generation)):
            return self.end()
        before = self.code.on_lock
        self.windows[generation] = window_of(self.code)
        self.see(AboutToWrite(generation, LEASE, window_of(self.code)))
        self.call(luck, self.lock, generation, meanwhile)
        if luck.outcome in DEATHS:
            return None
        if luck.outcome is Outcome.OFFLINE or luck.outcome in REFUSALS:
            self.see(NothingWritten(before))
            if luck.outcome in REFUSALS:
                for_good = luck.outcome is Outcome.REFUSED
                self.see(Refused(REFUSALS[luck.outcome], generation, for_good=for_good))
        elif luck.second_read is not None:
            self.proves(luck.second_read, generation)
        return self.end()

    def remove(self, luck: Luck, meanwhile: Message | None, *, of_former: bool) -> None:
        place = self.old if of_former else self.lock
        assert place is not None

        def see(sighting: OnePlace) -> None:
            self.see(OfFormer(sighting) if of_former else sighting)

        def subject() -> AccessCode:
            return alone(self.code) if of_former else self.code

        before = subject().on_lock
        if before.presence is Presence.MAYBE:
            if luck.first_read is None or place.shown(self.now, luck.first_read) is None:
                if luck.first_read is not None:
                    see(FoundNothing())
                return self.end()
            seen = self.seen_in(place, luck.first_read, subject().wish.generation)
            if seen is not None:  # what is seen before its removal has arrived
                self.times_seen += 1
                see(seen)
            before = subject().on_lock
        see(AboutToRemove(LEASE))
        self.call(luck, place, None, meanwhile)
        if luck.outcome in DEATHS:
            return None
        if luck.outcome is Outcome.OFFLINE:
            see(NothingWritten(before))
        elif luck.second_read is not None and place.shown(self.now, luck.second_read) is None:
            see(FoundNothing())
        return self.end()

    def call(self, luck: Luck, place: ModelLock, generation: int | None, meanwhile: Message | None) -> None:
        """Send a write; time passes and messages come before anything is made of the answer."""
        sent_at, settle = self.now + luck.takes, self.capabilities.writes_settle
        match luck.outcome:
            case Outcome.DONE | Outcome.LOST:
                place.write(generation, sent_at)
            case Outcome.DELAYED:
                place.write(generation, sent_at + settle * luck.settles_after)
            case Outcome.LOST_LATE:
                place.write(generation, self.now + ATTEMPT + settle)
            case _ if luck.outcome in REFUSALS and generation is None:
                place.write(generation, sent_at)  # locks refuse to take codes, not to give them up
            case _:
                pass
        self.move_to(sent_at)
        if meanwhile is not None:
            self.take(meanwhile)

    def proves(self, age: float, generation: int) -> bool:
        """Read; tell whether it showed what was to be written, or something newer."""
        seen = self.seen_in(self.lock, age, generation)
        if seen is None or seen.generation < generation:
            return False
        self.times_seen += 1
        self.see(seen)
        return True

    def seen_in(self, place: ModelLock, age: float, generation: int) -> SeenOnLock | None:
        """Read, and make of it what an attempt about this generation does (`activities.reading`)."""
        shown = place.shown(self.now, age)
        if shown is None or self.pins[shown] != self.pins[generation]:
            return None
        if self.shows_names and shown != generation:
            return SeenOnLock(self.pins[generation])
        return SeenOnLock(generation, by_digits_alone=not self.shows_names)

    def end(self) -> None:
        self.lease_until = self.now
        self.settle()

    # --- What may happen ------------------------------------------------------------------------------------------

    @rule(after=seconds(0, 1, 40, 65), luck=LUCK)
    def try_on_the_lock(self, after: timedelta, luck: Luck) -> None:
        self.move_to(self.now + after)
        self.attempt(luck, None)

    @rule(luck=LUCK, meanwhile=st.one_of(MESSAGES, ENDINGS))
    def try_while_a_message_comes(self, luck: Luck, meanwhile: Message) -> None:
        self.attempt(luck, meanwhile)

    @rule(by=seconds(35, 95, 700))
    def wait(self, by: timedelta) -> None:
        self.move_to(self.now + by)

    @rule(message=MESSAGES)
    def change(self, message: Message) -> None:
        self.take(message)

    @precondition(lambda self: not self.code.closed)
    @rule(message=ENDINGS)
    def end_early(self, message: Message) -> None:
        self.fold(message(self.code, self.now))
        self.settle()

    @precondition(lambda self: self.code.closed and not self.is_released)
    @rule()
    def delete_after_the_end(self) -> None:
        self.fold(with_ending(self.code, Ending.DELETED, self.now))
        assert self.settle().action is Action.FINISH
        assert self.code.closed

    # --- What must hold -------------------------------------------------------------------------------------------

    @invariant()
    def presence_is_never_claimed_without_truth(self) -> None:
        on_lock: OnLock = self.code.on_lock
        assert on_lock.presence is not Presence.PRESENT or self.has_digits_of(self.lock, on_lock.generation)
        former = self.code.former
        if former is not None and self.old is not None and former.presence is Presence.PRESENT:
            assert self.has_digits_of(self.old, former.generation)
        if opens(self.code, self.now):
            assert any(self.has_digits_of(one, self.code.wish.generation) for one in (self.lock, self.old) if one)
            assert self.door_opens()

    @invariant()
    def guest_who_is_said_to_be_served_can_get_in(self) -> None:
        if is_wanted(self.code, self.now) and is_served(self.code, self.now):
            assert self.door_opens()

    @invariant()
    def door_that_opens_is_known_to(self) -> None:
        """Whatever may open the door now may do so by the books, so that none of it is called scheduled or gone."""
        if self.door_opens() and not self.is_released:
            assert may_open(self.code, self.now) or self.code.native is None

    @invariant()
    def no_place_is_held_twice(self) -> None:
        assert (self.code.former is None) is (self.old is None)
        if self.old is not None and self.lock.truth is not None and self.old.truth is not None:
            assert self.pins[self.lock.truth] != self.pins[self.old.truth], "two live codes with one PIN"

    def door_opens(self) -> bool:
        """Say what the lock does with what it truly has."""
        there = [place.truth for place in (self.lock, self.old) if place is not None and place.truth is not None]
        return any((self.windows.get(generation) or LockWindow()).holds(self.now) for generation in there)

    def has_digits_of(self, place: ModelLock, generation: int | None) -> bool:
        truth = place.truth
        return truth is not None and generation is not None and self.pins[truth] == self.pins[generation]

    @invariant()
    def absence_is_never_claimed_while_anything_may_be_there(self) -> None:
        assert self.code.on_lock.presence is not Presence.ABSENT or self.lock.is_free_for_good
        gone = self.code.on_lock.presence is Presence.ABSENT and self.code.former is None
        assert not self.code.closed or self.is_released or gone

    @invariant()
    def nothing_is_written_outside_the_window(self) -> None:
        decision = decide(self.code, self.now)
        assert decision.action not in (Action.PROGRAM, Action.ADD) or is_in_window(self.code, self.now)
        assert decision.action is not Action.LOAD or self.code.native is not None
        assert decision.wake_at is None or decision.wake_at > self.now

    @invariant()
    def an_ended_code_says_so_once(self) -> None:
        kinds = [event.event_type for event in self.events]
        assert kinds.count(EventType.DELETED) == (self.code.closed and self.code.wish.ending is Ending.DELETED)
        assert kinds.count(EventType.REMOVED_FROM_DEVICE) <= self.times_seen

    def teardown(self) -> None:
        """Once faults stop, the code gets to where it is wanted, within a bounded number of attempts."""
        if not hasattr(self, "code"):
            return
        for _ in range(60):
            self.move_to(self.now + timedelta(seconds=20))
            self.attempt(Luck(), None)
            self.check()
        if is_wanted(self.code, self.now):
            refused = self.code.on_lock.refused_generation == self.code.wish.generation
            assert refused or opens(self.code, self.now), status(self.code, self.now)
        elif not self.is_released:
            assert self.code.former is None
            assert self.code.on_lock.presence is Presence.ABSENT or is_ahead(self.code, self.now)
            assert self.code.closed == is_over(self.code, self.now)

    def check(self) -> None:
        self.presence_is_never_claimed_without_truth()
        self.guest_who_is_said_to_be_served_can_get_in()
        self.no_place_is_held_twice()
        self.absence_is_never_claimed_while_anything_may_be_there()
        self.nothing_is_written_outside_the_window()


TestLifeOfACode = LifeOfACode.TestCase
TestLifeOfACode.settings = settings(
    max_examples=300, stateful_step_count=20, deadline=None, derandomize=True, database=None
)


class _OtherLives(LifeOfACode):
    """The same machine, for lives that are others each time."""


TestOtherLives = pytest.mark.long(pytest.mark.timeout(1800)(_OtherLives.TestCase))
TestOtherLives.settings = settings(max_examples=5000, stateful_step_count=20, deadline=None)


# --- Lives that went wrong once -------------------------------------------------------------------------------------


def life(
    *,
    settles: int = 90,
    lag: int = 0,
    in_place: bool = True,
    native: bool = False,
    begins: int | None = None,
    shows_names: bool = True,
) -> LifeOfACode:
    """Register a code without an end; durations in seconds."""
    played = LifeOfACode()
    played.register(
        settle=timedelta(seconds=settles),
        lag=timedelta(seconds=lag),
        in_place=in_place,
        native=native,
        places=2,
        begins=begins,
        lasts=None,
        shows_names=shows_names,
    )
    return played


NOW = timedelta(0)
UNTIL_A_LOST_WRITE_IS_SETTLED = timedelta(seconds=130)


def rename(code: AccessCode, now: datetime) -> Observed:
    return with_name(code, "before", "after", now)


def cancel(code: AccessCode, now: datetime) -> Observed:
    return with_ending(code, Ending.CANCELLED, now)


@pytest.mark.parametrize("shows_names", [True, False])
def test_older_name_of_its_digits_does_not_settle_a_renaming(shows_names: bool) -> None:
    """The reply to a renaming was lost and the code cancelled: the old name was seen, the code was taken off and
    called gone, and then the new name arrived and put it back on the lock for ever."""
    lived = life(shows_names=shows_names)
    lived.try_on_the_lock(NOW, Luck())
    lived.change(rename)
    lived.try_on_the_lock(NOW, Luck(outcome=Outcome.LOST_LATE))
    lived.end_early(cancel)
    lived.try_on_the_lock(timedelta(seconds=40), Luck(outcome=Outcome.LIED))
    lived.try_on_the_lock(timedelta(seconds=1), Luck())
    lived.check()
    assert not lived.code.closed
    lived.try_on_the_lock(UNTIL_A_LOST_WRITE_IS_SETTLED, Luck())
    assert lived.code.closed


def test_older_name_that_is_seen_twice_while_a_removal_may_arrive_does_not_settle_a_renaming() -> None:
    lived = life()
    lived.try_on_the_lock(NOW, Luck())
    lived.change(to_postpone(timedelta(seconds=1)))
    lived.try_on_the_lock(NOW, Luck(outcome=Outcome.LIED, second_read=None))
    lived.change(to_start_now)
    lived.change(rename)
    lived.try_on_the_lock(timedelta(seconds=80), Luck(outcome=Outcome.LOST_LATE))
    lived.end_early(cancel)
    lived.try_on_the_lock(timedelta(seconds=36), Luck(outcome=Outcome.OFFLINE))
    lived.try_on_the_lock(timedelta(seconds=10), Luck())
    lived.check()
    lived.try_on_the_lock(UNTIL_A_LOST_WRITE_IS_SETTLED, Luck())
    assert lived.code.closed


def test_code_that_was_there_does_not_settle_its_being_written_again() -> None:
    """It had been loaded ahead, and a read at its start, behind the truth, did not show it: it was written again, and
    seen, and then the second order arrived after its removal."""
    lived = life(lag=60, native=True, begins=60)
    lived.try_on_the_lock(timedelta(seconds=1), Luck())
    lived.try_on_the_lock(timedelta(seconds=59), Luck(outcome=Outcome.LOST_LATE, first_read=1))
    lived.try_on_the_lock(timedelta(seconds=36), Luck())
    lived.end_early(cancel)
    lived.try_on_the_lock(NOW, Luck())
    lived.try_on_the_lock(timedelta(minutes=1), Luck())
    lived.check()
    for _ in range(2):
        lived.try_on_the_lock(timedelta(minutes=1), Luck())
    assert lived.code.closed


def test_refused_code_that_is_put_off_and_brought_back_at_once_has_failed_once() -> None:
    lived = life()
    lived.try_on_the_lock(NOW, Luck(outcome=Outcome.REFUSED))
    for _ in range(2):
        lived.change(to_postpone(timedelta(seconds=1)))
        lived.change(to_start_now)
    assert [event.event_type for event in lived.events].count(EventType.FAILED_TO_SET) == 1


def test_older_name_does_not_tell_which_window_the_lock_keeps() -> None:
    """The first order came late, over the second with its later start: the door opened, and the books called it shut."""
    lived = life(native=True)
    lived.try_on_the_lock(NOW, Luck(outcome=Outcome.LOST_LATE))
    lived.change(to_postpone(timedelta(minutes=10)))
    lived.try_on_the_lock(timedelta(seconds=40), Luck(outcome=Outcome.LOST))
    lived.change(to_postpone(timedelta(minutes=10)))
    lived.end_early(cancel)
    for later in (36, 100):
        lived.try_on_the_lock(timedelta(seconds=later), Luck(outcome=Outcome.OFFLINE))
        lived.door_that_opens_is_known_to()
    assert lived.door_opens()
    lived.try_on_the_lock(NOW, Luck())
    assert lived.code.closed
