"""Putting a code on its lock and taking it off: one attempt each, safe to repeat from any point.

    program   read first where an earlier attempt may have written; write; read back; only what was read counts
    remove    read first where it is not certain what is there; remove; read back; absence alone counts

Temporal repeats an attempt that raised.  What it raises carries the delay, so that no retry grows the history.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.calendar import look_at_calendar
from activities.device_notes import note_nonsense, note_reachability, wake_codes_of
from activities.drivers import Drivers
from activities.failures import AttemptFailure, attempt_failures, try_again
from activities.neighbours import Neighbours
from activities.orders import LockOrder
from activities.programming import Programming, looks_first
from activities.removal import Removal
from activities.turn import LockTurn, LockTurns
from activities.turn_queue import TurnQueue
from activities.verdicts import Verdict
from domain.access_code import AccessCode, Presence
from domain.lifecycle import REMOVALS, WRITES, Action, decide
from domain.observation import AboutToRemove, NoRoomBeside, Refused
from domain.problems import ProblemCode
from store import codes
from store.database import Database
from store.keyring import KeyRing
from store.pins import PinHeldError
from store.slots import NoSlotError


class DeviceCodeActivities:
    """What a code's workflow has done on its lock."""

    def __init__(
        self,
        database: Database,
        keyring: KeyRing,
        drivers: Drivers,
        neighbours: Neighbours,
        attempt_timeout: timedelta,
        queue: TurnQueue,
    ) -> None:
        self._drivers = drivers
        self._neighbours = neighbours
        self._database = database
        self._turns = LockTurns(database, keyring, attempt_timeout)
        self._queue = queue

    def all(self) -> list[Callable[..., Any]]:
        """List the activities, for a worker."""
        return [self.program, self.remove]

    @activity.defn(name="program_access_code")
    async def program(self, order: LockOrder) -> AccessCode:
        """Put the code on its lock and prove it.  A refusal for good is an answer, not an error."""
        _not_before(order)
        async with self._in_turn(order):
            async with self._database.write() as session:
                turn = await self._turns.begin(session, order)
                if not await self._is_to_write(session, turn):
                    await self._turns.end(session, turn)
                    return await self._told(turn)
                before = turn.code.on_lock
                verdict = await self._reserve(session, turn)
                if verdict is None and not looks_first(turn):
                    await self._turns.see(session, turn, turn.about_to_write)
                elif verdict is not None:
                    await self._fold(session, turn, verdict)
            if verdict is None:
                driver = await self._drivers.of(turn.stored.account)
                verdict = await Programming(self._turns, turn, driver, before).attempt()
                await self._conclude(turn, verdict)
            # Ahead of its time nobody waits for it: it is tried at the slow pace from the beginning.
            fail_after = timedelta(0) if turn.is_ahead else turn.code.policy.fail_after
            self._raise_failure(turn, verdict, fail_after)
            return await self._told(turn)

    @activity.defn(name="remove_access_code")
    async def remove(self, order: LockOrder) -> AccessCode:
        """Take the code off its lock and prove that it is gone."""
        _not_before(order)
        async with self._in_turn(order):
            async with self._database.write() as session:
                turn = await self._turns.begin(session, order)
                if not _is_to_remove(turn):
                    await self._turns.end(session, turn)
                    return await self._told(turn)
                before = turn.subject.on_lock
                if before.presence is not Presence.MAYBE:
                    await self._turns.see(session, turn, AboutToRemove(turn.may_take))
            driver = await self._drivers.of(turn.stored.account)
            verdict = await Removal(self._turns, turn, driver, before).attempt()
            await self._conclude(turn, verdict)
            self._raise_failure(turn, verdict, turn.code.policy.remove_fail_after)
            return await self._told(turn)

    @asynccontextmanager
    async def _in_turn(self, order: LockOrder) -> AsyncIterator[None]:
        """Wait for the lock's other attempts."""
        with attempt_failures():
            async with self._queue.attempt(order.device_id):
                yield

    async def _is_to_write(self, session: AsyncSession, turn: LockTurn) -> bool:
        """Tell whether the code is to be put on its lock, once a second place is taken where it needs one."""
        if decide(turn.code, turn.now).action is Action.ADD:
            try:
                async with session.begin_nested():
                    await self._turns.set_aside(session, turn)
            except NoSlotError as full:
                turn.tried("reserve", "no second place", str(full))
                turn.stored = await codes.get(session, turn.stored.row.id, for_update=True)
                await self._turns.see(session, turn, NoRoomBeside(turn.generation))
        return decide(turn.code, turn.now).action in WRITES

    async def _reserve(self, session: AsyncSession, turn: LockTurn) -> Verdict | None:
        """Take digits and slot; what stands in the way is the verdict."""
        try:
            await self._turns.reserve(session, turn)
        except PinHeldError as held:
            return _held_back(turn, ProblemCode.DUPLICATE_CODE, str(held))
        except NoSlotError as full:
            return _held_back(turn, ProblemCode.NO_SPACE, str(full))
        return None

    async def _conclude(self, turn: LockTurn, verdict: Verdict) -> None:
        async with self._turns.resumed(turn) as session:
            await self._fold(session, turn, verdict)
        await wake_codes_of(self._database, self._neighbours, turn.back, besides=turn.stored.row.id)

    async def _fold(self, session: AsyncSession, turn: LockTurn, verdict: Verdict) -> None:
        """Write down what was seen, of the code, its account and its lock, and end the turn."""
        if verdict.reference is not None and turn.slot is not None:
            turn.slot.reference = verdict.reference
            session.add(turn.slot)
        for sighting in verdict.sightings:
            await self._turns.see(session, turn, sighting)
        if verdict.failure is AttemptFailure.SENSELESS_ANSWER:
            await note_nonsense(session, turn.stored.device, verdict, turn.now)
        turn.back = await note_reachability(session, turn.stored.account, turn.stored.device, verdict.reached, turn.now)
        await self._turns.end(session, turn)

    async def _told(self, turn: LockTurn) -> AccessCode:
        """Give the code, once those know that it concerns.  One that cannot be told has the attempt repeated."""
        for pool_id in turn.pools:
            await self._neighbours.wake_pool(pool_id)
        for code_id in (turn.stood_in_for, turn.remnant):
            if code_id is not None:
                await self._neighbours.refresh(code_id)
        if turn.code.closed and turn.stored.facts.max_active_codes_supported is not None:
            for code_id in await look_at_calendar(self._database, turn.stored.device.id, turn.now):
                await self._neighbours.nudge(code_id)
        return turn.code

    def _raise_failure(self, turn: LockTurn, verdict: Verdict, fail_after: timedelta) -> None:
        if verdict.failure is None:
            return
        delay = turn.delay(due_at=turn.order.due_at, fail_after=fail_after, retry_after=verdict.retry_after)
        if verdict.retries_slowly or turn.is_ahead:
            delay = max(delay, turn.code.policy.retry_cap)
        raise try_again(verdict.failure, verdict.message, delay)


def _is_to_remove(turn: LockTurn) -> bool:
    """Tell whether what the turn is about is to be taken off."""
    action = decide(turn.code, turn.now).action
    return action in REMOVALS and turn.of_former is (action is Action.REMOVE_FORMER)


def _not_before(order: LockOrder) -> None:
    """Wait out what the last attempt was told, by Temporal's own retry: no timer, no history."""
    wait = order.not_before - activity.info().started_time if order.not_before else timedelta(0)
    if wait > timedelta(0):
        raise try_again(AttemptFailure.NOT_YET, "waiting as the last attempt was told to", wait)


def _held_back(turn: LockTurn, problem: ProblemCode, message: str) -> Verdict:
    turn.tried("reserve", problem)
    refusal = Refused(problem, turn.generation, for_good=False)
    return Verdict([refusal], AttemptFailure.HELD_BACK, message, retries_slowly=True)
