"""Everything that can be shown has a word, and every vendored file is as it came."""

import hashlib
import re
from inspect import isclass

import pytest

from console.rendering import STATIC, TEMPLATES
from console.words import ANSWERS, DEEDS, PROBLEMS, STATUSES
from domain.access_code import Status
from domain.audit import AuditAction
from domain.drift import Found
from domain.problems import ProblemCode
from providers import base
from tests.docs.pages import ROOT

VENDORED = STATIC / "vendor"
SUMS = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", (VENDORED / "VENDORED.md").read_text(), re.MULTILINE))


def test_every_status_problem_and_deed_has_its_word() -> None:
    assert set(STATUSES) == set(Status)
    assert set(PROBLEMS) == set(ProblemCode)
    assert set(DEEDS) == set(AuditAction)


def test_every_look_at_a_lock_and_every_error_of_a_driver_has_its_words() -> None:
    readings = {one.__name__.lower() for one in base.Reading.__args__}
    errors = {
        one.__name__
        for one in vars(base).values()
        if isclass(one) and issubclass(one, base.ProviderError) and one is not base.ProviderError
    }
    assert readings | errors | set(Found) <= set(ANSWERS)


@pytest.mark.parametrize("name", sorted(SUMS))
def test_vendored_file_is_as_it_came(name: str) -> None:
    assert hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() == SUMS[name]


def test_vendored_scripts_are_all_listed_with_their_licenses_and_packaged() -> None:
    files = {str(file.relative_to(VENDORED)) for kind in ("*.js", "*.css") for file in VENDORED.rglob(kind)}
    assert files == set(SUMS)
    licenses = {name: (VENDORED / name).with_name("LICENSE").read_text() for name in files}
    assert [name for name, text in licenses.items() if "BSD" not in text and "MIT" not in text] == []
    assert 'console = ["static/**/*", "templates/**/*"]' in (ROOT / "pyproject.toml").read_text()


def test_pages_ask_no_other_host_for_anything() -> None:
    own = [*TEMPLATES.glob("*.html"), STATIC / "console.js", STATIC / "console.css"]
    assert own
    for file in own:
        assert re.search(r"(?:src|href|action|url\()=?[\"'(]?(?:https?:)?//", file.read_text()) is None, file.name
