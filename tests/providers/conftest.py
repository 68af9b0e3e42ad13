"""One simulated cloud for all provider tests, started over for each."""

from collections.abc import AsyncIterator

import pytest

pytest.register_assert_rewrite("tests.providers.contract")

from providers.simulated import LockCloud, seeded_locks, serve  # noqa: E402 - after the rewrite is registered


@pytest.fixture(scope="session")
async def served_cloud() -> AsyncIterator[tuple[LockCloud, str]]:
    """A cloud on a real socket, and its address."""
    cloud = LockCloud(seeded_locks())
    async with serve(cloud) as url:
        yield cloud, url


@pytest.fixture
def cloud(served_cloud: tuple[LockCloud, str]) -> LockCloud:
    """The served cloud as new."""
    served_cloud[0].start_over(seeded_locks())
    return served_cloud[0]


@pytest.fixture
def cloud_url(cloud: LockCloud, served_cloud: tuple[LockCloud, str]) -> str:
    """The address of the cloud as new."""
    return served_cloud[1]
