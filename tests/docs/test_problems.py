"""`docs/problems.md` names every problem, refusal and failure that exists, and no other."""

import re

import pytest

from activities.failures import AttemptFailure
from domain.problems import KINDS, ProblemCode
from domain.refusals import RefusalType
from tests.docs.pages import first_cells, section

HEADING = re.compile(r"^### `([^`]+)` \((\w+)\)$", re.MULTILINE)


def test_every_problem_is_documented_with_its_severity() -> None:
    documented = HEADING.findall(section("problems.md", "Problems"))
    assert sorted(documented) == sorted((code.value, KINDS[code].severity.value) for code in ProblemCode)


@pytest.mark.parametrize("code", ProblemCode)
def test_problem_says_what_everybody_needs(code: ProblemCode) -> None:
    text = next(part for part in section("problems.md", "Problems").split("\n### ") if part.startswith(f"`{code}`"))
    assert re.findall(r"^- \*\*(\w+)\*\*:", text, re.MULTILINE) == ["Raised", "Cleared", "Operator", "Guest"]


def test_every_refusal_is_documented() -> None:
    assert sorted(first_cells(section("problems.md", "Refusals"))) == sorted(RefusalType)


def test_every_failure_of_an_attempt_is_documented() -> None:
    assert sorted(first_cells(section("problems.md", "Failures of an attempt"))) == sorted(AttemptFailure)
