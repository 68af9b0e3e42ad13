"""What an operator can cause is one line that says what to do; a traceback is never shown for it."""

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.keyring import KeyRing
from workers.command import main
from workers.keys import make_keys, new_key_id
from workers.settings import Settings

ROOT = Path(__file__).parents[2]
CODE_ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHWORK_DATA", str(tmp_path))
    for name in ("TEMPORAL_ADDRESS", "LATCHWORK_DATABASE_URL", "LATCHWORK_KEYRING", "LATCHWORK_KEYRING_PATH"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return make_keys(Settings(data=tmp_path))


def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run the command in this process; gives exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["latchwork", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def refused(outcome: tuple[int, str, str]) -> str:
    """Give the one line by which the command failed."""
    code, out, err = outcome
    assert (code, out) == (1, "")
    assert err.startswith("latchwork: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize(
    "command",
    [
        ["worker"],
        ["api", "--port", "0"],
        ["keyring", "list"],
        ["codes", "delete", CODE_ID],
        ["codes", "pull-backup", CODE_ID],
    ],
)
def test_missing_keys_are_one_line(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there are no keys: run `latchwork up` once" in refused(say(monkeypatch, capsys, *command))


@pytest.mark.usefixtures("keys")
def test_unreachable_temporal_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    line = refused(say(monkeypatch, capsys, "codes", "delete", CODE_ID))
    assert "Temporal does not answer at 127.0.0.1:1; start `latchwork up`, or set TEMPORAL_ADDRESS" in line


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://u:hunter2@h/d", "LATCHWORK_DATABASE_URL: "),
        ("postgresql://u:hunter2@127.0.0.1:1/d", "cannot be used"),
        ("sqlite:////proc/no/such.sqlite", "cannot be used"),
    ],
)
def test_unusable_database_is_one_line_without_the_password(
    url: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LATCHWORK_DATABASE_URL", url)
    line = refused(say(monkeypatch, capsys, "codes", "list"))
    assert told in line
    assert "hunter2" not in line


def test_keys_open_to_others_are_one_line(
    tmp_path: Path, keys: KeyRing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keyring.json").chmod(0o644)
    assert "open to other users" in refused(say(monkeypatch, capsys, "keyring", "list"))


def test_wrong_driver_and_credentials_are_one_line_without_values(
    keys: KeyRing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(say(monkeypatch, capsys, "accounts", "add", "nope", "--name", "x", "--set", "token=hunter2"))
    assert "lock_cloud" in line
    line = refused(say(monkeypatch, capsys, "accounts", "add", "lock_cloud", "--name", "x", "--set", "token=hunter2"))
    assert "base_url" in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    "command",
    [
        ["codes", "create", "x", "--ends-at", "2026-07-01T16:00:00"],
        ["codes", "create", "x", "--pin-stdin", "--pin-prompt"],
        ["codes", "show", "not-an-id"],
        ["accounts", "add", "lock_cloud", "--name", "x", "--set", "hunter2"],
        ["codes", "create-multiple", "x", "y", "--when-not-shared", "perhaps"],
        ["codes", "update-multiple", "home"],
        ["codes", "update-multiple", "home", "--ends-at", "+1h"],
        ["devices", "policy", "x", "backup_after"],
        ["devices", "policy", "x", "no_such_policy=1"],
        ["devices", "policy", "x", "backup_after=soon"],
        ["devices", "policy", "x", "pulls_backup=perhaps"],
    ],
)
def test_mistakes_in_the_command_line_exit_with_2(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = say(monkeypatch, capsys, *command)
    assert (code, out) == (2, "")
    assert "hunter2" not in err


def test_unknown_code_and_lock_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "access_code_not_found" in refused(say(monkeypatch, capsys, "codes", "show", CODE_ID))
    for command in (["devices", "show"], ["devices", "unmanage"], ["pools", "enable"], ["pools", "list", "--device"]):
        assert "latchwork devices list" in refused(say(monkeypatch, capsys, *command, "Front Door"))


@pytest.mark.parametrize("group", ["codes", "devices", "accounts", "pools", "webhooks"])
def test_empty_listings_are_json_for_programs_and_advice_for_people(
    group: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say(monkeypatch, capsys, group, "list", "--json")[:2] == (0, "[]\n")
    assert "latchwork" in say(monkeypatch, capsys, group, "list")[1]


def test_new_key_becomes_primary_and_listing_shows_no_material(
    tmp_path: Path, keys: KeyRing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = say(monkeypatch, capsys, "keyring", "add", "pin", "--json")
    listed = json.loads(out)
    assert code == 0
    assert [key["primary"] for key in listed if key["purpose"] == "pin"] == [False, True]
    assert set(listed[0]) == {"key_id", "purpose", "primary", "created_at"}
    assert len(KeyRing.load(tmp_path / "keyring.json").listing) == 4


def test_up_on_a_busy_port_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(say(monkeypatch, capsys, "up", "--port", str(port)))
    assert f"port {port} on 127.0.0.1 cannot be used" in line


def test_command_runs_as_a_module() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "workers.command", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Guests' access codes" in answer.stdout


def test_ids_of_keys_differ() -> None:
    assert new_key_id() != new_key_id()
    assert new_key_id().startswith(f"{datetime.now(UTC):%Y}")


def test_keys_are_made_once_for_their_owner_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    monkeypatch.setenv("LATCHWORK_DATA", str(data))
    first, again = (say(monkeypatch, capsys, "keyring", "make", "--json")[:2] for _ in range(2))
    assert first == again
    assert len(json.loads(first[1])) == 3
    assert (data / "keyring.json").stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700


def test_new_locks_are_asked_about_without_temporal(
    keys: KeyRing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    assert say(monkeypatch, capsys, "devices", "questions", "--json")[:2] == (0, "[]\n")
    assert "--dismiss" in refused(say(monkeypatch, capsys, "devices", "answer", "Front Door"))
    for command in (["answer", "Front Door", "--dismiss"], ["replacement", "Front Door"], ["replace", "A", "B"]):
        assert "latchwork devices list" in refused(say(monkeypatch, capsys, "devices", *command))
