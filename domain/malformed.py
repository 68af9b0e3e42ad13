"""Input that is not even a request: it is refused like any other, by field, rule and shape, and without its values.

What a caller sent may be anything, digits in the wrong place included.  So only the names of fields, the rule's own
words, and the kind and length of the value are told; a run of digits in any of them is struck out.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from domain.refusals import Refusal, RefusalType

_DIGITS = re.compile(r"\d{4,}")


def refusal_of(error: ValidationError) -> Refusal:
    """Make the refusal of input by the first rule that it breaks."""
    first: Mapping[str, Any] = dict(error.errors(include_url=False, include_context=False)[0])
    field = struck(".".join(str(part) for part in first["loc"]) or "input")
    rule = str(first["type"])
    plain = rule == RefusalType.PLAINTEXT_PIN
    return Refusal(
        type=RefusalType.PLAINTEXT_PIN if plain else RefusalType.INVALID_INPUT,
        message=f"{field}: {struck(str(first['msg']))} ({rule})",
        field=field,
        rule=rule,
        shape=_shape(first["input"]),
    )


def _shape(value: object) -> str:
    """Tell what kind of value it was, and how long."""
    match value:
        case str():
            return f"{len(value)} digits" if value.isdigit() else f"text of {len(value)} characters"
        case bool() | None:
            return str(value).lower()
        case int():
            return f"a number of {len(str(abs(value)))} digits"
        case Mapping():
            return f"an object with {len(value)} fields"
        case _:
            return type(value).__name__


def struck(text: str) -> str:
    """Give the text with its runs of digits struck out."""
    return _DIGITS.sub("…", text)
