"""What a caller of the cloud's API may write, and what that asks of the lock."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, SecretStr

from providers.simulated.locks import Refusal, RefusedError, StoredCode, StoredWindow, Wish


class Order(BaseModel):
    """The body of a POST or PATCH.  A PATCH leaves alone what it does not mention; null takes a bound away.

    A lock that keeps local time is told times without an offset, every other one times with it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str = ""
    code: SecretStr | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    slot: int | None = None

    def as_new(self) -> Wish:
        """The order for a code that is not there yet.

        Raises:
            RefusedError: it names no digits; this cloud invents none.
        """
        if self.code is None:
            raise RefusedError(Refusal.INVALID_PIN)
        return Wish(self.name, self.code.get_secret_value(), self.slot, _window(self.starts_at, self.ends_at))

    def as_change_of(self, code: StoredCode) -> Wish:
        """The order for a code that is there."""
        given = self.model_fields_set
        held = code.window or StoredWindow(None, None)
        return Wish(
            name=self.name if "name" in given else code.name,
            pin=self.code.get_secret_value() if self.code else code.pin,
            window=_window(
                self.starts_at if "starts_at" in given else held.starts_at,
                self.ends_at if "ends_at" in given else held.ends_at,
            ),
        )


def _window(starts_at: datetime | None, ends_at: datetime | None) -> StoredWindow | None:
    return StoredWindow(starts_at, ends_at) if starts_at or ends_at else None
