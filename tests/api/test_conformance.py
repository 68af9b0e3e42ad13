"""The API against its own OpenAPI document: whatever is sent, the answer is one that the document names.

schemathesis makes the requests, right ones and wrong ones, and runs its checks; the profile is bounded.  PostgreSQL is
the pickier database, so it alone is asked.
"""

import asyncio
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from api.http.openapi import document
from api.http.routes import ROUTES
from api.http.table import Verb
from tests.api.door import Door

EXAMPLES = 3
SCHEMA = schemathesis.openapi.from_dict(document(ROUTES))
CASES = [
    *((route.path, route.verb, GenerationMode.POSITIVE) for route in ROUTES),
    *((route.path, Verb.POST, GenerationMode.NEGATIVE) for route in ROUTES),
]
"""Right requests by the verb that today's SDKs send; wrong ones as bodies, for queries ignore what they do not know."""

BOUNDED = hypothesis.settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
EXCLUDED = [positive_data_acceptance]
"""A window that has ended is of the right shape and refused all the same."""


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize(("path", "verb", "mode"), CASES, ids=str)
async def test_operation_answers_as_documented(door: Door, path: str, verb: Verb, mode: GenerationMode) -> None:
    headers = {"Authorization": f"Bearer {door.key}"}

    @BOUNDED
    @hypothesis.given(case=SCHEMA[path][verb.value].as_strategy(mode))
    def conforms(case: Any) -> None:
        case.call_and_validate(base_url=door.url, headers=headers, excluded_checks=EXCLUDED)

    await asyncio.to_thread(conforms)


async def test_document_is_served_and_is_that_of_the_table(door: Door) -> None:
    assert (await door.http.get("/openapi.json")).json() == document(ROUTES)
