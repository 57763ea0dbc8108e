"""Generated faults: each constraint of the schemas dropped, and each error code never reported, one at a time."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from polystate_conformance.selftest.equivalent import explained, implied, unseen
from polystate_conformance.selftest.planting import Fault, planted
from polystate_conformance.suite.layout import document_kind

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


DOCUMENTS = "polystate_schemas.documents:json_schema"
PAYLOADS = "polystate_schemas.documents:_payloads"
REPORT = "polystate.rules.validate:validate"
HANDLE = "polystate_conformance.implementations.reference:handle"
JUDGED = tuple(
    "annotation assembly atoms axis bonds chains deposition descriptor entities grouping hierarchy landmarks ncs"
    " operator_body provenance reference residues".split()
)
"""Kinds of documents that stand in a deposition; registry entries and texts are judged elsewhere."""
FACTS = ("dtypes", "shapes", "minimum", "maximum", "values", "refers_to", "sorted_by", "unique", "required")
"""Facts about arrays and tables that the schema states and a validator holds payloads against."""
RANKS = 6
"""Arrays of the format have fewer dimensions."""


@lru_cache
def load() -> tuple[Fault, ...]:
    """One fault for every constraint of the schemas of documents and of payloads.

    A dropped constraint of a document is taken out of its JSON Schema, a dropped fact of an array or a table out of
    what the schema says of that payload. Some facts, order and references among them, are held by code that the schema
    only describes: what it reports of such a fact is withheld too."""
    from polystate_schemas import conform, documents, schema, violations  # noqa: F401  bound before anything is planted

    found, written = [], explained()
    for kind in JUDGED:
        original = documents.json_schema(kind)
        for path, value in constraints(original):
            place = "/".join(map(str, path))
            why_not = implied(original, path) or written.get(f"{kind}:{place}")
            target, make = DOCUMENTS, _document_mutant(kind, path)
            if kind == "deposition" and "format_version" in (*path, value):
                target, make = HANDLE, _blind_to("unsupported-version")  # what opens a store judges the version
            elif again := _said_again(kind, path):
                target, make = REPORT, _silent_mutant(make, re.compile(again))
            found.append(
                Fault(f"{kind}:{place}", f"{kind} documents: {place} is not required", ("validate",),
                      target, make, equivalent=why_not)
            )  # fmt: skip
    for constraint in payload_constraints(documents._payloads()):
        place = "/".join(constraint)
        found.append(
            Fault(f"payload:{place}", f"payloads: {place} is not required", ("validate",),
                  REPORT, _payload_mutant(constraint),
                  equivalent=unseen(documents._payloads(), constraint) or written.get(f"payload:{place}"))
        )  # fmt: skip
    return tuple(found)


def _document_mutant(kind: str, path: Path) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        mutant = without(original(kind), path)
        return lambda asked: mutant if asked == kind else original(asked)

    return make


def _said_again(kind: str, path: Path) -> str | None:
    """The places, as an expression, where code finds what a constraint says, too; None where only the schema does."""
    if path[0] == "required" or "Vocabularies" in str(path[1:2]):
        return f"hierarchy/{kind}#/vocabularies"
    if path[:2] == ("$defs", "OperatorEntry"):
        return ".*#/entry$"  # whose canonical form needs the keys
    if (kind, path) == ("grouping", ("oneOf",)):
        return ".*#/label_level$"  # which goes with an array
    return None


def _silent_mutant(make_schema: Callable[[Any], Any], place: re.Pattern[str]) -> Callable[[Any], Any]:
    """A validation that judges one kind by another schema, and does not report what code finds at a place."""
    silent = Fault("silent", "the schema does not say it", (), DOCUMENTS, make_schema)

    def make(original: Any) -> Any:
        def validate(dep: Any, *args: Any, **options: Any) -> Any:
            with planted(silent):
                report = original(dep, *args, **options)
            report.errors = [error for error in report.errors if not place.match(error.where)]
            return report

        return validate

    return make


def payload_constraints(described: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The place of every fact; kinds that others only inherit from are none of their own."""
    for key in sorted(described):
        value = described[key]
        if key in FACTS and not isinstance(value, dict):
            if value is not False and len(path) > 1:  # which groups a deposition has is not said by its payloads
                yield (*path, key)
            elif value is not False and key in ("sorted_by", "unique"):
                yield (*path, key)
        elif isinstance(value, dict) and not value.get("abstract"):
            yield from payload_constraints(value, (*path, key))


