"""Whether a document meets its JSON Schema, in a fraction of the time that jsonschema takes to load.

`conforms` says yes only where it is certain; on anything else, and on any keyword that it does not know, the answer
is no and `violations` decides and explains."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from polystate_schemas.documents import json_schema

_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v),
    "integer": lambda v: not isinstance(v, bool) and (isinstance(v, int) or (isinstance(v, float) and v.is_integer())),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
    "null": lambda v: v is None,
}
_IGNORED = {"$schema", "$id", "$defs", "title", "description", "default", "then", "else"}


def conforms(kind: str, document: Any) -> bool:
    """Whether a document of this kind is certainly without violations."""
    if kind == "descriptor" and isinstance(document, dict):
        document = {key: value for key, value in document.items() if value is not None}  # null is absent
    schema = json_schema(kind)
    try:
        return _meets(schema, document, schema.get("$defs", {}))
    except _Unknown:
        return False


class _Unknown(Exception):
    """A keyword or a use of one that is not judged here."""


def _meets(schema: Any, value: Any, defs: Mapping[str, Any]) -> bool:
    if isinstance(schema, bool):
        return schema
    for keyword in schema:
        if keyword not in _IGNORED:
            judge = _KEYWORDS.get(keyword)
            if judge is None:
                raise _Unknown(keyword)
            if not judge(schema, value, defs):
                return False
    return True


def _type(schema: Any, value: Any, defs: Any) -> bool:
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return any(_TYPES[name](value) for name in names)


def _properties(schema: Any, value: Any, defs: Any) -> bool:
    if not isinstance(value, dict):
        return True
    known = schema["properties"]
    return all(_meets(known[key], item, defs) for key, item in value.items() if key in known)


def _other_properties(schema: Any, value: Any, defs: Any) -> bool:
    if not isinstance(value, dict):
        return True
    known = schema.get("properties", {})
    return all(_meets(schema["additionalProperties"], item, defs) for key, item in value.items() if key not in known)


def _condition(schema: Any, value: Any, defs: Any) -> bool:
    branch = "then" if _meets(schema["if"], value, defs) else "else"
    return branch not in schema or _meets(schema[branch], value, defs)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


def _reference(schema: Any, value: Any, defs: Any) -> bool:
    name = schema["$ref"]
    if not name.startswith("#/$defs/"):
        raise _Unknown(name)
    return _meets(defs[name.removeprefix("#/$defs/")], value, defs)


def _same(a: Any, b: Any) -> bool:
    """Equality of JSON: true is not 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list | dict) or isinstance(b, list | dict):
        if type(a) is not type(b):
            return False
        raise _Unknown("a constant that is not a scalar")
    return a == b


def _all(schema: Any, values: list[Any], defs: Any) -> bool:
    if isinstance(schema, dict) and schema.get("type") == "string" and set(schema) <= {"type", "title", "description"}:
        return all(isinstance(item, str) for item in values)  # the labels of a grouping are many
    return all(_meets(schema, item, defs) for item in values)


def _distinct(schema: Any, value: Any, defs: Any) -> bool:
    if not schema["uniqueItems"] or not isinstance(value, list):
        return True
    if all(isinstance(item, str) for item in value):
        return len(set(value)) == len(value)
    if len(value) >= 100:
        raise _Unknown("many items that are not texts")
    return all(not _same(a, b) for i, a in enumerate(value) for b in value[:i])


def _number(check: Callable[[Any, Any], bool], name: str) -> Callable[[Any, Any, Any], bool]:
    return lambda schema, value, defs: not _TYPES["number"](value) or check(value, schema[name])


def _list(check: Callable[[int, int], bool], name: str) -> Callable[[Any, Any, Any], bool]:
    return lambda schema, value, defs: not isinstance(value, list) or check(len(value), schema[name])


_KEYWORDS: dict[str, Callable[[Any, Any, Any], bool]] = {
    "type": _type,
    "properties": _properties,
    "additionalProperties": _other_properties,
    "if": _condition,
    "$ref": _reference,
    "uniqueItems": _distinct,
    "required": lambda s, v, d: not isinstance(v, dict) or all(key in v for key in s["required"]),
    "enum": lambda s, v, d: any(_same(v, item) for item in s["enum"]),
    "const": lambda s, v, d: _same(v, s["const"]),
    "pattern": lambda s, v, d: not isinstance(v, str) or _expression(s["pattern"]).search(v) is not None,
    "items": lambda s, v, d: not isinstance(v, list) or _all(s["items"], v, d),
    "propertyNames": lambda s, v, d: not isinstance(v, dict) or all(_meets(s["propertyNames"], k, d) for k in v),
    "not": lambda s, v, d: not _meets(s["not"], v, d),
    "allOf": lambda s, v, d: all(_meets(part, v, d) for part in s["allOf"]),
    "anyOf": lambda s, v, d: any(_meets(part, v, d) for part in s["anyOf"]),
    "oneOf": lambda s, v, d: sum(_meets(part, v, d) for part in s["oneOf"]) == 1,
    "minimum": _number(lambda v, limit: v >= limit, "minimum"),
    "maximum": _number(lambda v, limit: v <= limit, "maximum"),
    "exclusiveMinimum": _number(lambda v, limit: v > limit, "exclusiveMinimum"),
    "exclusiveMaximum": _number(lambda v, limit: v < limit, "exclusiveMaximum"),
    "minItems": _list(lambda n, limit: n >= limit, "minItems"),
    "maxItems": _list(lambda n, limit: n <= limit, "maxItems"),
}
