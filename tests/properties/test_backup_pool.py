"""A pool among many guests and bad locks: each backup is one claim's for ever, and the pool is full again in the end.

The machine plays `activities/backup_pools.py` over the pure core: it looks at a pool, writes down what came of it, and
has the locks do to the codes whatever locks and operators do.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.backup_pool import (
    REFILL_AFTER_REFUSAL,
    Backup,
    BackupPool,
    Claimant,
    HandOut,
    Member,
    carried_out,
    hand_out,
    leftovers,
    member_id,
    plan,
    taken_off,
)
from domain.pool_problems import FEW_ACTIVE, MANY_ACTIVE, Stock, with_stock
from domain.problems import ProblemCode, Problems, has

START = datetime(2026, 7, 1, 12, tzinfo=UTC)
NAMES = UUID(int=0)
FRONT, BACK, GATE = (uuid5(NAMES, name) for name in ("front door", "back door", "gate"))
GROUP = (FRONT, BACK)
POOLS = ((FRONT,), (GATE,), GROUP)
SIZE = 2


@dataclass
class Guest:
    """A code that may ask."""

    id: UUID
    device_id: UUID
    claim: str
    arrives_at: datetime
    is_over: bool = False

    @property
    def claimant(self) -> Claimant:
        """The code as a pool sees it."""
        return Claimant(access_code_id=self.id, device_id=self.device_id, claim=self.claim, arrives_at=self.arrives_at)


@dataclass
class Books:
    """One pool, its guests, and all that was ever promised of it."""

    pool: BackupPool
    guests: list[Guest] = field(default_factory=list)
    claims_of: dict[UUID, set[str]] = field(default_factory=dict)
    """The claims that each backup ever served."""
    has: dict[UUID, UUID] = field(default_factory=dict)
    """Which backup's code each guest was handed last."""
    problems: dict[UUID, Problems] = field(default_factory=dict)

    @property
    def members(self) -> list[Member]:
        """Every code of the pool."""
        return [member for backup in self.pool.backups for member in backup.members]


def _is_gone(backup: Backup) -> bool:
    return bool(backup.members) and all(member.is_gone for member in backup.members)


