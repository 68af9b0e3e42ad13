"""Messages at the command line: channels whose URL nobody sees again, words that are checked, and switches."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from workers.command import build
from workers.errors import CommandError
from workers.keys import make_keys
from workers.settings import Settings

URL = "mailtos://desk:secret@mail.example?from=desk@house.example&to={to}"


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHWORK_DATA", str(tmp_path))
    for name in ("TEMPORAL_ADDRESS", "LATCHWORK_DATABASE_URL", "LATCHWORK_KEYRING", "LATCHWORK_KEYRING_PATH"):
        monkeypatch.delenv(name, raising=False)
    make_keys(Settings(data=tmp_path))


def say(*words: str, typed: str | None = None) -> str:
    outcome = CliRunner().invoke(build(["messages"]), ["messages", *words], input=typed, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def told(*words: str) -> Any:
    return json.loads(say(*words, "--json"))


def test_channel_is_added_by_a_url_that_is_never_shown() -> None:
    assert "secret" not in say("channels", "add", "Mail", "email", typed=f"{URL}\n")
    (channel,) = told("channels", "list")
    assert (channel["name"], channel["kind"]) == ("Mail", "email")
    assert "secret" not in str(channel)
    say("channels", "remove", channel["channel_id"])
    assert told("channels", "list") == []


def test_words_are_checked_kept_and_taken_back() -> None:
    with pytest.raises(CommandError, match=r"\{wifi\}"):
        say("templates", "set", "backup", "--subject", "Hi", "--body", "{code} {wifi}")
    assert "••••" in say("templates", "set", "backup", "--subject", "Hi", "--body", "Take {code}")
    assert [one["body"] for one in told("templates", "list") if one["is_own"]] == ["Take {code}"]
    say("templates", "reset", "backup")
    assert [one for one in told("templates", "list") if one["is_own"]] == []


def test_switches_are_off_until_they_are_chosen() -> None:
    assert told("automatic") == {"automatic": [], "ready_lead_hours": 0, "guests_kept_days": 30}
    told("automatic", "backup", "code_ready", "--ahead", "1d", "--guests-kept-days", "7")
    assert told("automatic") == {"automatic": ["code_ready", "backup"], "ready_lead_hours": 24, "guests_kept_days": 7}
    assert told("automatic", "--off", "--ahead", "0s")["automatic"] == []
