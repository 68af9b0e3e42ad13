"""Digits that would do for a new code on a lock.  They are not kept: only creating a code with them takes them."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import SecretStr

from domain.constraints import ConstraintType, broken_rules, check_length
from domain.devices import DeviceFacts
from domain.pins import NoPinLeftError, generate, preferred_length
from domain.refusals import RefusalType, refuse
from domain.sealed import pin_aad
from store.database import Database
from store.keyring import KeyRing
from store.pins import held_by_others, indexes_in_use
from store.tables import DeviceRow

COOLING_OFF = timedelta(days=90)
"""As for digits that registration chooses: none that somebody had on the lock so lately."""

_NO_CODE = UUID(int=0)


async def suggested_digits(database: Database, keyring: KeyRing, device: DeviceRow, now: datetime) -> SecretStr:
    """Choose digits that the lock takes and nobody has on it.

    Raises:
        RefusedError: none are left.
    """
    facts = DeviceFacts.model_validate(device.facts)
    async with database.read() as session:
        used = await indexes_in_use(session, device.id, now - COOLING_OFF)
        others = await held_by_others(session, device.id, besides=_NO_CODE)
    first_fours = frozenset[str]()
    if any(one.constraint_type is ConstraintType.UNIQUE_FIRST_FOUR_DIGITS for one in facts.code_constraints):
        decrypted = (
            keyring.decrypt(row.ciphertext, pin_aad(device.workspace_id, row.access_code_id)) for row in others
        )
        first_fours = frozenset(pin.decode()[:4] for pin in decrypted)

    def is_acceptable(pin: str) -> bool:
        broken = broken_rules(
            pin,
            facts.code_constraints,
            name="",
            starts_at=None,
            now=now,
            chosen_by_caller=False,
            taken_first_fours=first_fours,
        )
        about_digits = [rule for rule in broken if rule.field == "code"]
        wrong_length = check_length(pin, facts.supported_code_lengths)
        return not (about_digits or wrong_length) and keyring.blind_index(device.id, pin) not in used

    try:
        length = preferred_length(facts.supported_code_lengths, None)
        return SecretStr(generate(length, is_acceptable, secrets.randbelow))
    except NoPinLeftError as error:
        raise refuse(RefusalType.CODE_CONSTRAINTS_VIOLATED, str(error), field="code", rule="no_digits_left") from None
