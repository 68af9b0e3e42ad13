"""The environment is read in one place, and what it may hold stands in the documentation."""

import re
from pathlib import Path

import pytest

from workers.errors import CommandError
from workers.settings import Settings, load_settings, variable_of

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


def documented() -> dict[str, tuple[str, str]]:
    """Variable → (default, meaning), from the table in docs/operating.md."""
    rows = re.findall(r"^\| `((?:LATCHWORK|TEMPORAL)_\w+)` \| (.*?) \| (.*) \|$", OPERATING.read_text(), re.MULTILINE)
    return {variable: (default, meaning) for variable, default, meaning in rows}


def test_every_setting_stands_in_the_operating_page() -> None:
    declared = {
        variable_of(field): (f"`{info.default}`" if info.default is not None else "", info.description)
        for field, info in Settings.model_fields.items()
    }
    assert documented() == declared


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHWORK_PROVIDER_TIMEOUT_SECONDS", "")
    assert load_settings().provider_timeout_seconds == 10


def test_wrong_value_is_one_line_without_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHWORK_PROVIDER_TIMEOUT_SECONDS", "hunter2")
    with pytest.raises(CommandError, match=r"^settings are wrong: LATCHWORK_PROVIDER_TIMEOUT_SECONDS: ") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_secrets_do_not_show() -> None:
    settings = Settings(database_url="postgresql://u:hunter2@h/d", keyring="hunter2")
    assert "hunter2" not in repr(settings)


def test_database_defaults_to_the_data_folder(tmp_path: Path) -> None:
    url = Settings().at(tmp_path).store_url.get_secret_value()
    assert url == f"sqlite+aiosqlite:///{tmp_path}/latchwork.sqlite"
