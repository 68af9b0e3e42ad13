"""Where a code's digits come from: the caller's sealed ones, or chosen here.  They leave encrypted."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.constraints import BrokenRule, ConstraintType, broken_rules, check_length
from domain.devices import DeviceFacts
from domain.names import lock_name, mark
from domain.pins import NoPinLeftError, generate, preferred_length
from domain.refusals import RefusalType, refuse
from domain.sealed import SealedPin
from store.key_file import KeyRingError
from store.keyring import KeyRing, pin_aad
from store.pins import held_by_others, indexes_in_use, planned_with
from store.tables import PinRow

COOLING_OFF = timedelta(days=90)
"""Digits that somebody held on a lock are not chosen for somebody else there for this long."""


def longest_name(facts: DeviceFacts) -> int | None:
    """Give the most characters that a code's name may have on the lock; None: no bound is known."""
    bounds = [c.max_length for c in facts.code_constraints if c.constraint_type is ConstraintType.NAME_LENGTH]
    return min((bound for bound in bounds if bound is not None), default=None)


class Digits:
    """Chooses, judges and keeps the digits of one code in one generation."""

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
        self._keyring = keyring
        self._facts = facts
        self._device_id = device_id
        self._code_id = code_id
        self._name = name
        self._aad = pin_aad(workspace_id, code_id)
        self._workspace_id = workspace_id
        self._first_fours: frozenset[str] = frozenset()

    async def row(
        self,
        session: AsyncSession,
        sealed: SealedPin | None,
        *,
        generation: int,
        held_from: datetime,
        held_until: datetime | None,
        starts_at: datetime | None,
        preferred: int | None,
        now: datetime,
    ) -> PinRow:
        """Make the row that holds the digits, free for the whole time.

        Raises:
            RefusedError: the caller's digits break a rule of the lock or are taken, or none are left to choose.
        """
        self._first_fours = await self._taken_first_fours(session)
        if sealed is None:  # chosen ones are free of all that are planned, whenever
            pin = await self._chosen(session, preferred, starts_at, now)
        else:
            pin = self._opened(sealed)
            self._judge(pin, generation, starts_at, now)
            await self._check_free(session, pin, held_from, held_until)
        return PinRow(
            access_code_id=self._code_id,
            generation=generation,
            device_id=self._device_id,
            pin_index=self._keyring.blind_index(self._device_id, pin),
            ciphertext=self._keyring.encrypt(pin.encode(), self._aad),
            held_from=held_from,
            held_until=held_until,
        )

    async def _taken_first_fours(self, session: AsyncSession) -> frozenset[str]:
        """Read the beginnings of the lock's other digits, for a lock that tells codes apart by them; else nothing."""
        kinds = {constraint.constraint_type for constraint in self._facts.code_constraints}
        if ConstraintType.UNIQUE_FIRST_FOUR_DIGITS not in kinds:
            return frozenset()
        others = await held_by_others(session, self._device_id, besides=self._code_id)
        return frozenset(self._decrypted(row)[:4] for row in others)

    def _decrypted(self, row: PinRow) -> str:
        return self._keyring.decrypt(row.ciphertext, pin_aad(self._workspace_id, row.access_code_id)).decode()

    async def _check_free(
        self, session: AsyncSession, pin: str, held_from: datetime, held_until: datetime | None
    ) -> None:
        index = self._keyring.blind_index(self._device_id, pin)
        other = await planned_with(session, self._device_id, index, held_from, held_until, besides=self._code_id)
        if other is not None:
            raise refuse(
                RefusalType.DUPLICATE_ACCESS_CODE,
                f"another access code ({other}) has these digits on this lock at an overlapping time",
                field="code",
                rule="unique_on_device",
                shape=f"{len(pin)} digits",
            )

    def _opened(self, sealed: SealedPin) -> str:
        try:
            return self._keyring.open_pin(
                sealed, workspace_id=self._workspace_id, access_code_id=self._code_id
            ).get_secret_value()
        except KeyRingError as error:
            raise refuse(
                RefusalType.INVALID_INPUT, f"the sealed code cannot be opened: {error}", field="code", rule="sealed_pin"
            ) from None

    def _broken(
        self, pin: str, generation: int, starts_at: datetime | None, now: datetime, *, by_caller: bool
    ) -> tuple[BrokenRule, ...]:
        return (
            *check_length(pin, self._facts.supported_code_lengths),
            *broken_rules(
                pin,
                self._facts.code_constraints,
                name=lock_name(self._name, mark(self._code_id, generation), longest_name(self._facts)),
                starts_at=starts_at,
                now=now,
                chosen_by_caller=by_caller,
                taken_first_fours=self._first_fours,
            ),
        )

    def _judge(self, pin: str, generation: int, starts_at: datetime | None, now: datetime) -> None:
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

    async def _chosen(
        self, session: AsyncSession, preferred: int | None, starts_at: datetime | None, now: datetime
    ) -> str:
        used = await indexes_in_use(session, self._device_id, now - COOLING_OFF)

        def is_acceptable(pin: str) -> bool:
            broken = self._broken(pin, 1, starts_at, now, by_caller=False)
            return not broken and self._keyring.blind_index(self._device_id, pin) not in used

        length = preferred_length(self._facts.supported_code_lengths, preferred)
        try:
            return generate(length, is_acceptable, secrets.randbelow)
        except NoPinLeftError:
            raise refuse(
                RefusalType.CODE_CONSTRAINTS_VIOLATED,
                f"no digits of length {length} are left to choose on this lock",
                field="code",
                rule="no_digits_left",
                shape=f"{length} digits",
            ) from None
