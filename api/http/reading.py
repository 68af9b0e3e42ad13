"""How parameters come out of a request: the query and the JSON body, merged; the body wins.

Queries follow Seam's rules.  With `_strict=true`, as today's SDKs send it: arrays are repeated (`a=1&a=2`), objects
nested (`a.b=v`), an empty value is null (or an empty array), booleans are `true` and `false`.  Without it, also
`a[]=1`, `a=1,2`, `yes` and `1`.  A query may name anything; what the route does not know is ignored.

Size and depth are bounded before anything is looked at.
"""

import json
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from api.bodies import BodyCutShortError, BodyTooLargeError, bounded_body
from api.http.failures import invalid, malformed
from api.http.parameters import Parameters

P = TypeVar("P", bound=Parameters)

MAX_BODY_BYTES = 256 * 1024
"""A thousand ids and a name for each fit ten times."""
MAX_DEPTH = 16
MAX_QUERY_FIELDS = 2000

_STRICT = "_strict"


async def read_arguments(request: Request, model: type[Parameters]) -> dict[str, Any]:
    """Give the arguments as they were sent, query and body merged.

    Raises:
        ApiError: one of them cannot be read, or is too large.
    """
    return _from_query(request.url.query, model) | await _from_body(request)


def checked(arguments: Mapping[str, Any], model: type[P]) -> P:
    """Give the parameters.

    Raises:
        ApiError: they break a rule of the route.
    """
    try:
        return model.model_validate(dict(arguments))
    except ValidationError as error:
        raise malformed(error) from None


def _from_query(query: str, model: type[Parameters]) -> dict[str, Any]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        raise invalid(f"a query has at most {MAX_QUERY_FIELDS} fields") from None
    strict = (_STRICT, "true") in pairs
    told: dict[str, list[str]] = {}
    for name, value in pairs:
        told.setdefault(name if strict else name.removesuffix("[]"), []).append(value)
    arguments: dict[str, Any] = {}
    for name, values in told.items():
        head, _, key = name.partition(".")
        field = model.model_fields.get(head)
        if field is None:
            continue
        if key:
            arguments.setdefault(head, {})[key] = _scalar(name, values, field, strict=strict)
        else:
            arguments[head] = _value(name, values, field, strict=strict)
    return arguments


def _value(name: str, values: list[str], field: FieldInfo, *, strict: bool) -> Any:
    if list not in _kinds(field.annotation):
        return _scalar(name, values, field, strict=strict)
    if values == [""]:
        return []
    if not strict and len(values) == 1:
        return values[0].split(",")
    return values


def _scalar(name: str, values: list[str], field: FieldInfo, *, strict: bool) -> str | None:
    if len(values) > 1:
        raise invalid("is given more than once", name.partition(".")[0])
    (value,) = values
    kinds = _kinds(field.annotation)
    if strict and bool in kinds and str not in kinds and value not in ("", "true", "false"):
        raise invalid("must be true or false", name)
    return value or None


def _kinds(annotation: Any) -> set[Any]:
    """Name the plain types that an annotation admits."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return set().union(*(_kinds(part) for part in get_args(annotation)))
    if hasattr(annotation, "__metadata__"):
        return _kinds(annotation.__origin__)
    if origin is Literal:
        return {type(word) for word in get_args(annotation)}
    return {origin or annotation}


async def _from_body(request: Request) -> dict[str, Any]:
    try:
        body = await bounded_body(request, MAX_BODY_BYTES)
    except BodyTooLargeError:
        raise invalid(f"the body has more than {MAX_BODY_BYTES} bytes") from None
    except BodyCutShortError:
        raise invalid("the body did not come whole") from None
    if not body.strip():
        return {}
    try:
        read = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        # From None: the cause may quote the body.
        raise invalid("the body is no JSON") from None
    if not isinstance(read, dict):
        raise invalid("the body must be a JSON object")
    if _depth(read) > MAX_DEPTH:
        raise invalid(f"the body is nested more than {MAX_DEPTH} deep")
    return read


def _no_constant(name: str) -> None:
    raise ValueError("NaN and infinities are no JSON")


def _depth(value: Any) -> int:
    """Count the levels of nesting, without recursion of our own."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return deepest
