"""The OpenAPI document, made from the table of routes.

It says what is true of every route once: the verbs, the key, the envelopes, and each status that can come back.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from api.http.parameters import Parameters
from api.http.table import Route, Verb

_REF = "#/components/schemas/{model}"
_REASONS = {
    400: "A parameter breaks a rule, or what is asked for cannot be.",
    401: "There is no key, or one that does not work.",
    403: "The key lacks the right.",
    404: "The workspace has nothing with this id.",
    409: "It collides with something that is there.",
    429: "Too often; `Retry-After` says when again.",
    503: "A part of the service does not answer; `Retry-After` says when to repeat.",
}
_OPEN = (400, 503)
MAX_QUERY_ITEMS = 100
"""What surely fits into a query; a body may have more."""

ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["error", "ok"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "message"],
            "properties": {
                "type": {"type": "string"},
                "message": {"type": "string"},
                "validation_errors": {"type": "object"},
            },
        },
        "ok": {"const": False},
    },
}


def document(routes: Sequence[Route[Any]]) -> dict[str, Any]:
    """Describe the API."""
    schemas: dict[str, Any] = {"Error": ERROR_SCHEMA}
    paths = {route.path: _path(route, schemas) for route in routes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Latchwork",
            "version": "1.0.0",
            "description": "Access codes on smart locks, as Seam speaks.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"api_key": {"type": "http", "scheme": "bearer", "bearerFormat": "API key"}},
        },
    }


def _path(route: Route[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    return {verb.value.lower(): _operation(route, verb, schemas) for verb in route.verbs}


def _operation(route: Route[Any], verb: Verb, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{verb.value.lower()}{route.path.replace('/', '_')}",
        "summary": (route.handler.__doc__ or "").strip(),
        "security": [] if route.scope is None else [{"api_key": []}],
        "responses": _responses(route, schemas),
    }
    if verb in (Verb.GET, Verb.DELETE):
        operation["parameters"] = _in_query(route.parameters)
    else:
        schema = _schema(route.parameters, "validation", schemas)
        operation["requestBody"] = {
            "required": bool(_required(route.parameters)),
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _responses(route: Route[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    shown = {key: _schema(kind, "serialization", schemas) for key, kind in route.answers.items()}
    success = {
        "type": "object",
        "required": [*shown, "ok"],
        "properties": {**shown, "ok": {"const": True}},
    }
    responses = {"200": {"description": "Done.", "content": {"application/json": {"schema": success}}}}
    error = {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}}
    statuses = _OPEN if route.scope is None else tuple(_REASONS)
    return responses | {str(status): {"description": _REASONS[status], "content": error} for status in statuses}


def _schema(kind: Any, mode: JsonSchemaMode, schemas: dict[str, Any]) -> dict[str, Any]:
    """Give a type's schema; the models that it names go to the common ones."""
    schema = TypeAdapter(kind).json_schema(mode=mode, ref_template=_REF)
    schemas.update(schema.pop("$defs", {}))
    if isinstance(kind, type) and hasattr(kind, "model_fields"):
        schemas[kind.__name__] = schema
        return {"$ref": _REF.format(model=kind.__name__)}
    return schema


def _in_query(model: type[Parameters]) -> list[dict[str, Any]]:
    schema = model.model_json_schema()
    defined = schema.get("$defs", {})
    required = _required(model)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _inlined(part, defined),
            "style": "form",
            "explode": True,
        }
        for name, part in schema.get("properties", {}).items()
        if not _is_object(part)
    ]


def _required(model: type[Parameters]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.is_required()]


def _is_object(part: dict[str, Any]) -> bool:
    """Objects are nested in queries by a dot, which OpenAPI cannot say."""
    return any(option.get("type") == "object" for option in (part, *part.get("anyOf", [])))


def _inlined(part: dict[str, Any], defined: dict[str, Any]) -> dict[str, Any]:
    """Put definitions in place, and leave out null, which in a query is being left out."""
    if "$ref" in part:
        return dict(defined[part["$ref"].rpartition("/")[2]])
    options = [_inlined(option, defined) for option in part.get("anyOf", []) if option.get("type") != "null"]
    if len(options) == 1:
        return options[0]
    kept = {name: value for name, value in part.items() if name not in ("default", "title", "anyOf")}
    if "maxItems" in kept:
        kept["maxItems"] = min(kept["maxItems"], MAX_QUERY_ITEMS)
    return {**kept, "anyOf": options} if options else kept
