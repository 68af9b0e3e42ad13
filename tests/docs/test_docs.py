"""What the documentation names exists, and what exists is named."""

import re
import tomllib
from datetime import timedelta
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from domain.events import EventType
from domain.policy import Policy
from tests.docs.pages import DOCS, ROOT, first_cells, section
from workflows.contracts import AccessCodeInput, UpdateName

PAGES = sorted(DOCS.rglob("*.md"))
FOLDERS = "domain|providers|store|activities|workflows|workers|api|console|tests|docs|bench|requirements"
REPOSITORY_PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = REPOSITORY_PATH.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_within_the_documentation_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_event_is_documented_once() -> None:
    assert sorted(first_cells((DOCS / "events.md").read_text(encoding="utf-8"))) == sorted(EventType)


def test_every_policy_is_documented_with_its_default() -> None:
    documented = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section("operating.md", "Policy"), re.MULTILINE)
    assert documented == [(name, _shown(value)) for name, value in Policy()]


def _shown(value: object) -> str:
    match value:
        case timedelta():
            return f"{value.total_seconds():.9g} s"
        case bool():
            return "yes" if value else "no"
        case StrEnum():
            return f"`{value}`"
        case _:
            return str(value)


def test_every_field_of_the_input_is_documented() -> None:
    told = section("starting-a-code.md", "The input")
    assert [name for name in AccessCodeInput.model_fields if f"`{name}`" not in told] == []


def test_every_update_is_documented() -> None:
    told = (DOCS / "starting-a-code.md").read_text(encoding="utf-8")
    assert [name for name in UpdateName if f"`{name}`" not in told] == []


def test_folders_of_the_architecture_are_those_that_the_linter_holds() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    roots = settings["tool"]["importlinter"]["root_packages"]
    assert first_cells(section("architecture.md", "Folders")) == [f"{root}/" for root in roots]


def test_every_table_is_named_once_where_the_architecture_says_what_is_stored() -> None:
    rows = [
        line.split("|")[2] for line in section("architecture.md", "What is stored where").splitlines() if "|" in line
    ]
    named = [table for row in rows for table in re.findall(r"`(\w+)`", row)]
    for module in (ROOT / "store").glob("*tables.py"):
        import_module(f"store.{module.stem}")
    assert sorted(named) == sorted(SQLModel.metadata.tables)


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=name)
def test_decision_has_its_number_date_and_three_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(rf"# {page.name[:4]}: .+\n\nStatus: \w+, \d{{4}}-\d\d-\d\d\n", text)
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
