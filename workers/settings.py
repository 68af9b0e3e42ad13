"""The only reader of the environment: every setting of every process, with its meaning and default.

`docs/operating.md` holds the same table for people, and a test compares the two.  Variables are `LATCHWORK_*`; those
of the connection to Temporal carry the names that Temporal's own tools use, so that one environment serves both.
"""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.limits import RateLimits
from workers.errors import CommandError

DEFAULT_TEMPORAL_ADDRESS = "127.0.0.1:7233"
"""Where a Temporal server listens when nobody says otherwise."""


class LogFormat(StrEnum):
    """How a log line looks: one JSON object for machines, or columns for people."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least severe line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """What a process needs to know of its surroundings.  Secrets show as asterisks."""

    model_config = SettingsConfigDict(
        env_prefix="LATCHWORK_", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    data: Path = Field(
        default=Path(".latchwork"), description="Folder of the embedded stack: databases, keys and addresses."
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL of the application's database, such as `postgresql+psycopg://…`; "
        "without it, SQLite in the data folder.",
    )
    keyring_path: Path | None = Field(
        default=None, description="File of the key ring; without it, `keyring.json` in the data folder."
    )
    keyring: SecretStr | None = Field(
        default=None, description="The key ring itself as JSON text, for secret managers; wins over the path."
    )
    provider_timeout_seconds: float = Field(
        default=10.0, gt=0, le=60, description="How long one call to a lock vendor may take, in seconds."
    )
    max_cached_workflows: int = Field(
        default=2000,
        ge=0,
        description="Codes a worker keeps in memory, at about 90 KB each; as many as start or end within one hour.",
    )
    sweep_minutes: float = Field(
        default=15.0, gt=0, le=1440, description="How often codes are looked for whose workflow is gone, in minutes."
    )
    webhook_private_addresses: bool = Field(
        default=False,
        description="Whether webhooks may go to this machine, to private networks and without TLS: for development.",
    )
    message_private_addresses: bool = Field(
        default=False,
        description="Whether messages to guests may leave through a server on this machine or in private networks, "
        "and without TLS.",
    )
    log_format: LogFormat = Field(default=LogFormat.CONSOLE, description="`console` for people, `json` for machines.")
    log_level: LogLevel = Field(default=LogLevel.INFO, description="`debug`, `info`, `warning` or `error`.")
    metrics_address: str | None = Field(
        default=None,
        pattern=r"^[^\s:]+:\d+$|^\[[0-9a-fA-F:]+\]:\d+$",
        description="`host:port` where Prometheus may fetch the worker's metrics; without it, none are kept.",
    )
    rate_limits: RateLimits = Field(
        default=RateLimits.SEAM,
        description="How often the API may be called: `seam` as Seam publishes per device, and 1200 a minute per key; "
        "`off`. The demo has none.",
    )
    api_host: str = Field(default="127.0.0.1", description="Address on which `latchwork api` listens.")
    console_session_hours: float = Field(
        default=12.0, gt=0, le=24 * 31, description="How long somebody stays signed in to the console, in hours."
    )
    console_user_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]+$",
        description="Header in which a trusted proxy names who signed in, such as `X-Remote-User`: nobody but the proxy "
        "may then reach the port. Without it, people sign in with passwords.",
    )
    temporal_ui_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s]+$",
        description="Address of the Temporal UI, to which the console links; the embedded one's is known.",
    )
    temporal_address: str | None = Field(
        default=None,
        validation_alias="TEMPORAL_ADDRESS",
        description="`host:port` of Temporal; without it, the embedded one that runs on the data folder, "
        f"else `{DEFAULT_TEMPORAL_ADDRESS}`.",
    )
    temporal_namespace: str = Field(
        default="default", validation_alias="TEMPORAL_NAMESPACE", description="Temporal namespace."
    )
    temporal_api_key: SecretStr | None = Field(
        default=None, validation_alias="TEMPORAL_API_KEY", description="API key for Temporal; turns TLS on."
    )
    temporal_tls_client_cert_path: Path | None = Field(
        default=None,
        validation_alias="TEMPORAL_TLS_CLIENT_CERT_PATH",
        description="Client certificate for Temporal (PEM); turns TLS on.",
    )
    temporal_tls_client_key_path: Path | None = Field(
        default=None,
        validation_alias="TEMPORAL_TLS_CLIENT_KEY_PATH",
        description="Private key of the client certificate (PEM).",
    )
    temporal_tls_server_ca_cert_path: Path | None = Field(
        default=None,
        validation_alias="TEMPORAL_TLS_SERVER_CA_CERT_PATH",
        description="Certificate authority of Temporal's server (PEM); turns TLS on.",
    )

    @property
    def provider_timeout(self) -> timedelta:
        """How long one call to a lock vendor may take."""
        return timedelta(seconds=self.provider_timeout_seconds)

    @property
    def sweep_every(self) -> timedelta:
        """How often codes are looked for whose workflow is gone."""
        return timedelta(minutes=self.sweep_minutes)

    @property
    def store_url(self) -> SecretStr:
        """The URL of the application's database, the default filled in."""
        return self.database_url or SecretStr(f"sqlite+aiosqlite:///{self.data.absolute() / 'latchwork.sqlite'}")

    @property
    def keyring_file(self) -> Path:
        """Where the key ring's file is or would be."""
        return self.keyring_path or self.data / "keyring.json"

    def at(self, data: Path | None) -> "Settings":
        """Give these settings for another data folder; None keeps the folder."""
        return self if data is None else self.model_copy(update={"data": data})


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        CommandError: a variable holds something that it cannot mean; its name is told, its value is not.
    """
    try:
        return Settings()
    except ValidationError as error:
        complaints = "; ".join(f"{variable_of(str(part['loc'][0]))}: {part['msg']}" for part in error.errors())
        raise CommandError(f"settings are wrong: {complaints}") from None


def variable_of(field: str) -> str:
    """Name the environment variable of a field (or pass a variable's own name through)."""
    info = Settings.model_fields.get(field)
    if info is None:
        return field
    alias = info.validation_alias
    return alias if isinstance(alias, str) else f"LATCHWORK_{field.upper()}"
