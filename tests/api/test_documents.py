"""`docs/api.md` names every route as the table has it, and no other."""

import re

from api.http.failures import STATUSES
from api.http.routes import ROUTES
from domain.refusals import RefusalType
from tests.docs.pages import DOCS, section

ROW = re.compile(r"^\| `(/[^`]+)` \| ([A-Z, ]+) \| ([a-z-]+) \| ([^|]*) \|$", re.MULTILINE)


def test_every_route_is_documented_with_verbs_scope_and_keys() -> None:
    documented = ROW.findall(section("api.md", "Routes"))
    assert documented == [
        (
            route.path,
            ", ".join(route.verbs),
            route.scope.value if route.scope else "-",
            ", ".join(f"`{key}`" for key in route.answers) or "-",
        )
        for route in ROUTES
    ]


def test_every_status_of_a_refusal_is_documented() -> None:
    told = dict(re.findall(r"^\| `([a-z_]+)` \| (\d+) \|", section("api.md", "Errors"), re.MULTILINE))
    for refusal in RefusalType:
        if refusal not in (RefusalType.STORE_UNAVAILABLE, RefusalType.PLAINTEXT_PIN):
            assert told[refusal] == str(int(STATUSES.get(refusal, 400)))
    assert DOCS.exists()
