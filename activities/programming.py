"""One attempt to put a code on its lock."""

from activities.failures import AttemptFailure
from activities.hearing import hears, may_hear
from activities.reading import is_ours, look, proves
from activities.turn import LockTurn, LockTurns
from activities.verdicts import Verdict, failed, not_confirmed, unreadable
from domain.access_code import OnLock, Presence
from domain.observation import (
    NoRoomBeside,
    NothingWritten,
    NotInPlace,
    Refused,
    SeenOnLock,
    Sighting,
    wait_for_proof_of_presence,
)
from domain.problems import ProblemCode
from providers.base import (
    Accepted,
    Confirmed,
    Driver,
    Known,
    Masked,
    ProviderError,
    Reading,
    Rejected,
    RejectReason,
    Unknown,
    Unreadable,
)
from store.slots import NoSlotError

PROBLEMS = {
    RejectReason.CONSTRAINTS_VIOLATED: ProblemCode.CONSTRAINTS_VIOLATED,
    RejectReason.DUPLICATE_PIN: ProblemCode.DUPLICATE_CODE,
    RejectReason.NO_SPACE: ProblemCode.NO_SPACE,
    RejectReason.SLOT_OCCUPIED: ProblemCode.NO_SPACE,
}

_PERHAPS_OURS = (RejectReason.DUPLICATE_PIN, RejectReason.SLOT_OCCUPIED)
"""What a lock answers to the repetition of a write that it has already carried out."""


