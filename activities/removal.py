"""One attempt to take a code off its lock."""

from dataclasses import replace

from activities.failures import AttemptFailure
from activities.reading import is_gone, look, proves
from activities.turn import LockTurn, LockTurns
from activities.verdicts import Verdict, failed, not_confirmed, unreadable
from domain.access_code import OnLock, Presence
from domain.observation import AboutToRemove, FoundNothing, NothingWritten, SeenOnLock, wait_for_proof_of_absence
from providers.base import Driver, Known, Masked, ProviderError, Rejected, Unknown, Unreadable


class Removal:
    """The calls of one attempt, in order.  A reply never proves a removal; only looking does."""

    def __init__(self, turns: LockTurns, turn: LockTurn, driver: Driver, before: OnLock) -> None:
        self._turns = turns
        self._turn = turn
        self._before = before
        """What was known before this attempt announced a removal."""
        self._driver = driver
        self._place = turn.place
        self._shown: SeenOnLock | None = None
        """What the last look proved to be there, None for nothing or for older digits."""

    async def attempt(self) -> Verdict:
        """Look where in doubt, remove what is there, and look again."""
        try:
            if self._before.presence is Presence.MAYBE:
                verdict = await self._look()
                if verdict is not None:
                    return verdict
                await self._announce()
            refused = await self._remove()
            return refused or await self._look() or not_confirmed("the lock still shows the code")
        except ProviderError as error:
            return failed(error)

    async def _look(self) -> Verdict | None:
        """Read once; None means that our code is still there."""
        reading = await look(self._turn, self._driver, self._place.reference)
        if isinstance(reading, Unreadable):
            return unreadable(reading)
        if is_gone(reading, self._turn):
            return self._found_nothing()
        self._shown = proves(reading, self._turn)
        if isinstance(reading, Known | Masked) and reading.reference is not None:
            self._place = replace(self._place, reference=reading.reference)
        return None

    def _found_nothing(self) -> Verdict:
        """Count an empty look; where it is no proof yet, say when the next one will be."""
        turn, capabilities = self._turn, self._turn.stored.facts.capabilities
        on_lock = turn.subject.on_lock
        first = on_lock.model_copy(update={"empty_since": on_lock.empty_since or turn.now})
        wait = wait_for_proof_of_absence(turn.subject.model_copy(update={"on_lock": first}), turn.now, capabilities)
        if wait is None:
            return Verdict([FoundNothing()])
        message = "nothing found; looking once more before that is believed"
        return Verdict([FoundNothing()], AttemptFailure.NOT_CONFIRMED, message, retry_after=wait)

    async def _announce(self) -> None:
        """Write down what was found, so that no write of ours counts as still under way, and that it will go."""
        turn = self._turn
        async with self._turns.resumed(turn) as session:
            if self._shown is not None:
                await self._turns.see(session, turn, self._shown)
            self._before = turn.subject.on_lock
            await self._turns.see(session, turn, AboutToRemove(turn.may_take))

    async def _remove(self) -> Verdict | None:
        """Give the order to remove; a verdict means that it was not carried out."""
        turn = self._turn
        turn.wrote = True
        try:
            result = await self._driver.remove(self._place, turn.digits, turn.key("remove"))
        except ProviderError as error:
            turn.tried("remove", type(error).__name__, str(error))
            turn.wrote = False
            return failed(error, NothingWritten(self._before))
        detail = result.message if isinstance(result, Rejected | Unknown) else None
        turn.tried("remove", type(result).__name__.lower(), detail)
        return None
