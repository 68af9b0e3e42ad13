"""Somebody at the keypad of a simulated lock: digits are typed, looked for, and listed as a code of others.

Every step may be repeated: digits that were typed are not typed again, and a code that is listed is listed once.
"""

from collections.abc import Mapping

from pydantic import SecretStr

from activities.failures import AttemptFailure, NotPossibleError, try_again
from activities.foreign_codes import entries_in, list_foreign, tell_of_foreign
from activities.lock_visits import SOON, LockVisit, LockVisits, read_codes
from activities.orders import UnmanagedDone, UnmanagedOrder
from domain.events import Event
from domain.refusals import RefusalType
from providers.base import Driver, Known, Masked, Rejected, RejectReason, SimulatedDriver
from store.keyring import KeyRing
from store.unmanaged import unmanaged_on

_REFUSALS: Mapping[RejectReason, RefusalType] = {
    RejectReason.DUPLICATE_PIN: RefusalType.DUPLICATE_ACCESS_CODE,
    RejectReason.NO_SPACE: RefusalType.NO_SPACE,
}


class Keypad:
    """Plays at somebody who puts a code on a lock by hand."""

    def __init__(self, keyring: KeyRing, visits: LockVisits) -> None:
        self._keyring = keyring
        self._visits = visits

    async def type_in(self, order: UnmanagedOrder, visit: LockVisit, driver: Driver) -> UnmanagedDone:
        """Type a code in and list it; ends the visit unless it raises.

        Raises:
            NotPossibleError: the lock is real, or does not take the code.
            ApplicationError: the lock does not show the code yet; to be tried again.
            ProviderError: the vendor did not answer.
        """
        assert order.code is not None  # noqa: S101 - the contract has it for this operation
        pin = self._keyring.open_pin(order.code, workspace_id=order.workspace_id, access_code_id=order.access_code_id)
        name, able = order.name or "", visit.facts.capabilities
        await _typed(driver, visit.device.lock_id, pin, name)
        shown = entries_in(self._keyring, visit.device.id, await read_codes(visit, driver))
        typed = {entry: reading for entry, reading in shown.items() if _is_typed(reading, pin, name)}
        if not typed:
            late = max(able.shows_within, SOON)
            raise try_again(AttemptFailure.NOT_CONFIRMED, "the lock does not show the code yet", late)
        places = {(entry.reference, entry.slot) for entry in typed}
        async with self._visits.resumed(visit) as session:
            listing = await list_foreign(session, self._keyring, visit.device, able, typed, visit.now, is_whole=False)
            rows = [row for row in await unmanaged_on(session, visit.device.id) if (row.reference, row.slot) in places]
            await self._visits.end(session, visit, wrote=True)
            told = [(row, Event(event_type=what, occurred_at=visit.now)) for row, what in listing.happened]
            await tell_of_foreign(session, visit.device, told, visit.now)
        return UnmanagedDone(access_code_id=rows[-1].id)


async def _typed(driver: Driver, lock_id: str, pin: SecretStr, name: str) -> None:
    answer = await driver.type_in(lock_id, pin, name) if isinstance(driver, SimulatedDriver) else None
    if answer is None:
        raise NotPossibleError("this lock is real: nobody can play at its keypad")
    if isinstance(answer, Rejected):
        raise NotPossibleError(answer.message, _REFUSALS.get(answer.reason, RefusalType.CODE_CONSTRAINTS_VIOLATED))


def _is_typed(reading: Known | Masked, pin: SecretStr, name: str) -> bool:
    """Tell whether a lock shows what was typed; one that hides digits shows the name."""
    return reading.pin == pin if isinstance(reading, Known) else reading.mark == name