def relaxed(described: Any, path: tuple[str, ...]) -> Any:
    """What the schema says of payloads, with one fact dropped: anything is permitted there."""
    mutant = copy.deepcopy(described)
    place = mutant
    for part in path[:-1]:
        place = place[part]
    fact, about = path[-1], place[path[-1]]
    if fact == "dtypes":
        place[fact] = _Anything(about)
    elif fact == "shapes":
        free = [[f"{path[-2]} {rank}.{n}" for n in range(rank)] for rank in range(RANKS)]
        place[fact] = [*about, *free, *map(_AlongAxis, free)]
    elif fact == "required":
        place[fact] = False
    else:
        del place[fact]
    return mutant


class _Anything(list):
    """A list that has everything in it."""

    def __contains__(self, item: object) -> bool:
        return True


class _AlongAxis(_Anything):
    """A shape that passes for one with a sample axis."""


CODES = {
    "required": {"missing-array"}, "dtypes": {"wrong-dtype"}, "shapes": {"wrong-shape", "axis-length"},
    "minimum": {"out-of-range", "population-range"}, "maximum": {"out-of-range", "population-range"},
    "values": {"out-of-range"}, "sorted_by": {"unsorted-rows"},
    "unique": {"duplicate-draw-key", "duplicate-id", "duplicate-row"},
    "refers_to": {"unknown-atom", "unknown-state", "dangling-row"},
}  # fmt: skip
"""The codes under which a broken fact is reported."""


def _payload_mutant(path: tuple[str, ...]) -> Callable[[Any], Any]:
    """A validation without one fact: the schema does not say it, and what code finds of it is not reported."""
    from polystate.errors import PolystateError
    from polystate.rules.validate import Report
    from polystate_schemas import documents

    kind, codes = path[0], CODES[path[-1]]
    names = [part for part in path[1:-1] if part not in ("arrays", "tables", "columns")]

    def make(original: Any) -> Any:
        without_fact = relaxed(documents._payloads(), path)
        silent = Fault("silent", "the schema does not say it", (), PAYLOADS, lambda payloads: lambda: without_fact)

        def validate(dep: Any, *args: Any, **options: Any) -> Any:
            mine = {place for place in dep.tree if kind in kinds_of_payload(dep.tree, place)}
            try:
                with planted(silent):
                    report = original(dep, *args, **options)
            except PolystateError as error:
                if error.code not in codes or not _about(error.where, mine, names):
                    raise
                return Report()
            report.errors = [error for error in report.errors
                             if error.code not in codes or not _about(error.where, mine, names)]  # fmt: skip
            return report

        return validate

    return make


def _about(where: str, groups: set[str], names: list[str]) -> bool:
    """Whether the place of an error is a column, or the table or group that holds it where it names no column."""
    node = where.partition("[")[0].partition("#")[0]
    if "atom_map" in names:  # an atom that a map leads nowhere is missed where its row stands
        return any(node.startswith(group) for group in groups)
    own = {"/".join([group, *names]) for group in groups}
    above = {"/".join([group, *names[:length]]) for group in groups for length in range(len(names))}
    return node in own | above or any(node.startswith(place + "/") for place in own)


def kinds_of_payload(tree: Any, path: str) -> list[str]:
    """The kinds of payload that the group at a path has: of discrete states made by an operator, two; none where the
    document is refused."""
    from polystate_schemas import conform, documents

    kind = document_kind(path)
    if kind != "descriptor":
        return [kind] if kind in documents.payload_kinds() else []
    document = dict(tree[path].attributes)
    if not conform.conforms(kind, document):
        return []
    found = [documents.descriptor_payload(document)]
    if document.get("mode") == "C":
        found = [documents.descriptor_payload(document | {"regime": "continuous"})]
        found += [documents.payload("discrete_c")] if document.get("regime") == "discrete" else []
    return [name for name, about in documents._payloads().items() if any(about is item for item in found)]


SILENT = {"already-exists": "an adapter writes into an empty folder only"}
"""Codes that no request can bring about."""


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
              HANDLE, _blind_to(code), equivalent=SILENT.get(code))
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
