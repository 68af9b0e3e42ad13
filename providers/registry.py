"""Which drivers there are, and what an account needs to sign in with each.

A driver is a name, a model of its credentials, and a way to open it.  A wrong name or a wrong field is one line that
tells the operator what to type, and never repeats what was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ValidationError

from providers.base import Credentials, Driver
from providers.http import EventHooks
from providers.lock_cloud import LockCloudCredentials, LockCloudDriver
from providers.lock_cloud_news import read_lock_cloud_news
from providers.news import ReadNews


class UnknownDriverError(ValueError):
    """There is no driver of that name; the text lists those that exist.  The operator must correct the name."""


class CredentialsError(ValueError):
    """A credential is missing, unknown or malformed; the text names the fields, never their values."""


class DriverFactory(Protocol):
    """Opens a driver for one account; sends nothing yet."""

    def __call__(
        self, credentials: Credentials, *, timeout_seconds: float, event_hooks: EventHooks | None = None
    ) -> Driver:
        """`timeout_seconds` bounds every call to the vendor; `event_hooks` are httpx's.

        Raises:
            CredentialsError: a credential is missing, unknown or malformed.
        """
        ...


@dataclass(frozen=True, slots=True)
class DriverEntry:
    """One driver: its name, the model of its credentials, and how it is opened (with checked credentials)."""

    name: str
    credentials: type[BaseModel]
    opener: DriverFactory
    read_news: ReadNews
    """Reads what the vendor's webhooks say."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the credentials, in the order in which they are to be asked for."""
        return tuple(self.credentials.model_fields)

    def check(self, credentials: Credentials) -> None:
        """Judge the credentials without opening anything.

        Raises:
            CredentialsError: a credential is missing, unknown or malformed.
        """
        try:
            self.credentials.model_validate(dict(credentials))
        except ValidationError as error:
            text = f"credentials of {self.name}: {_one_line(error)}; it takes: {', '.join(self.fields)}"
        else:
            return
        raise CredentialsError(text)

    def open(
        self, credentials: Credentials, *, timeout_seconds: float, event_hooks: EventHooks | None = None
    ) -> Driver:
        """A `DriverFactory`."""
        self.check(credentials)
        return self.opener(credentials, timeout_seconds=timeout_seconds, event_hooks=event_hooks)


DRIVERS: Mapping[str, DriverEntry] = {
    entry.name: entry
    for entry in (DriverEntry("lock_cloud", LockCloudCredentials, LockCloudDriver.open, read_lock_cloud_news),)
}


def driver_entry(name: str) -> DriverEntry:
    """The driver of that name.

    Raises:
        UnknownDriverError: there is none.
    """
    if name not in DRIVERS:
        raise UnknownDriverError(f"no driver of that name; known: {', '.join(sorted(DRIVERS))}")
    return DRIVERS[name]


def driver_factory(name: str) -> DriverFactory:
    """How a driver of that name is opened for an account.

    Raises:
        UnknownDriverError: there is none.
    """
    return driver_entry(name).open


def _one_line(error: ValidationError) -> str:
    # An unknown field's name was typed by somebody, perhaps a secret in the wrong place: it is not repeated.
    parts = (
        "an unknown field" if item["type"] == "extra_forbidden" else f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)
    )
    return "; ".join(dict.fromkeys(parts))
