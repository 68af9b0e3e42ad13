"""The first admin is made at the command line, and no password is ever printed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workers.command_users import app
from workers.errors import CommandError
from workers.keys import make_keys
from workers.settings import Settings

PASSWORD = "correct horse battery"


def _say(*words: str, stdin: str = "") -> str:
    said = CliRunner().invoke(app, list(words), input=stdin)
    if said.exception is not None:
        raise said.exception
    return said.stdout


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a data folder with keys."""
    make_keys(Settings(data=tmp_path))
    monkeypatch.setenv("LATCHWORK_DATA", str(tmp_path))


def test_people_are_added_listed_and_removed_without_their_passwords_being_shown() -> None:
    made = _say("add", " Ada ", "--role", "admin", "--password-stdin", "--json", stdin=f"{PASSWORD}\n")
    assert json.loads(made)["name"] == "ada"
    _say("add", "vera", "--no-password")
    listed = _say("list", "--json")
    assert [(one["name"], one["role"], one["has_password"]) for one in json.loads(listed)] == [
        ("ada", "admin", True),
        ("vera", "viewer", False),
    ]
    assert PASSWORD not in made + listed
    _say("remove", "ADA")
    assert [one["name"] for one in json.loads(_say("list", "--json"))] == ["vera"]


def test_what_cannot_be_is_said_in_one_line() -> None:
    with pytest.raises(CommandError, match=r"^a password has 12 to 200 characters$"):
        _say("add", "ada", "--password-stdin", stdin="short\n")
    _say("add", "vera", "--no-password")
    with pytest.raises(CommandError, match="already"):
        _say("add", "Vera", "--no-password")
    with pytest.raises(CommandError, match="latchwork users list"):
        _say("remove", "nobody")
