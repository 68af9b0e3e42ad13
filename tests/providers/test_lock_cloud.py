"""The generic driver keeps the contract against the simulated cloud, over real HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from providers.registry import driver_factory
from providers.simulated import DEMO_TOKEN, LockCloud
from providers.simulated.faults import FaultKind
from tests.providers import contract
from tests.providers.contract import Bench, DriverContract


@pytest.fixture(scope="session")
async def control(served_cloud: tuple[LockCloud, str]) -> AsyncIterator[httpx.AsyncClient]:
    """The control side, one client for all tests: opening one loads every certificate of the machine."""
    async with httpx.AsyncClient(base_url=served_cloud[1], trust_env=False) as client:
        yield client


@pytest.fixture
async def bench(cloud_url: str, control: httpx.AsyncClient) -> AsyncIterator[Bench]:
    """The driver and the cloud as new; half a second bounds each of the driver's calls."""
    open_driver = driver_factory("lock_cloud")
    driver = open_driver({"base_url": cloud_url, "token": DEMO_TOKEN}, timeout_seconds=1.5)
    yield Bench(driver, control)
    await driver.aclose()


class TestLockCloud(DriverContract):
    """The contract, run for `lock_cloud`."""


def test_contract_meets_every_fault_kind() -> None:
    """A fault kind that no contract test sets would be a promise that nobody checks."""
    text = Path(contract.__file__).read_text()
    spoken = [kind for kind in FaultKind if not kind.startswith("webhook_")]  # those are about what the cloud says
    assert [kind for kind in spoken if f'"{kind.value}"' not in text] == []
