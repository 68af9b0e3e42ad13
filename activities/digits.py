"""What a lock says of digits: whether they keep its rules and are free on it.  They are kept encrypted."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.constraints import BrokenRule, ConstraintType, broken_rules, check_length
from domain.devices import DeviceFacts
from domain.names import lock_name, mark
from domain.refusals import RefusalType, RefusedError, refuse
from domain.sealed import SealedPin
from store.key_file import KeyRingError
from store.keyring import KeyRing, pin_aad
from store.pins import held_by_others, indexes_in_use, planned_with
from store.tables import AccessCodeRow, PinRow
from store.unmanaged import with_digits

COOLING_OFF = timedelta(days=90)
"""Digits that somebody held on a lock are not chosen for somebody else there for this long."""


def longest_name(facts: DeviceFacts) -> int | None:
    """Give the most characters that a code's name may have on the lock; None: no bound is known."""
    bounds = [c.max_length for c in facts.code_constraints if c.constraint_type is ConstraintType.NAME_LENGTH]
    return min((bound for bound in bounds if bound is not None), default=None)


class Digits:
    """What one lock says of digits for one code: judged, found free, kept encrypted."""

    def __init__(
        self,
        keyring: KeyRing,
        facts: DeviceFacts,
        *,
        workspace_id: UUID,
        device_id: UUID,
        code_id: UUID,
        name: str | None,
    ) -> None:
        self.facts = facts
        self._keyring = keyring
        self._device_id = device_id
        self._code_id = code_id
        self._name = name
        self._aad = pin_aad(workspace_id, code_id)
        self._workspace_id = workspace_id
        self._first_fours: frozenset[str] = frozenset()
        self._used: frozenset[str] = frozenset()

    async def prepare(self, session: AsyncSession, now: datetime, *, choosing: bool) -> None:
        """Read what else is on the lock, as far as its rules or a choice of ours ask for it."""
        kinds = {constraint.constraint_type for constraint in self.facts.code_constraints}
        if ConstraintType.UNIQUE_FIRST_FOUR_DIGITS in kinds:
            others = await held_by_others(session, self._device_id, besides=self._code_id)
            self._first_fours = frozenset(self.decrypted(row)[:4] for row in others)
        if choosing:
            self._used = await indexes_in_use(session, self._device_id, now - COOLING_OFF)

    def opened(self, sealed: SealedPin) -> str:
        """Open what the caller sealed.

        Raises:
            RefusedError: it was sealed for another code or with another key.
        """
        try:
            return self._keyring.open_pin(
                sealed, workspace_id=self._workspace_id, access_code_id=self._code_id
            ).get_secret_value()
        except KeyRingError as error:
            raise refuse(
                RefusalType.INVALID_INPUT, f"the sealed code cannot be opened: {error}", field="code", rule="sealed_pin"
            ) from None

    def decrypted(self, row: PinRow) -> str:
        """Read the digits of a row of this workspace."""
        return self._keyring.decrypt(row.ciphertext, pin_aad(self._workspace_id, row.access_code_id)).decode()

    def accepts(self, pin: str, starts_at: datetime | None, now: datetime) -> bool:
        """Tell whether digits of our own choice are good and free on this lock, whenever."""
        broken = self._broken(pin, 1, starts_at, now, by_caller=False)
        return not broken and self._keyring.blind_index(self._device_id, pin) not in self._used

    def judge(self, pin: str, generation: int, starts_at: datetime | None, now: datetime) -> None:
        """Judge digits of somebody's choice by the lock's rules.

        Raises:
            RefusedError: they break one.
        """
        broken = self._broken(pin, generation, starts_at, now, by_caller=True)
        if broken:
            first = broken[0]
            raise refuse(
                RefusalType.CODE_CONSTRAINTS_VIOLATED,
                " ".join(rule.message for rule in broken),
                field=first.field,
                rule=first.rule,
                shape=first.shape,
            )

    async def check_free(
        self, session: AsyncSession, pin: str, held_from: datetime, held_until: datetime | None
    ) -> None:
        """Judge whether nobody else plans these digits on the lock for an overlapping time, or has them there.

        Raises:
            RefusedError: somebody does.
        """
        index = self._keyring.blind_index(self._device_id, pin)
        other = await planned_with(session, self._device_id, index, held_from, held_until, besides=self._code_id)
        if other is not None:
            raise _taken(f"{await _who(session, other)} has these digits on this lock at an overlapping time", pin)
        foreign = await with_digits(session, self._device_id, index)
        if foreign is not None:
            raise _taken(f"a code that somebody else put on this lock ({foreign.id}) has these digits", pin)

    def row(self, pin: str, generation: int, held_from: datetime, held_until: datetime | None) -> PinRow:
        """Make the row that holds the digits."""
        return PinRow(
            access_code_id=self._code_id,
            generation=generation,
            device_id=self._device_id,
            pin_index=self._keyring.blind_index(self._device_id, pin),
            ciphertext=self._keyring.encrypt(pin.encode(), self._aad),
            held_from=held_from,
            held_until=held_until,
        )

    def _broken(
        self, pin: str, generation: int, starts_at: datetime | None, now: datetime, *, by_caller: bool
    ) -> tuple[BrokenRule, ...]:
        return (
            *check_length(pin, self.facts.supported_code_lengths),
            *broken_rules(
                pin,
                self.facts.code_constraints,
                name=lock_name(self._name, mark(self._code_id, generation), longest_name(self.facts)),
                starts_at=starts_at,
                now=now,
                chosen_by_caller=by_caller,
                taken_first_fours=self._first_fours,
            ),
        )


def _taken(message: str, pin: str) -> RefusedError:
    return refuse(
        RefusalType.DUPLICATE_ACCESS_CODE,
        message,
        field="code",
        rule="unique_on_device",
        shape=f"{len(pin)} digits",
    )


async def _who(session: AsyncSession, code_id: UUID) -> str:
    """Name the other code, unless it is a backup code that nobody has, or a remnant: those exist for nobody."""
    row = await session.get_one(AccessCodeRow, code_id)
    is_hidden = row.remnant_of is not None or (row.backup_id is not None and row.stands_in_for is None)
    return "another access code" if is_hidden else f"another access code ({code_id})"