class Programming:
    """The calls of one attempt, in order; each step ends in a verdict or leads to the next."""

    def __init__(self, turns: LockTurns, turn: LockTurn, driver: Driver, before: OnLock) -> None:
        self._turns = turns
        self._turn = turn
        self._driver = driver
        self._before = before
        """What was known before this attempt announced a write."""
        self._looks_first = _looks_first(before, turn.generation)

    async def attempt(self) -> Verdict:
        """Look where in doubt, or where the code was loaded ahead; write, and read back."""
        if self._looks_first:
            verdict = await self._settle_doubt()
            if verdict is not None:
                return verdict
        return await self._write()

    async def _settle_doubt(self) -> Verdict | None:
        """Look whether an earlier write arrived; None when it did not, and the next one is announced."""
        turn = self._turn
        try:
            reading = await look(turn, self._driver)
        except ProviderError as error:
            return failed(error)
        if isinstance(reading, Unreadable):
            return unreadable(reading)
        seen = proves(reading, turn)
        if seen is not None and seen.generation >= turn.generation:
            return self._found(reading, seen)
        async with self._turns.resumed(turn) as session:
            if turn.stored.slot is not None:
                # A reference under which nothing was found names nothing that could be changed in place.
                turn.stored.slot.reference = _reference_of_ours(reading, turn)
                session.add(turn.stored.slot)
            self._before = turn.code.on_lock
            await self._turns.see(session, turn, turn.about_to_write)
        return None

    async def _write(self, *, moved: bool = False) -> Verdict:
        turn = self._turn
        try:
            result = await self._driver.program(
                turn.place, turn.digits, turn.name, turn.lock_window, turn.key("program")
            )
        except ProviderError as error:
            turn.tried("program", type(error).__name__, str(error))
            return failed(error, NothingWritten(self._before))
        turn.tried("program", type(result).__name__.lower(), _detail(result))
        turn.wrote = not isinstance(result, Rejected)
        match result:
            case Confirmed(reference):
                return self._proven(SeenOnLock(turn.generation), reference)
            case Accepted(reference):
                if reference is not None and await self._hears(reference):
                    return self._proven(SeenOnLock(turn.generation), reference)
                return await self._read_back(reference)
            case Unknown():
                return await self._read_back(None)
            case Rejected(RejectReason.SLOT_OCCUPIED, _) if not moved and not self._may_be_our_own():
                return await self._write_elsewhere()
            case Rejected(RejectReason.NOT_IN_PLACE, message):
                return Verdict([NothingWritten(self._before), NotInPlace()], message=message)
            case Rejected(reason, message):
                return self._rejected(reason, message)

    async def _hears(self, reference: str) -> bool:
        """Wait for the lock's own word, unless something was in doubt: then only looking helps."""
        if self._looks_first or not may_hear(self._turn, self._driver):
            return False
        return await hears(self._turns, self._turn, reference)

    async def _write_elsewhere(self) -> Verdict:
        """Leave the slot to the code of others that holds it, and take one that the lock shows to be free."""
        turn = self._turn
        try:
            found = await self._driver.read_all(turn.place.lock_id)
        except ProviderError as error:
            return failed(error, NothingWritten(self._before))
        if isinstance(found, Unreadable):
            verdict = unreadable(found)
            verdict.sightings.append(NothingWritten(self._before))
            return verdict
        turn.tried("read", "all", f"{len(found)} codes")
        occupied = {reading.slot for reading in found if reading.slot is not None}
        try:
            async with self._turns.resumed(turn) as session:
                await self._turns.change_slot(session, turn, occupied)
        except NoSlotError as full:
            if turn.code.former is not None:
                return Verdict([NothingWritten(self._before), NoRoomBeside(turn.generation)], message=str(full))
            refused = Refused(ProblemCode.NO_SPACE, turn.generation, for_good=False)
            sightings: list[Sighting] = [NothingWritten(self._before), refused]
            return Verdict(sightings, AttemptFailure.HELD_BACK, str(full), retries_slowly=True)
        return await self._write(moved=True)

    async def _read_back(self, reference: str | None) -> Verdict:
        turn = self._turn
        try:
            reading = await look(turn, self._driver, reference)
        except ProviderError as error:
            verdict = failed(error)
            verdict.reference = reference
            return verdict
        if isinstance(reading, Unreadable):
            verdict = unreadable(reading)
            verdict.reference = reference
            return verdict
        seen = proves(reading, turn)
        if seen is not None and seen.generation >= turn.generation:
            return self._found(reading, seen, reference)
        verdict = not_confirmed("the lock does not show the code yet")
        verdict.reference = reference
        return verdict

    def _found(self, reading: Reading, seen: SeenOnLock, reference: str | None = None) -> Verdict:
        found = reading.reference if isinstance(reading, Known | Masked) else None
        return self._proven(seen, found or reference)

    def _proven(self, proof: SeenOnLock, reference: str | None) -> Verdict:
        """The code is there; where something of ours may still take it away, say when to look again."""
        seen: list[Sighting] = [proof]
        wait = wait_for_proof_of_presence(self._turn.code, self._turn.now)
        if wait is None:
            return Verdict(seen, reference=reference)
        verdict = not_confirmed("the lock shows the code; looking once more before that is believed", *seen)
        verdict.retry_after, verdict.reference = wait, reference
        return verdict

    def _rejected(self, reason: RejectReason, message: str) -> Verdict:
        """Believe a refusal, unless our own earlier write may be what stands in the way."""
        nothing: list[Sighting] = [NothingWritten(self._before)]
        if reason in _PERHAPS_OURS and self._may_be_our_own():
            return not_confirmed(f"{message}; it may be our own earlier write", *nothing)
        if reason is RejectReason.NO_SPACE and self._turn.code.former is not None:
            no_room = NoRoomBeside(self._turn.generation)
            return Verdict([*nothing, no_room], message=message)
        for_good = reason is RejectReason.CONSTRAINTS_VIOLATED
        refused = Refused(PROBLEMS[reason], self._turn.generation, for_good=for_good)
        failure = None if for_good else AttemptFailure.HELD_BACK
        return Verdict([*nothing, refused], failure, message, retries_slowly=True)

    def _may_be_our_own(self) -> bool:
        """Tell whether an earlier write in doubt is the likelier cause: until the code is declared failed, it is."""
        was_proven = self._looks_first and self._before.presence is Presence.PRESENT
        if not was_proven and (self._before.presence is not Presence.MAYBE or self._before.unsettled_writes == 0):
            return False
        return self._turn.now < self._turn.order.due_at + self._turn.code.policy.fail_after


def looks_first(turn: LockTurn) -> bool:
    """Tell whether the code may be on its lock already, so that a look comes before any write."""
    return _looks_first(turn.code.on_lock, turn.generation)


def _looks_first(on_lock: OnLock, generation: int) -> bool:
    is_loaded = on_lock.presence is Presence.PRESENT and on_lock.generation == generation
    return is_loaded or on_lock.presence is Presence.MAYBE


def _reference_of_ours(reading: Reading, turn: LockTurn) -> str | None:
    return reading.reference if isinstance(reading, Known | Masked) and is_ours(reading, turn) else None


def _detail(result: Accepted | Confirmed | Rejected | Unknown) -> str | None:
    return result.message if isinstance(result, Rejected | Unknown) else None
