"""Generated faults: each constraint of the schemas dropped, and each error code never reported, one at a time."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from polystate_conformance.faults import Fault

CONSTRAINTS = frozenset(
    "type enum const pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength"
    " minItems maxItems uniqueItems contains minProperties maxProperties required additionalProperties propertyNames"
    " dependentRequired if not allOf anyOf oneOf".split()
)
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
            yield from (((*path, keyword, place), name) for place, name in enumerate(schema[keyword]))
        elif keyword == "additionalProperties" and schema[keyword] is True:
            continue
        else:
            yield (*path, keyword), schema[keyword]
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


DOCUMENTS = "polystate_schemas.schema:json_schema"
PAYLOADS = "polystate_schemas.schema:_payloads"
JUDGED = tuple(
    "annotation assembly atoms axis bonds chains deposition descriptor entities grouping hierarchy landmarks ncs"
    " operator_body provenance reference residues".split()
)
"""Kinds of documents that stand in a deposition; registry entries and texts are judged elsewhere."""
FACTS = ("dtypes", "shapes", "minimum", "maximum", "exclusive_minimum", "exclusive_maximum", "values", "refers_to",
         "sorted_by", "unique", "unit_norm", "required", "pattern")  # fmt: skip
"""Facts about arrays and tables that the schema states and a validator holds payloads against."""


@lru_cache
def load() -> tuple[Fault, ...]:
    """One fault for every constraint of the schemas of documents and of payloads."""
    from polystate_schemas import conform, schema, violations  # noqa: F401  bound before anything is planted

    found = []
    for kind in JUDGED:
        for path, _ in constraints(schema.json_schema(kind)):
            place = "/".join(map(str, path))
            found.append(
                Fault(f"{kind}:{place}", f"{kind} documents: {place} is not required", ("validate",),
                      DOCUMENTS, _document_mutant(kind, path))
            )  # fmt: skip
    for path in _payload_constraints(schema._payloads(), ()):
        place = "/".join(map(str, path))
        found.append(
            Fault(f"payload:{place}", f"payloads: {place} is not required", ("validate",),
                  PAYLOADS, _payload_mutant(path))
        )  # fmt: skip
    return tuple(found)


def _document_mutant(kind: str, path: Path) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        mutant = without(original(kind), path)
        return lambda asked: mutant if asked == kind else original(asked)

    return make


def _payload_constraints(described: Any, path: Path) -> Iterator[Path]:
    if isinstance(described, dict):
        for key in sorted(described):
            if key in FACTS and not isinstance(described[key], dict):
                if described[key] not in (False, None, [], {}):
                    yield (*path, key)
            else:
                yield from _payload_constraints(described[key], (*path, key))


def _payload_mutant(path: Path) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        mutant = without(original(), path)
        return lambda: mutant

    return make


@lru_cache
def blind() -> tuple[Fault, ...]:
    """One fault for every error code: an implementation that never reports it."""
    from polystate import errors

    classes = [
        item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, errors.PolystateError)
    ]
    codes = sorted({(item.stage, item.code) for item in classes if "code" in vars(item) and item.code != "error"})
    return tuple(
        Fault(f"{stage}/{code}", f"{code} is never reported", (),
              "polystate_conformance.implementations.reference:handle", _blind_to(code))
        for stage, code in codes
    )  # fmt: skip


def _blind_to(code: str) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def handle(message: dict[str, Any]) -> dict[str, Any]:
            answer = original(message)
            if answer.get("rejected", {}).get("code") == code:
                return {"ok": {"valid": True}}
            ok = answer.get("ok", {})
            if ok.get("valid") is False:
                left = [error for error in ok["errors"] if error["code"] != code]
                return {"ok": {**ok, "errors": left, "valid": not left}}
            return answer

        return handle

    return make
