"""The lock cloud: what its API does to the locks, with every fault in between, and no network.

Each call runs to its end in one step: land what was due, decide the faults, do the order, shape the answer, log.
The order acts on the lock's truth; the answer is made apart from it, which is how an answer can lie.  A delayed
order is judged again when it lands, and is then silently dropped if the lock refuses it, as real clouds do; deleting
a code whose creation has not landed deletes nothing.
"""

import heapq
import string
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from random import Random

from domain.devices import DeviceFacts
from providers.simulated.answers import STATUS, Answer, CallRecord, Request, error_answer
from providers.simulated.clock import Clock
from providers.simulated.faults import KINDS, FaultBoard, Operation, Plan, Shape
from providers.simulated.locks import Lock, Refusal, RefusedError
from providers.simulated.news import Outbox, battery_news, code_news, reach_news
from providers.simulated.orders import Order
from providers.simulated.seeds import DEMO_TOKEN
from providers.simulated.words import JSON, described, listed

KEPT_CALLS = 100_000
"""The log forgets older calls: a benchmark must not fill the memory."""

Perform = Callable[[Lock, Plan], JSON]


class LockCloud:
    """One vendor's cloud with one account."""

    def __init__(
        self, locks: Iterable[Lock], *, clock: Clock | None = None, seed: int = 0, token: str = DEMO_TOKEN
    ) -> None:
        """`seed` decides ids and everything that strikes only sometimes; `token` is what callers must bear."""
        self.clock = clock or Clock()
        self.token = token
        self._seed = seed
        self.start_over(locks)

    def start_over(self, locks: Iterable[Lock]) -> None:
        """Forget codes, faults, calls and what was under way; own these locks; follow the wall."""
        self.locks = {lock.facts.lock_id: lock for lock in locks}
        self.faults = FaultBoard(Random(self._seed))  # noqa: S311 - reproducible on purpose
        self.calls: deque[CallRecord] = deque(maxlen=KEPT_CALLS)
        self.clock.follow_wall()
        self.outbox = Outbox()
        self._ids = Random(f"ids of {self._seed}")  # noqa: S311 - reproducible on purpose
        self._owners: dict[str, str] = {}
        self._pending: list[tuple[datetime, int, str, Callable[[datetime], object]]] = []
        self._order_of_arrival = count()

    # --- the vendor's API ---------------------------------------------------------------------------------------

    def list_locks(self, request: Request) -> Answer:
        """GET /locks."""

        def perform() -> JSON:
            return {"locks": [self._description(lock) for lock in self.locks.values()]}

        return self._answer(request, Operation.LIST_LOCKS, None, lambda _lock, _plan: perform())

    def describe(self, request: Request, lock_id: str) -> Answer:
        """GET /locks/{id}."""
        return self._answer(request, Operation.DESCRIBE, lock_id, lambda lock, _plan: self._description(lock))

    def list_codes(self, request: Request, lock_id: str) -> Answer:
        """GET /locks/{id}/access_codes."""
        return self._answer(request, Operation.READ, lock_id, self._listing)

    def create(self, request: Request, lock_id: str, order: Order | None) -> Answer:
        """POST /locks/{id}/access_codes; `order` None: the body made no sense."""

        def perform(lock: Lock, plan: Plan) -> JSON:
            wish = _sensible(order).as_new()
            # The cloud knows the lock's rules; whether there is room, only the lock knows.
            lock.check(wish)
            code_id = self.new_id()

            def add(at: datetime) -> None:
                lock.add(code_id, wish, at)
                self._tell(lock, code_news("access_code.created", lock, code_id, at))

            self._reach(lock, plan, add)
            self._owners[code_id] = lock.facts.lock_id
            return _acknowledgement(code_id, lock)

        return self._answer(request, Operation.PROGRAM, lock_id, perform)

    def change(self, request: Request, code_id: str, order: Order | None) -> Answer:
        """PATCH /access_codes/{id}."""

        def perform(lock: Lock, plan: Plan) -> JSON:
            held = lock.find(code_id)
            if held is None:
                raise RefusedError(Refusal.ACCESS_CODE_NOT_FOUND)
            wish = _sensible(order).as_change_of(held)

            def alter(at: datetime) -> None:
                lock.change(code_id, wish, at)
                self._tell(lock, code_news("access_code.updated", lock, code_id, at))

            self._reach(lock, plan, alter)
            return _acknowledgement(code_id, lock)

        return self._answer(request, Operation.PROGRAM, self._owner(code_id), perform, Refusal.ACCESS_CODE_NOT_FOUND)

    def delete(self, request: Request, code_id: str) -> Answer:
        """DELETE /access_codes/{id}; a code that the cloud knows and the lock does not hold is "deleted" too."""

        def drop(lock: Lock, at: datetime) -> None:
            if lock.drop(code_id, at):
                self._owners.pop(code_id, None)
                self._tell(lock, code_news("access_code.deleted", lock, code_id, at))

        def perform(lock: Lock, plan: Plan) -> JSON:
            self._reach(lock, plan, lambda at: drop(lock, at))
            return _acknowledgement(code_id, lock)

        return self._answer(request, Operation.REMOVE, self._owner(code_id), perform, Refusal.ACCESS_CODE_NOT_FOUND)

    def move(self, request: Request, lock_id: str, *, locked: bool) -> Answer:
        """POST /locks/{id}/lock and /locks/{id}/unlock."""

        def perform(lock: Lock, plan: Plan) -> JSON:
            lock.check_move(locked=locked)
            self._reach(lock, plan, lambda _at: lock.move(locked=locked))
            return {"lock_id": lock.facts.lock_id, "status": "pending"}

        return self._answer(request, Operation.MOVE, lock_id, perform)

    # --- what the control side needs ----------------------------------------------------------------------------

    def lock(self, lock_id: str) -> Lock:
        """The lock with all that is due landed on it.

        Raises:
            RefusedError: the cloud has no such lock.
        """
        self.settle()
        return self._known(lock_id)

    def settle(self) -> datetime:
        """Land every delayed effect that is due; returns the cloud's time."""
        now = self.clock.now()
        while self._pending and self._pending[0][0] <= now:
            due, _, _, land = heapq.heappop(self._pending)
            # Nobody is there any more to be told of a refusal.
            with suppress(RefusedError):
                land(due)
        return now

    def reset(self, lock_id: str) -> None:
        """Factory reset: the codes are gone, and so are the orders under way to the lock.

        Raises:
            RefusedError: the cloud has no such lock.
        """
        self.lock(lock_id).reset(self.clock.now())
        self._pending = [entry for entry in self._pending if entry[2] != lock_id]
        heapq.heapify(self._pending)

    def type_in(self, lock_id: str, slot: int, pin: str | None, *, name: str) -> None:
        """Somebody edits, or with None deletes, what a slot holds, and the lock tells of it.

        Raises:
            RefusedError: the cloud has no such lock, or the lock does not take it.
        """
        lock, now = self.lock(lock_id), self.clock.now()
        before = lock.codes.get(slot)
        lock.type_in(slot, pin, self.new_id(), now, name=name)
        held = lock.codes.get(slot) or before
        if held is not None:
            verb = "deleted" if pin is None else "updated" if before is not None else "created"
            self._tell(lock, code_news(f"access_code.{verb}", lock, held.id, now))

    def look_round(self) -> datetime:
        """Land what is due and tell of locks that went or came back; returns the cloud's time."""
        now = self.settle()
        for lock_id, is_online in self.outbox.turned({name: self.is_online(name) for name in self.locks}):
            self._tell(self.locks[lock_id], reach_news(lock_id, now, is_online=is_online))
        return now

    def set_battery(self, lock_id: str, level: float) -> None:
        """Let a lock's battery stand at `level` (0 to 1), and tell of it.

        Raises:
            RefusedError: the cloud has no such lock.
        """
        lock = self.lock(lock_id)
        lock.facts = lock.facts.model_copy(update={"battery_level": level})
        self._tell(lock, battery_news(lock_id, level, self.clock.now()))

    def lock_time(self, lock_id: str) -> datetime:
        """What the lock's own clock shows."""
        now = self.clock.now()
        return now + self.faults.skew(lock_id, now)

    def is_online(self, lock_id: str) -> bool:
        """Whether the lock answers the cloud now."""
        return self.faults.is_online(lock_id, self.clock.now())

    def new_id(self) -> str:
        """An id for a code: letters only, so that nobody takes it for digits of a code."""
        return "ac_" + "".join(self._ids.choices(string.ascii_lowercase, k=16))

    # --- inside -------------------------------------------------------------------------------------------------

    def _answer(
        self,
        request: Request,
        operation: Operation,
        lock_id: str | None,
        perform: Perform,
        if_unknown: Refusal = Refusal.LOCK_NOT_FOUND,
    ) -> Answer:
        now = self.settle()
        plan = Plan()
        if request.token != self.token:
            answer = error_answer(401, "UNAUTHORIZED")
        else:
            plan = self.faults.plan(lock_id, operation, now)
            answer = self._shaped(
                operation, lock_id, plan, self._performed(operation, lock_id, plan, perform, if_unknown)
            )
        struck = "+".join(plan.struck) or None
        self.calls.append(CallRecord(request.method, request.path, lock_id, operation, now, struck, answer.status))
        return answer

    def _performed(
        self, operation: Operation, lock_id: str | None, plan: Plan, perform: Perform, if_unknown: Refusal
    ) -> Answer:
        """The true answer, after the effect."""
        try:
            if operation is Operation.LIST_LOCKS:
                lock = _NO_LOCK
            elif lock_id is None:
                raise RefusedError(if_unknown)
            else:
                lock = self._known(lock_id)
                if _shape(plan) is Shape.OTHER_LOCK and operation in (Operation.READ, Operation.DESCRIBE):
                    lock = self._other_than(lock)
            return Answer(200, perform(lock, plan))
        except RefusedError as refused:
            return error_answer(STATUS[refused.refusal], refused.refusal.value)

    def _shaped(self, operation: Operation, lock_id: str | None, plan: Plan, true: Answer) -> Answer:
        """The answer that is given in place of the true one."""
        shape, answer = _shape(plan), true
        if plan.answer is not None and shape is Shape.ERROR:
            kind = KINDS[plan.answer.spec.kind]
            answer = error_answer(kind.status, kind.error_code, plan.answer.spec.retry_after)
        elif shape is Shape.ABORT:
            answer = Answer(None)
        elif shape is Shape.NOT_JSON:
            answer = Answer(200)
        elif shape is Shape.OTHER_LOCK and true.body and operation in _WRITES:
            other = self._other_than(self._known(lock_id or ""))
            answer = Answer(true.status, {**true.body, "lock_id": other.facts.lock_id})
        return Answer(answer.status, answer.body, answer.headers, plan.wait_seconds)

    def _reach(self, lock: Lock, plan: Plan, effect: Callable[[datetime], object]) -> None:
        """Let an order reach the lock: now, later, or never."""
        if not plan.has_effect:
            return
        now = self.clock.now()
        delay = plan.effect_delay + lock.facts.capabilities.writes_settle
        if delay <= timedelta(0):
            effect(now)
            return
        heapq.heappush(self._pending, (now + delay, next(self._order_of_arrival), lock.facts.lock_id, effect))

    def _tell(self, lock: Lock, message: JSON) -> None:
        now = self.clock.now()
        notice = self.faults.plan(lock.facts.lock_id, Operation.NOTIFY, now).notice
        self.outbox.put(message, notice, now)

    def _listing(self, lock: Lock, plan: Plan) -> JSON:
        behind = plan.stale_by + lock.facts.capabilities.reads_lag
        codes = lock.as_of(self.clock.now() - behind) if behind else lock.codes
        return {
            "lock_id": lock.facts.lock_id,
            "access_codes": [listed(lock, codes[slot], is_masked=plan.is_masked) for slot in sorted(codes)],
        }

    def _description(self, lock: Lock) -> JSON:
        return described(lock.facts, is_online=self.is_online(lock.facts.lock_id))

    def _owner(self, code_id: str) -> str | None:
        """The lock that a code is, or was to be, on; codes typed in by hand are only on their lock."""
        holders = (lock.facts.lock_id for lock in self.locks.values() if lock.find(code_id))
        return self._owners.get(code_id) or next(holders, None)

    def _known(self, lock_id: str) -> Lock:
        if lock_id not in self.locks:
            raise RefusedError(Refusal.LOCK_NOT_FOUND)
        return self.locks[lock_id]

    def _other_than(self, lock: Lock) -> Lock:
        return next((other for other in self.locks.values() if other is not lock), _NO_LOCK)


_WRITES = frozenset({Operation.PROGRAM, Operation.REMOVE, Operation.MOVE})

_NO_LOCK = Lock(DeviceFacts(lock_id="another-lock", name="Another Lock"))
"""Stands where the answer needs a lock and the cloud has none; nothing is ever written to it."""


def _acknowledgement(code_id: str, lock: Lock) -> JSON:
    return {"access_code_id": code_id, "lock_id": lock.facts.lock_id, "status": "pending"}


def _shape(plan: Plan) -> Shape:
    return (KINDS[plan.answer.spec.kind].shape or Shape.PLAIN) if plan.answer else Shape.PLAIN


def _sensible(order: Order | None) -> Order:
    if order is None:
        raise RefusedError(Refusal.BAD_REQUEST)
    return order
