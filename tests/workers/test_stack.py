"""One `up` per folder, found by other commands while it lives and never after."""

import json
import stat
from pathlib import Path

import pytest

from workers.errors import CommandError
from workers.settings import Settings
from workers.stack import Stack, forget_stack, holding, located, read_stack, write_stack

STACK = Stack(
    api="http://127.0.0.1:1", temporal_ui="http://127.0.0.1:2", temporal_address="127.0.0.1:3", api_key="seam_x"
)


def test_ready_line_has_every_key() -> None:
    keys = ["ready", "api", "console", "temporal_ui", "temporal_address", "api_key", "locks"]
    assert list(json.loads(STACK.model_dump_json())) == keys


def test_addresses_are_found_while_the_folder_is_held(tmp_path: Path) -> None:
    with holding(tmp_path):
        write_stack(tmp_path, STACK)
        found = read_stack(tmp_path)
        assert found is not None
        assert found.temporal_address == STACK.temporal_address
        assert located(Settings(data=tmp_path)).temporal_address == STACK.temporal_address


def test_addresses_left_behind_are_not_believed(tmp_path: Path) -> None:
    with holding(tmp_path):
        write_stack(tmp_path, STACK)
    assert read_stack(tmp_path) is None


def test_environment_wins_over_the_running_stack(tmp_path: Path) -> None:
    with holding(tmp_path):
        write_stack(tmp_path, STACK)
        settings = Settings(data=tmp_path).model_copy(update={"temporal_address": "elsewhere:7233"})
        assert located(settings).temporal_address == "elsewhere:7233"


def test_second_holder_is_told_in_one_line(tmp_path: Path) -> None:
    with holding(tmp_path), pytest.raises(CommandError, match="already runs on"), holding(tmp_path):
        pass


def test_file_is_private_and_holds_no_key(tmp_path: Path) -> None:
    write_stack(tmp_path, STACK)
    path = tmp_path / "stack.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "seam_x" not in path.read_text()
    forget_stack(tmp_path)
    assert not path.exists()
