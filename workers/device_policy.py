"""A lock's policy at the command line: `key=value`, durations as people write them.

Codes that are registered already keep the policy that they were promised; a pool takes its size from what holds now.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import typer
from pydantic import ValidationError

from domain.policy import Policy
from workers.moments import parse_duration

EXPECTED = "give key=value, such as backup_after=90s or backup_pool_size=3; key= takes the default again"

_WORDS = {"yes": True, "true": True, "no": False, "false": False}


def read_settings(entries: Sequence[str]) -> dict[str, Any]:
    """Read `key=value` entries; None for a value that is taken away.

    Raises:
        BadParameter: an entry is not of that form, or names no policy.
    """
    return dict(_read(entry) for entry in entries)


def laid_over(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give a lock's own settings after a change of some."""
    return {key: value for key, value in {**settings, **changes}.items() if value is not None}


def policy_facts(policy: Policy, own: Mapping[str, Any], *, as_json: bool) -> list[dict[str, Any]]:
    """Give a row for each field: its value, in seconds where it is a time, and whether it is the lock's own."""
    return [{"policy": key, "value": _shown(value, as_json=as_json), "is_own": key in own} for key, value in policy]


def _read(entry: str) -> tuple[str, Any]:
    key, separator, text = entry.partition("=")
    if not separator or key not in Policy.model_fields:
        known = ", ".join(Policy.model_fields)
        raise typer.BadParameter(f"{entry!r} is no policy: {EXPECTED}; there are: {known}")
    return key, None if text == "" else _value(key, text)


def _value(key: str, text: str) -> Any:
    kind = Policy.model_fields[key].annotation
    try:
        if kind is timedelta:
            return parse_duration(text).total_seconds()
        if kind is bool:
            return _WORDS[text]
        if kind is int:
            return int(text)
    except (KeyError, ValueError):
        raise typer.BadParameter(f"{text!r} is no value for {key}: {EXPECTED}") from None
    return text


def told(error: ValidationError) -> str:
    """Say in one line what contradicts what."""
    return "; ".join(f"{'.'.join(map(str, part['loc']))} {part['msg']}".strip() for part in error.errors())


def _shown(value: Any, *, as_json: bool) -> Any:
    if not isinstance(value, timedelta):
        return value
    return value.total_seconds() if as_json else f"{value.total_seconds():g} s"
