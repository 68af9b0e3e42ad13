"""What the console is told by its composition roots: settings, and the forms of the drivers that there are."""

from datetime import timedelta

from pydantic import BaseModel

from console.table import ConsoleSettings, DriverForm
from providers.registry import DRIVERS, DriverEntry
from workers.settings import Settings


def console_settings(settings: Settings, *, temporal_ui: str | None = None) -> ConsoleSettings:
    """Give the console's settings; `temporal_ui` is the embedded one's address, where there is one."""
    return ConsoleSettings(
        session_lasts=timedelta(hours=settings.console_session_hours),
        user_header=settings.console_user_header,
        temporal_ui=settings.temporal_ui_url or temporal_ui,
        temporal_namespace=settings.temporal_namespace,
        drivers={name: _form(entry) for name, entry in DRIVERS.items()},
    )


def _form(entry: DriverEntry) -> DriverForm:
    return DriverForm(fields=entry.fields, secret=_secret_fields(entry.credentials), check=entry.check)


def _secret_fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for name, field in model.model_fields.items() if "SecretStr" in str(field.annotation))
