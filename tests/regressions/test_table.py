"""`docs/regressions.md` points to tests that exist, and leaves out none of this package."""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
PAGE = (DOCS / "regressions.md").read_text(encoding="utf-8")
LINES = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| fault |")]
HERE = Path(__file__).parent


def named_in(module: Path) -> set[str]:
    """Name the tests of a module."""
    found = ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    functions = (node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {name for name in functions if name.startswith("test_")}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split(" | ")[0].removeprefix("| "))
def test_line_points_to_tests_that_exist(line: str) -> None:
    named = NAMED.findall(line)
    assert named
    assert [name for module, name in named if name not in named_in(ROOT / module)] == []


def test_every_test_of_a_regression_is_in_the_table() -> None:
    listed = {name for module, name in NAMED.findall(PAGE) if module.startswith("tests/regressions/")}
    modules = [module for module in HERE.glob("test_*.py") if module != Path(__file__)]
    assert listed == {name for module in modules for name in named_in(module)}
