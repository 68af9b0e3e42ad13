"""One lock's truth: which digits open the door now, whatever the cloud tells anybody.

The lock refuses what real locks refuse, each time a change reaches it, and keeps what it held before, so that a stale
answer can be given.  It knows nothing of HTTP, faults or accounts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.devices import DeviceFacts
from providers.simulated.rules import breaks_name_rules, breaks_pin_rules

DEFAULT_SLOTS = 20
"""How many codes fit on a lock that does not say."""

KEYPAD_NAME = "Keypad"
"""What a code is called that somebody types in without a name."""

HISTORY = 256
"""How many earlier states a lock remembers: more than a test changes, little to hold."""


class Refusal(StrEnum):
    """Why a lock or its cloud refuses: the `error_code` on the wire."""

    LOCK_NOT_FOUND = "LOCK_NOT_FOUND"
    ACCESS_CODE_NOT_FOUND = "ACCESS_CODE_NOT_FOUND"
    PIN_CONFLICT = "PIN_CONFLICT"
    SLOT_OCCUPIED = "SLOT_OCCUPIED"
    NO_SPACE = "NO_SPACE"
    INVALID_PIN = "INVALID_PIN"
    INVALID_NAME = "INVALID_NAME"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    BAD_REQUEST = "BAD_REQUEST"


class RefusedError(Exception):
    """The order is refused for the given reason; nothing changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """When a code works, as the lock's own clock shows it: without a zone where it keeps local time.

    None: no bound on that side.
    """

    starts_at: datetime | None
    ends_at: datetime | None

    def holds(self, shown: datetime) -> bool:
        """Whether what the clock shows is inside: the start is, the end is not."""
        return (self.starts_at is None or self.starts_at <= shown) and (self.ends_at is None or shown < self.ends_at)


