"""Connecting an account of a lock vendor, with the form that its driver asks for."""

from collections import defaultdict
from http import HTTPStatus
from uuid import UUID

from api.errors import SyncFailedError
from console.table import DriverForm, NotHereError, Page, Redirect, Visit
from console.words import sentence
from domain.audit import AuditAction

PREFIX = "set-"
"""Before a credential's name in the form: a driver may ask for what the form itself asks for."""


async def new(visit: Visit) -> Page:
    """Show the form of the driver that is named; the first one's otherwise."""
    driver, form = _driver(visit, visit.query.get("driver"))
    return _page(visit, driver, form, {}, None)


async def connect(visit: Visit) -> Page | Redirect:
    """Keep the credentials, encrypted, and look for the account's locks."""
    driver, form = _driver(visit, visit.filled("driver"))
    told = {name: visit.filled(f"{PREFIX}{name}") for name in form.fields}
    credentials = {name: value for name, value in told.items() if value is not None}
    name, refusals = visit.filled("name"), dict[str, str]()
    if name is None:
        refusals["name"] = "Give the account a name."
    try:
        form.check(credentials)
    except ValueError as error:
        refusals["form"] = sentence(str(error))
    if refusals or name is None:
        return _page(visit, driver, form, refusals, None)
    account = await visit.services.accounts.put(driver, name, credentials)
    await visit.services.audit.note(visit.user, AuditAction.ACCOUNT_CONNECTED, subject=name)
    try:
        await visit.services.accounts.sync(account.id)
    except SyncFailedError as error:
        return _page(visit, driver, form, {"form": sentence(str(error))}, account.id)
    return Redirect("/console/locks")


def _driver(visit: Visit, name: str | None) -> tuple[str, DriverForm]:
    drivers = visit.settings.drivers
    chosen = name or next(iter(drivers), None)
    if chosen is None or chosen not in drivers:
        raise NotHereError
    return chosen, drivers[chosen]


def _page(visit: Visit, driver: str, form: DriverForm, refusals: dict[str, str], kept: UUID | None) -> Page:
    # Secrets are never shown again.
    shown = {name: value for name, value in visit.form.items() if name.removeprefix(PREFIX) not in form.secret}
    told = {
        "driver": driver,
        "drivers": list(visit.settings.drivers),
        "fields": [
            (f"{PREFIX}{name}", name.replace("_", " ").capitalize(), name in form.secret) for name in form.fields
        ],
        "values": defaultdict(str, shown),
        "refusals": refusals,
        "is_kept": kept is not None,
    }
    return Page("account_new.html", told, HTTPStatus.UNPROCESSABLE_ENTITY if refusals else HTTPStatus.OK)
