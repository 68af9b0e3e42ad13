"""Every process of ours runs on libuv's loop and leaves the Temporal SDK a moment at its end."""

import asyncio
import gc
import time

import pytest
import uvloop

from workers import loop


async def _kind() -> type:
    return type(asyncio.get_running_loop())


async def _failing() -> None:
    raise ZeroDivisionError


def test_work_is_done_on_libuvs_loop() -> None:
    """What it comes to is given back."""
    assert loop.run(_kind()) is uvloop.Loop


def test_there_is_a_pause_after_work_that_failed_too() -> None:
    """The SDK's threads end meanwhile; without it the interpreter may crash on exit."""
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        loop.run(_failing())
    assert time.monotonic() - began >= 0.01


def test_garbage_is_looked_for_in_short_moments() -> None:
    """What was there before is gone through no more, and fewer new objects are waited for."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)  # as while a command starts
    try:
        loop.look_for_garbage_in_short_moments()
        assert len(gc.get_objects()) < gc.get_freeze_count() / 100
        assert gc.get_threshold()[0] < 50_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
