"""The drivers of the accounts that this worker serves: made when first needed, kept while the credentials last."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from providers.base import Credentials, Driver
from store.credentials import open_credentials
from store.keyring import KeyRing
from store.tables import ConnectedAccountRow

MakeDriver = Callable[[str, Credentials], Driver]
"""Makes the driver of a vendor, by name, for an account's credentials."""


class Drivers:
    """One driver per account."""

    def __init__(self, keyring: KeyRing, make: MakeDriver) -> None:
        self._keyring = keyring
        self._make = make
        self._open: dict[UUID, tuple[bytes, Driver]] = {}
        self._retired: list[Driver] = []

    async def of(self, account: ConnectedAccountRow) -> Driver:
        """Give the driver of an account; changed credentials make a new one."""
        known = self._open.get(account.id)
        if known is not None and known[0] == account.credentials:
            return known[1]
        if known is not None:
            self._retired.append(known[1])  # calls may still be under way on it
        driver = self._make(account.provider, open_credentials(self._keyring, account))
        self._open[account.id] = (account.credentials, driver)
        return driver

    async def aclose(self) -> None:
        """Close them all."""
        everything = [driver for _, driver in self._open.values()] + self._retired
        self._open, self._retired = {}, []
        await asyncio.gather(*(driver.aclose() for driver in everything))
