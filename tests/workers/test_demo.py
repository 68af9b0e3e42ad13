"""The demo succeeds only when every step was read back, and says of one that was not what it expected and saw."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from store.tables import DeviceRow
from workers import demo
from workers.demo_parts import Door, wall
from workers.demo_story import Cast, Guest, StepError
from workers.demo_telling import Teller
from workers.errors import CommandError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo makes its data folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def tell(monkeypatch: pytest.MonkeyPatch, *, is_told: bool, is_failed: bool) -> None:
    """Run the command on a story with this outcome."""

    async def story(folder: Path, teller: Teller, told: asyncio.Event, *, once: bool) -> None:
        teller.prove("Front Door", "the door opens")
        if is_failed:
            teller.fail("Front Door", "the door does not open any more", "it still opens")
        if is_told:
            told.set()

    monkeypatch.setattr(demo, "_demo", story)
    demo.main(once=True)


def test_story_that_was_read_back_leaves_no_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, is_told=True, is_failed=False)
    assert list(folder.iterdir()) == []


def test_failed_step_fails_the_command_and_keeps_the_data(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="failed in 1 of its acts"):
        tell(monkeypatch, is_told=True, is_failed=True)
    assert "expected: the door does not open any more; seen: it still opens" in capsys.readouterr().out
    assert len(list(folder.iterdir())) == 1


def test_unfinished_story_fails_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="interrupted before its end"):
        tell(monkeypatch, is_told=False, is_failed=False)
    assert list(folder.iterdir()) == []


async def test_step_that_is_late_tells_what_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller()
    cast = Mock(spec=Cast, teller=teller)
    device = Mock(spec=DeviceRow)
    device.name = "Front Door"
    guest = Guest(cast, Mock(spec=Door), device, lasts=timedelta(seconds=1))

    async def look() -> str | None:
        return "it stays shut"

    with pytest.raises(StepError):
        await guest.until("the door opens", look, by=wall())
    assert "✗" in (told := capsys.readouterr().out)
    assert "expected: the door opens; seen: it stays shut" in told
    assert (teller.proven, teller.failed) == (0, 1)
