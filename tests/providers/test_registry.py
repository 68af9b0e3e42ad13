"""A wrong name or a wrong credential is one line that helps and that repeats no secret."""

import pytest

from providers.registry import DRIVERS, CredentialsError, UnknownDriverError, driver_entry, driver_factory

SECRET = "tok-canary-48291507"


def test_unknown_driver_lists_the_known() -> None:
    with pytest.raises(UnknownDriverError, match="lock_cloud"):
        driver_factory("nuki_by_fax")


def test_driver_declares_its_fields() -> None:
    assert driver_entry("lock_cloud").fields == ("base_url", "token", "webhook_secret")
    assert all(name == entry.name for name, entry in DRIVERS.items())


@pytest.mark.parametrize(
    ("credentials", "told"),
    [
        ({"base_url": "http://vendor.invalid"}, "token: Field required"),
        ({"base_url": SECRET, "token": SECRET}, "base_url: "),
        ({"base_url": f"http://me:{SECRET}@vendor.invalid", "token": "t"}, "base_url: "),
        ({"base_url": "http://vendor.invalid", "token": f"{SECRET}\r\nX: y"}, "token: "),
        ({"base_url": "http://vendor.invalid", "token": "t", SECRET: SECRET}, "unknown field"),
    ],
)
def test_wrong_credentials_are_one_line(credentials: dict[str, str], told: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        driver_factory("lock_cloud")(credentials, timeout_seconds=1)
    text = str(caught.value)
    assert told in text
    assert "\n" not in text
    assert SECRET not in text
    assert caught.value.__context__ is None