class PoolAmongGuests(RuleBasedStateMachine):
    """A lock of its own, another, and a pair whose guests share their digits."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.counted = 0
        self.books = [Books(BackupPool(device_ids=locks, size=SIZE)) for locks in POOLS]
        for books in self.books:  # what matters begins when there is something to hand out
            self.look(books, [])
            self.register(books)
            self.confirm(books, lambda one: True)

    def new_id(self) -> UUID:
        self.counted += 1
        return uuid5(NAMES, str(self.counted))

    # --- A look at a pool, as its activity takes it ---------------------------------------------------------------

    def look(self, books: Books, asking: Collection[Guest]) -> None:
        claimants = [guest.claimant for guest in asking if not guest.is_over]
        before = books.pool
        pool, handed = hand_out(before, claimants)
        self.judge_answers(books, before, pool, claimants, handed)
        living = {(guest.claim, guest.device_id) for guest in books.guests if not guest.is_over}
        pool = taken_off(pool, leftovers(pool, living))
        wanted = plan(pool, self.now)
        books.pool = carried_out(pool, wanted, [self.new_id() for _ in range(wanted.begin)], self.now)
        self.judge_size(books.pool, begun=wanted.begin)
        self.close_what_is_over(books)
        self.note_stock(books)

    def close_what_is_over(self, books: Books) -> None:
        left = tuple(backup for backup in books.pool.backups if not backup.is_over)
        books.pool = books.pool.model_copy(update={"backups": left})

    def note_stock(self, books: Books) -> None:
        pool = books.pool
        for device_id in pool.device_ids:
            there = [(one, one.on(device_id)) for one in pool.backups]
            codes = [(backup, member) for backup, member in there if member is not None and not member.is_gone]
            idle = [member for backup, member in codes if backup.claim is None and not member.is_leaving]
            rests = pool.refused_at is not None and self.now < pool.refused_at + REFILL_AFTER_REFUSAL
            stock = Stock(
                size=pool.size,
                ready=pool.ready_on(device_id),
                is_late=rests or any(member.is_late or member.is_refused for member in idle),
                is_cramped=pool.target < pool.size,
            )
            active = sum(member.stands_in_for is not None for _, member in codes)
            before = books.problems.get(device_id, ())
            stocks = [stock] if pool.is_enabled else []
            books.problems[device_id] = with_stock(before, stocks, active, self.now)
            self.judge_problems(books.problems[device_id], stock if pool.is_enabled else None, active)

    # --- What every look must come to -----------------------------------------------------------------------------

    def judge_answers(
        self,
        books: Books,
        before: BackupPool,
        after: BackupPool,
        claimants: list[Claimant],
        handed: tuple[HandOut, ...],
    ) -> None:
        answers = {one.access_code_id: one for one in handed}
        assert len(answers) == len({one.access_code_id for one in handed})
        assert hand_out(after, claimants)[1] == handed, "the same question has the same answer"
        for claimant in claimants:
            answer = answers.get(claimant.access_code_id)
            self.judge_repetition(books, before, claimant, answer)
            if answer is None:
                self.judge_refusal(after, claimant)
            else:
                self.judge_code(before, claimant, answer)
                books.claims_of.setdefault(answer.backup_id, set()).add(claimant.claim)
                books.has[claimant.access_code_id] = answer.backup_id
        self.judge_order(before, claimants, answers)

    def judge_repetition(self, books: Books, before: BackupPool, claimant: Claimant, answer: HandOut | None) -> None:
        """Who has a stand-in that may be on the lock is answered with the same."""
        had = books.has.get(claimant.access_code_id)
        backup = next((one for one in before.backups if one.id == had), None)
        member = None if backup is None else backup.on(claimant.device_id)
        if member is not None and not member.is_gone:
            assert answer is not None
            assert answer.backup_id == had

    def judge_refusal(self, after: BackupPool, claimant: Claimant) -> None:
        """Nobody asks in vain but where nothing is ready, or where the claim's own backup is no good there."""
        own = [backup for backup in after.backups if backup.claim == claimant.claim]
        if not own:
            assert after.ready_on(claimant.device_id) == 0
            return
        member = own[0].on(claimant.device_id)
        assert member is None or not member.opens or member.is_leaving or member.is_gone or member.stands_in_for

    def judge_code(self, before: BackupPool, claimant: Claimant, answer: HandOut) -> None:
        backup = next(one for one in before.backups if one.id == answer.backup_id)
        member = backup.on(claimant.device_id)
        assert member is not None
        assert member.access_code_id == answer.backup_access_code_id
        assert backup.claim in (None, claimant.claim)
        assert member.stands_in_for in (None, claimant.access_code_id)
        if member.stands_in_for is None:
            assert member.opens
            assert not member.is_leaving
            assert not member.is_gone

    def judge_order(self, before: BackupPool, claimants: list[Claimant], answers: dict[UUID, HandOut]) -> None:
        """Who waits on a lock came later than who was given a code there; a claim comes with the first of its guests."""
        claimed = {backup.claim for backup in before.backups}
        fresh = [one for one in claimants if one.claim not in claimed]
        served = {one.claim for one in fresh if one.access_code_id in answers}
        for waiting in fresh:
            if waiting.claim not in served:
                there = [one for one in fresh if one.device_id == waiting.device_id]
                sooner = [one for one in there if one.access_code_id in answers]
                first = {claim: min(o.arrives_at for o in fresh if o.claim == claim) for claim in served}
                assert all(first[one.claim] <= waiting.arrives_at for one in sooner)

    def judge_size(self, pool: BackupPool, *, begun: int) -> None:
        """Count by hand: what nobody has takes a place until its last code is gone."""
        room = SIZE if pool.room is None else min(SIZE, pool.room)
        most = room if pool.is_enabled else 0
        there = [one for one in pool.backups if one.claim is None and not _is_gone(one)]
        staying = [one for one in there if not any(member.is_leaving for member in one.members)]
        assert len(staying) <= most
        assert begun == 0 or len(there) <= most

    def judge_problems(self, problems: Problems, stock: Stock | None, active: int) -> None:
        nothing_ready = stock is not None and stock.ready == 0
        assert has(problems, ProblemCode.EMPTY_POOL) is nothing_ready
        is_full = stock is None or stock.ready >= stock.size
        is_stuck = stock is not None and not is_full and (stock.is_late or stock.is_cramped)
        assert not is_stuck or has(problems, ProblemCode.PARTIAL_POOL)
        assert not is_full or not has(problems, ProblemCode.PARTIAL_POOL)
        assert active < MANY_ACTIVE or has(problems, ProblemCode.MANY_ACTIVE_BACKUPS)
        assert active > FEW_ACTIVE or not has(problems, ProblemCode.MANY_ACTIVE_BACKUPS)

    # --- What guests do -------------------------------------------------------------------------------------------

    @rule(
        which=st.integers(0, 2),
        coming=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3), st.integers(-3, 3)), min_size=1, max_size=4),
    )
    def register_guests(self, which: int, coming: list[tuple[int, int, int]]) -> None:
        books = self.books[which]
        locks = books.pool.device_ids
        for lock, key, arrives_in in coming:
            id_ = self.new_id()
            claim = f"stay {key}" if len(locks) > 1 else str(id_)
            arrives_at = START + timedelta(hours=arrives_in)
            books.guests.append(Guest(id_, locks[lock % len(locks)], claim, arrives_at))

    @rule(data=st.data(), which=st.integers(0, 2))
    def pull(self, data: st.DataObject, which: int) -> None:
        books = self.books[which]
        if books.guests:
            self.look(books, data.draw(st.lists(st.sampled_from(books.guests), min_size=1, max_size=6)))

    @rule(which=st.integers(0, 2))
    def everybody_pulls(self, which: int) -> None:
        self.look(self.books[which], self.books[which].guests)

    @precondition(lambda self: any(not guest.is_over for books in self.books for guest in books.guests))
    @rule(data=st.data(), at_once=st.booleans())
    def end_a_guest(self, data: st.DataObject, at_once: bool) -> None:
        """A code that expires or is deleted; its stand-in follows it, and is gone now or later."""
        living = [(books, guest) for books in self.books for guest in books.guests if not guest.is_over]
        books, guest = data.draw(st.sampled_from(living))
        self.end(books, guest)
        if at_once:
            self.change(books, lambda one: one.stands_in_for == guest.id, is_gone=True, opens=False)

    def end(self, books: Books, guest: Guest) -> None:
        guest.is_over = True
        self.change(books, lambda one: one.stands_in_for == guest.id, is_leaving=True)

    # --- What locks and operators do ------------------------------------------------------------------------------

    def change(self, books: Books, which: Callable[[Member], object], **facts: bool) -> None:
        def told(member: Member) -> Member:
            concerned = which(member) and not member.is_gone
            return member.model_copy(update=facts) if concerned else member

        backups = (one.model_copy(update={"members": tuple(map(told, one.members))}) for one in books.pool.backups)
        books.pool = books.pool.model_copy(update={"backups": tuple(backups)})

    @rule(which=st.integers(0, 2))
    def register_what_is_planned(self, which: int) -> None:
        self.register(self.books[which])

    def register(self, books: Books) -> None:
        def made(one: Backup) -> Backup:
            members = (Member(access_code_id=member_id(one.id, lock), device_id=lock) for lock in books.pool.device_ids)
            return one.model_copy(update={"members": tuple(members)}) if one.is_planned else one

        books.pool = books.pool.model_copy(update={"backups": tuple(map(made, books.pool.backups))})

    @rule(which=st.integers(0, 2))
    def refuse_the_registration(self, which: int) -> None:
        books = self.books[which]
        if any(backup.is_planned for backup in books.pool.backups):
            left = tuple(backup for backup in books.pool.backups if not backup.is_planned)
            books.pool = books.pool.model_copy(update={"backups": left, "refused_at": self.now})

    @rule(which=st.integers(0, 2), lock=st.sampled_from((FRONT, BACK, GATE)))
    def confirm_on(self, which: int, lock: UUID) -> None:
        self.confirm(self.books[which], lambda one: one.device_id == lock)

    def confirm(self, books: Books, which: Callable[[Member], bool]) -> None:
        self.change(books, lambda one: which(one) and not (one.is_leaving or one.is_refused), opens=True, is_late=False)

    @rule(
        data=st.data(),
        which=st.integers(0, 2),
        fault=st.sampled_from(
            (
                {"opens": False},
                {"opens": False, "is_refused": True},
                {"opens": False, "is_late": True},
                {"is_leaving": True},
                {"is_leaving": True, "is_gone": True, "opens": False},
            )
        ),
    )
    def fail(self, data: st.DataObject, which: int, fault: dict[str, bool]) -> None:
        books = self.books[which]
        if books.members:
            chosen = data.draw(st.sampled_from(books.members)).access_code_id
            self.change(books, lambda one: one.access_code_id == chosen, **fault)

    @rule(which=st.integers(0, 2))
    def take_off_what_is_leaving(self, which: int) -> None:
        self.change(self.books[which], lambda one: one.is_leaving, is_gone=True, opens=False)

    @rule(which=st.integers(0, 2), is_enabled=st.booleans())
    def switch(self, which: int, is_enabled: bool) -> None:
        self.settle_on(self.books[which], is_enabled=is_enabled)

    @rule(which=st.integers(0, 2), room=st.sampled_from((None, 0, 1, 2, 9)))
    def give_room(self, which: int, room: int | None) -> None:
        self.settle_on(self.books[which], room=room)

    def settle_on(self, books: Books, **facts: object) -> None:
        books.pool = books.pool.model_copy(update=facts)

    @rule(by=st.sampled_from((1, 14, 15, 60)))
    def wait(self, by: int) -> None:
        self.now += timedelta(minutes=by)

    # --- What must hold -------------------------------------------------------------------------------------------

    @invariant()
    def no_backup_serves_two_claims(self) -> None:
        for books in self.books:
            assert all(len(claims) == 1 for claims in books.claims_of.values())

    @invariant()
    def no_claim_has_two_backups(self) -> None:
        for books in self.books:
            claims = [backup.claim for backup in books.pool.backups if backup.claim is not None]
            assert len(claims) == len(set(claims))

    @invariant()
    def no_guest_has_two_codes(self) -> None:
        for books in self.books:
            guests = [one.stands_in_for for one in books.members if one.stands_in_for and not one.is_gone]
            assert len(guests) == len(set(guests))

    @invariant()
    def no_pool_is_above_its_size(self) -> None:
        for books in self.books:
            assert sum(one.claim is None and not _is_gone(one) for one in books.pool.backups) <= SIZE

    def teardown(self) -> None:
        """Once faults stop, every pool is full again; once its guests have left, only what is ready is on its locks."""
        for books in self.books:
            self.settle_on(books, is_enabled=True, room=None)
            self.heal(books)
            assert all(books.pool.ready_on(lock) == SIZE for lock in books.pool.device_ids), books.pool
            for guest in books.guests:
                if not guest.is_over:
                    self.end(books, guest)
            self.heal(books)
            assert [backup for backup in books.pool.backups if backup.claim is not None] == []
            assert len(books.pool.backups) == SIZE
            assert set(books.problems[books.pool.device_ids[0]]) == set()

    def heal(self, books: Books) -> None:
        """Locks do what they are told, for as long as a pool may take: one rest, and some looks."""
        for _ in range(6):
            self.now += REFILL_AFTER_REFUSAL / 3
            self.register(books)
            self.confirm(books, lambda one: True)
            self.change(books, lambda one: one.is_leaving, is_gone=True, opens=False)
            self.look(books, [])
            self.no_pool_is_above_its_size()


TestPoolAmongGuests = PoolAmongGuests.TestCase
TestPoolAmongGuests.settings = settings(max_examples=500, stateful_step_count=25, deadline=None)
