"""How fast the HTTP API is: creating codes beside a bare update-with-start, and reading them beside Seam's own fake."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from api.keys import KeyService
from api.limits import Limiter, RateLimits
from api.users import UserService
from bench.code_seeds import copy_code
from bench.fake import installed, running_fake
from bench.figures import Figure, percentile
from bench.load import Call, Target, paced, together
from bench.registration import bare_update_with_start
from bench.scale import Scale
from bench.sleepers import sleeping_request
from bench.stack import Stack, start_module
from bench.usage import cpu_ms
from console.gate import SESSION
from domain.roles import Role
from store.keyring import KeyRing
from workers.keys import load_keys

CONNECTIONS = 10
LISTED = 25
"""Codes that a list asks for by their ids."""
_PER_SECOND = 20.0
_ROUNDS = 2


async def measure(stack: Stack, scale: Scale) -> list[Figure]:
    """Create, then fill the store and read."""
    async with _served(stack) as target, target.client() as http:
        figures, first = await _creating(stack, http, scale)
        keyring = load_keys(stack.settings)
        module = await installed(stack.settings.data) if scale.beside_fake else None
        stored = 0
        for count in scale.stored:
            ids = await copy_code(stack, keyring, first, count - stored)
            stored = count
            ours = Target(target.process, target.url, target.key, "", [str(one) for one in ids[-LISTED:]])
            theirs = dict[str, float]()
            if module is not None:
                async with running_fake(module, stack.settings.data, count) as fake:
                    beside = await _reading(fake, scale, f"{count}, the fake")
                theirs = {figure.name.removesuffix(", the fake"): figure.value for figure in beside}
                figures += beside
            figures += [_aimed(figure, theirs) for figure in await _reading(ours, scale, str(count))]
            figures += await _console(stack, keyring, ours, scale, str(count))
    return figures


@asynccontextmanager
async def _served(stack: Stack) -> AsyncIterator[Target]:
    minted = await KeyService(stack.database, load_keys(stack.settings)).mint("The benchmark")
    environment = {
        "LATCHWORK_DATA": str(stack.settings.data),
        "LATCHWORK_RATE_LIMITS": "off",
        "TEMPORAL_ADDRESS": str(stack.settings.temporal_address),
    }
    words = ["workers.command", "api", "--port", "0"]
    process, said = await start_module("the API", stack.settings.data / "api.log", words, environment)
    try:
        yield Target(process, said["api"], minted.token.get_secret_value(), "", [])
    finally:
        await process.stop()


async def _creating(stack: Stack, http: httpx.AsyncClient, scale: Scale) -> tuple[list[Figure], UUID]:
    """Create at an even pace, then as fast as may be in turns with the yardstick; give one code's id, too."""
    made = list[str]()

    async def create() -> None:
        request = sleeping_request(stack, len(made))
        body = request.model_dump(mode="json", include={"device_id", "starts_at", "ends_at"})
        answer = await http.post("/access_codes/create", json=body)
        made.append(answer.raise_for_status().json()["access_code"]["access_code_id"])

    async def bare() -> None:
        await bare_update_with_start(stack)

    await asyncio.gather(*(call() for call in [create, bare] * CONNECTIONS))
    late = await paced(create, per_second=_PER_SECOND, count=scale.creates)
    ours, theirs = list[float](), list[float]()
    for _ in range(_ROUNDS):
        ours.append(await _rate(create, scale.load_seconds))
        theirs.append(await _rate(bare, scale.load_seconds))
    return [
        Figure("create over HTTP at 20 per s, p50", percentile(late, 0.5), "ms"),
        Figure("create over HTTP at 20 per s, p99", percentile(late, 0.99), "ms", at_most=150),
        Figure("creates over HTTP, 10 at once", sum(ours) / _ROUNDS, "per s"),
        Figure("bare update-with-starts, 10 at once", sum(theirs) / _ROUNDS, "per s"),
        Figure("creates to bare update-with-starts", sum(ours) / sum(theirs), "ratio", at_least=0.5),
    ], UUID(made[0])


async def _rate(call: Call, seconds: float) -> float:
    count, took = await together(call, callers=CONNECTIONS, seconds=seconds)
    return count / took


async def _reading(target: Target, scale: Scale, among: str) -> list[Figure]:
    """Get one code, list some by their ids, and list all there are; each answer is looked at."""
    device = {"device_id": target.device_id} if target.device_id else {}
    async with target.client() as http:

        async def get() -> None:
            await _posted(http, "/access_codes/get", {"access_code_id": target.ids[0]})

        async def listed() -> None:
            told = await _posted(http, "/access_codes/list", {**device, "access_code_ids": list(target.ids)})
            assert len(told["access_codes"]) == len(target.ids)

        async def listed_all() -> None:
            await _posted(http, "/access_codes/list", device)

        await get()
        return [
            *await _figures(target, get, f"GET of one code of {among}", scale.load_seconds),
            *await _figures(target, listed, f"list of {LISTED} codes of {among}", scale.load_seconds),
            *await _figures(target, listed_all, f"list of all {among}", scale.load_seconds, callers=1),
        ]


async def _console(stack: Stack, keyring: KeyRing, target: Target, scale: Scale, among: str) -> list[Figure]:
    """Open the first page of the console's table of codes, by itself and through filters that leave everything out."""
    users = UserService(stack.database, keyring, Limiter(RateLimits.OFF))
    name = f"bench-{among}"
    await users.add(name, Role.VIEWER, None)
    opened = await users.vouched(name, lasts=timedelta(hours=1))
    assert opened is not None
    cookies = {SESSION: opened[1]}
    figures = []
    async with httpx.AsyncClient(base_url=target.url, cookies=cookies, trust_env=False, timeout=60) as http:
        for what, query in (("", ""), (", filtered", "?status=removing&problem=failed_to_set_on_device&search=nobody")):

            async def opens(query: str = query) -> None:
                answer = await http.get(f"/console/codes{query}")
                assert answer.status_code == 200

            late = await paced(opens, per_second=2, count=max(10, int(scale.load_seconds)))
            figures.append(Figure(f"console's table of {among}{what}, p50", percentile(late, 0.5), "ms", at_most=200))
    return figures


async def _posted(http: httpx.AsyncClient, path: str, body: Any) -> Any:
    return (await http.post(path, json=body)).raise_for_status().json()


async def _figures(
    target: Target, call: Call, name: str, seconds: float, *, callers: int = CONNECTIONS
) -> list[Figure]:
    before = cpu_ms(target.process.pid)
    count, took = await together(call, callers=callers, seconds=seconds)
    spent = cpu_ms(target.process.pid) - before
    return [Figure(name, count / took, "per s"), Figure(f"CPU of {name}", spent / count, "ms")]


def _aimed(figure: Figure, theirs: dict[str, float]) -> Figure:
    """Hold a rate of reading to the fake's."""
    aim = theirs.get(figure.name)
    return Figure(figure.name, figure.value, figure.unit, at_least=aim if figure.unit == "per s" else None)
