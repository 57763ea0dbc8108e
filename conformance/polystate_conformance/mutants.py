"""Generated faults: every constraint of the JSON Schemas dropped one at a time, and every error code never reported."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

CONSTRAINTS = frozenset({
    "type", "enum", "const", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "contains", "minProperties", "maxProperties",
    "required", "additionalProperties", "propertyNames", "dependentRequired", "if", "not", "allOf", "anyOf", "oneOf",
})  # fmt: skip
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SINGLE = ("items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
Path = tuple[str | int, ...]


def constraints(schema: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(place, removed value) of every constraint: a keyword, or one name of a `required` list."""
    if not isinstance(schema, dict):
        return
    for keyword in sorted(CONSTRAINTS & schema.keys()):
        if keyword == "required":
            yield from ((*path, "required", index) for index in range(len(schema["required"])))  # type: ignore[misc]
        elif keyword == "additionalProperties" and schema[keyword] is True:
            continue
        else:
            yield (*path, keyword)  # type: ignore[misc]
    for keyword in _NAMED:
        for name in sorted(schema.get(keyword, {})):
            yield from constraints(schema[keyword][name], (*path, keyword, name))
    for keyword in _SINGLE:
        yield from constraints(schema.get(keyword), (*path, keyword))
    for keyword in _LISTS:
        for index, item in enumerate(schema.get(keyword, ())):
            yield from constraints(item, (*path, keyword, index))


def without(schema: Any, path: Path) -> Any:
    """A copy of a schema with one constraint dropped."""
    mutant = copy.deepcopy(schema)
    place = mutant
    for part in path[:-1]:
        place = place[part]
    del place[path[-1]]
    return mutant
