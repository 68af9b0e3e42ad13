"""The API key that `up` prints: one that lives as long as a demo does, or the first of an installation.

In a demo the key is the password of the console's user `demo`, too.

A key is only ever shown when it is made, so a later start of the same installation has none to show.
"""

from contextlib import AsyncExitStack, suppress
from datetime import timedelta

from pydantic import SecretStr

from api.keys import KeyService
from api.users import UserRefusedError, UserService
from domain.roles import Role

DEMO_KEY, FIRST_KEY = "demo", "first"
DEMO_USER = "demo"
_DEMO_LASTS = timedelta(days=365)
"""A demo that was killed revokes nothing; the next one does, and this is the last resort."""


async def demo_key(stack: AsyncExitStack, keys: KeyService) -> str:
    """Make the key of a demo; it is revoked with the stack, as are those that a killed demo left."""
    for row in await keys.list():
        if row.name == DEMO_KEY:
            await keys.revoke(row.prefix)
    minted = await keys.mint(DEMO_KEY, lasts=_DEMO_LASTS)
    stack.push_async_callback(keys.revoke, minted.row.prefix)
    return minted.token.get_secret_value()


async def first_key(keys: KeyService) -> str | None:
    """Make the first key of an installation; None when it has had one."""
    if await keys.has_any():
        return None
    return (await keys.mint(FIRST_KEY)).token.get_secret_value()


async def demo_user(stack: AsyncExitStack, users: UserService, key: str) -> None:
    """Let whoever has the demo's key sign in to its console as `demo`, with the key for a password, until it stops."""
    with suppress(UserRefusedError):
        # One that a killed demo left.
        await users.remove(DEMO_USER)
    await users.add(DEMO_USER, Role.ADMIN, SecretStr(key))
    stack.push_async_callback(users.remove, DEMO_USER)
