"""Reading the documentation as a test does."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def section(page: str, heading: str) -> str:
    """Give the text under one heading of the second level."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return next(part for part in text.split("\n## ") if part.startswith(f"{heading}\n"))


def first_cells(text: str) -> list[str]:
    """List what stands in backticks in the first column of the text's tables."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