@dataclass(frozen=True, slots=True)
class StoredCode:
    """One code on the lock."""

    id: str
    slot: int
    name: str
    pin: str = field(repr=False)
    window: StoredWindow | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks a lock to hold; `slot` None lets the lock choose."""

    name: str
    pin: str = field(repr=False)
    slot: int | None = None
    window: StoredWindow | None = None


class Lock:
    """A lock on a door: its facts, and the codes it holds by slot."""

    def __init__(self, facts: DeviceFacts) -> None:
        self.facts = facts
        self.codes: dict[int, StoredCode] = {}
        self._history: list[tuple[datetime, Mapping[int, StoredCode]]] = []

    @property
    def slots(self) -> range:
        """The numbers of its slots, from 1."""
        return range(1, (self.facts.max_active_codes_supported or DEFAULT_SLOTS) + 1)

    def find(self, code_id: str) -> StoredCode | None:
        """The code of that id, if the lock holds it."""
        return next((code for code in self.codes.values() if code.id == code_id), None)

    def add(self, code_id: str, wish: Wish, at: datetime) -> None:
        """Hold one more code.

        Raises:
            RefusedError: the lock does not take it.
        """
        self.check(wish)
        self._check_conflict(wish.pin, beside=None)
        slot = self._slot_for(wish.slot)
        self._keep(at, {**self.codes, slot: StoredCode(code_id, slot, wish.name, wish.pin, self._window(wish))})

    def change(self, code_id: str, wish: Wish, at: datetime) -> None:
        """Give a code other digits, another name or another window, where it is.

        Raises:
            RefusedError: the lock does not take it, holds no such code, or cannot change in place.
        """
        code = self.find(code_id)
        if code is None:
            raise RefusedError(Refusal.ACCESS_CODE_NOT_FOUND)
        if not self.facts.capabilities.can_update_in_place:
            raise RefusedError(Refusal.NOT_SUPPORTED)
        self.check(wish, beside=code)
        self._check_conflict(wish.pin, beside=code)
        changed = replace(code, name=wish.name, pin=wish.pin, window=self._window(wish))
        self._keep(at, {**self.codes, code.slot: changed})

    def drop(self, code_id: str, at: datetime) -> bool:
        """Hold the code no longer; False when it was not held."""
        code = self.find(code_id)
        if code is None:
            return False
        self._keep(at, {slot: held for slot, held in self.codes.items() if slot != code.slot})
        return True

    def type_in(self, slot: int, pin: str | None, new_id: str, at: datetime, *, name: str = KEYPAD_NAME) -> None:
        """Somebody at the door edits (or, with None, deletes) what a slot holds, keeping its id and name.

        Raises:
            RefusedError: no such slot, or digits the lock does not take.
        """
        if slot not in self.slots:
            raise RefusedError(Refusal.NO_SPACE)
        held = self.codes.get(slot)
        if pin is None:
            if held:
                self.drop(held.id, at)
            return
        code = held or StoredCode(new_id, slot, name, pin)
        self.check(Wish(code.name, pin), beside=held)
        self._check_conflict(pin, beside=held)
        self._keep(at, {**self.codes, slot: replace(code, pin=pin)})

    def check_move(self, *, locked: bool) -> None:
        """See that the lock can be moved from afar.

        Raises:
            RefusedError: it cannot.
        """
        able = self.facts.capabilities
        if not (able.can_remotely_lock if locked else able.can_remotely_unlock):
            raise RefusedError(Refusal.NOT_SUPPORTED)

    def move(self, *, locked: bool) -> None:
        """Lock or unlock the door."""
        self.facts = self.facts.model_copy(update={"locked": locked})

    def reset(self, at: datetime) -> None:
        """Back to the state of the factory: no codes."""
        self._keep(at, {})

    def opens(self, pin: str, at: datetime) -> bool:
        """Whether the digits open the door at an instant of the lock's own clock."""
        shown = self.shows(at)
        return any(code.pin == pin and (not code.window or code.window.holds(shown)) for code in self.codes.values())

    def shows(self, at: datetime) -> datetime:
        """What the lock's clock shows at an instant: the wall clock of its zone, where that is what it keeps."""
        if not self.facts.capabilities.windows_in_local_time:
            return at
        return at.astimezone(ZoneInfo(self.facts.time_zone or "UTC")).replace(tzinfo=None)

    def as_of(self, at: datetime) -> Mapping[int, StoredCode]:
        """What the lock held at an instant of the past, as far back as it remembers."""
        for until, state in self._history:
            if until > at:
                return state
        return self.codes

    def check(self, wish: Wish, *, beside: StoredCode | None = None) -> None:
        """Judge digits and name by the lock's own rules; `beside` is the code that is being changed.

        Raises:
            RefusedError: they break a rule, or the lock takes no codes at all.
        """
        if not self.facts.capabilities.can_program_online_access_codes:
            raise RefusedError(Refusal.NOT_SUPPORTED)
        others = [code for code in self.codes.values() if code is not beside]
        rules = self.facts.code_constraints
        if breaks_pin_rules(wish.pin, self.facts.supported_code_lengths, rules, [code.pin for code in others]):
            raise RefusedError(Refusal.INVALID_PIN)
        if breaks_name_rules(wish.name, rules, [code.name for code in others]):
            raise RefusedError(Refusal.INVALID_NAME)

    def _check_conflict(self, pin: str, beside: StoredCode | None) -> None:
        if any(code.pin == pin for code in self.codes.values() if code is not beside):
            raise RefusedError(Refusal.PIN_CONFLICT)

    def _slot_for(self, asked: int | None) -> int:
        if asked is not None:
            if asked not in self.slots:
                raise RefusedError(Refusal.NO_SPACE)
            if asked in self.codes:
                raise RefusedError(Refusal.SLOT_OCCUPIED)
            return asked
        free = next((slot for slot in self.slots if slot not in self.codes), None)
        if free is None:
            raise RefusedError(Refusal.NO_SPACE)
        return free

    def _window(self, wish: Wish) -> StoredWindow | None:
        # A lock without schedules of its own ignores the window: the code works from the moment it is there.
        if wish.window is None or not self.facts.capabilities.has_native_scheduling:
            return None
        return StoredWindow(self._kept(wish.window.starts_at), self._kept(wish.window.ends_at))

    def _kept(self, bound: datetime | None) -> datetime | None:
        """A bound as the lock keeps it: what its clock has no place for is cut off, as real ones do."""
        able = self.facts.capabilities
        if bound is None:
            return None
        if (bound.tzinfo is None) is not able.windows_in_local_time:
            raise RefusedError(Refusal.BAD_REQUEST)
        if able.window_resolution <= timedelta(0):
            return bound
        midnight = bound.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + (bound - midnight) // able.window_resolution * able.window_resolution

    def _keep(self, at: datetime, codes: dict[int, StoredCode]) -> None:
        self._history = [*self._history[1 - HISTORY :], (at, self.codes)]
        self.codes = codes
