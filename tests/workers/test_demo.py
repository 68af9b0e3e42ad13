"""The demo succeeds only when every step was read back, and says of one that was not what it expected and saw."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from unittest.mock import AsyncMock, Mock
from uuid import uuid4

import pytest
from pydantic import SecretStr

from api.access_codes import AccessCodeService
from store.tables import DeviceRow
from workers import demo
from workers.demo_backup import has_a_backup
from workers.demo_guest import Cast, Guest, StepError
from workers.demo_parts import Door, wall
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


async def test_backup_that_does_not_open_fails_the_step(capsys: pytest.CaptureFixture[str]) -> None:
    """What Latchwork says of a backup is not enough: the door is tried."""
    teller, service = Teller(), Mock(spec=AccessCodeService)
    service.get = AsyncMock(return_value=Mock(**{"code.backup.access_code_id": uuid4()}))
    service.reveal = AsyncMock(return_value=SecretStr("7392"))
    door, device = Mock(spec=Door), Mock(spec=DeviceRow)
    door.opens, device.name = AsyncMock(return_value=False), "Loft"
    guest = Guest(Mock(spec=Cast, teller=teller, service=service, keyring=None), door, device, lasts=timedelta(0))

    with pytest.raises(StepError):
        await has_a_backup(guest)
    assert "expected: the door opens with the backup code; seen: it stays shut" in (told := capsys.readouterr().out)
    assert "7392" not in told
    assert teller.failed == 1
