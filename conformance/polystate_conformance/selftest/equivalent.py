"""Constraints that no deposition can make visible: by rules that a machine checks, or for a written reason."""

from __future__ import annotations

from typing import Any

from polystate_conformance import paths
from polystate_schemas import yaml12

Path = tuple[str | int, ...]
_TYPES = {"string": str, "boolean": bool, "null": type(None)}


def explained() -> dict[str, str]:
    """Constraints that no rule covers, with the reason why no deposition makes them visible."""
    return yaml12.load(paths.EXPLAINED.read_text("utf-8"))


def implied(schema: dict[str, Any], path: Path) -> str | None:
    """Why a JSON Schema refuses the same documents without the constraint at `path`; None where no rule says so."""
    node, value = _at(schema, path[:-1]), _at(schema, path)
    if path == ("type",):
        return "a payload is an object before a schema judges it"
    if path[-1] == "type" and _values_say(node, value):
        return "the values listed beside it are all of this type"
    if path[-1] == "type" and all(part.get("type") == value for part in node.get("oneOf", [{}])):
        return "every alternative beside it has this type"
    if path[-1] == "not" and value == {"type": "null"} and "$defs" not in path:
        return "a key that is null counts as absent before a schema judges"
    named = path[-2:-1] == ("required",)
    place = path[:-2] if named else path[:-1]
    around = _around(place)
    if around != place:
        outer = _at(schema, around)
        if path[-1] == "type" and outer.get("type") == value:
            return "the object around it has this type"
        if named and value in outer.get("required", ()):
            return "the object around it requires this key"
        if named and place[-1:] == ("then",) and value in _at(schema, place[:-1])["if"].get("required", ()):
            return "the condition of this rule requires this key"
    if around[-2:-1] == ("properties",) and _around(around[:-2]) != around[:-2]:
        key = _schema_of_key(schema, _around(around[:-2]), str(around[-1]))
        if (path[-1] == "type" and key.get("type") == value) or (named and value in key.get("required", ())):
            return "what this key holds has this type and its keys everywhere"
    return None


def _schema_of_key(schema: dict[str, Any], place: Path, name: str) -> dict[str, Any]:
    """What the object at a place says of one of its keys; of one that may be null, where it is not."""
    found = _at(schema, place).get("properties", {}).get(name, {})
    found = found.get("then", found)
    return schema["$defs"][found["$ref"].rpartition("/")[2]] if "$ref" in found else found


def _values_say(node: dict[str, Any], name: Any) -> bool:
    values = node.get("enum", [node["const"]] if "const" in node else [])
    return bool(values) and all(type(value) is _TYPES.get(str(name)) for value in values)


def _at(schema: Any, path: Path) -> Any:
    for part in path:
        schema = schema[part]
    return schema


def _around(path: Path) -> Path:
    """The schema that judges the same value and has the branch at `path` of allOf, oneOf, if or then in it."""
    end = len(path)
    while end:
        if path[end - 1] in ("if", "then", "else"):
            end -= 1
        elif end > 1 and isinstance(path[end - 1], int) and path[end - 2] in ("allOf", "oneOf", "anyOf"):
            end -= 2
        else:
            break
    return path[:end]


def unseen(payloads: dict[str, Any], path: tuple[str, ...]) -> str | None:
    """Why the fact at `path` about arrays and tables excludes nothing; None where no rule says so."""
    kind, fact = payloads[path[0]], path[-1]
    about = _at(payloads, path[:-1])
    if fact == "minimum" and all(name.startswith("uint") for name in about.get("dtypes", [""])):
        return "numbers of this type are never negative"
    operators = [other for other in payloads.values() if other.get("operators")]
    if path[0] == "discrete_c" and all(path[2] in other[path[1]] for other in operators):
        return "the table is that of the operator"
    if kind.get("operators") and not any(name.partition("/")[0] in _WITH_PROCEDURE for name in kind["operators"]):
        return "no combination with these operators has a procedure, so payloads of theirs are kept and ignored"
    if path[1:3] == ("tables", "atom_map") and fact == "refers_to" and not _names_atoms(kind):
        return "the payload names no atoms that the map could lead to"
    return None


_WITH_PROCEDURE = {
    "rigid_body", "external_reference", "parametric_gaussian", "basis", "neural_decoder", "lookup_table", "identity",
}  # fmt: skip
"""The families of operators in the table of 4.2."""


def _names_atoms(kind: dict[str, Any]) -> bool:
    columns = [set(table["columns"]) for name, table in kind["tables"].items() if name != "atom_map"]
    return "atom_id" in kind["arrays"] or any("atom_id" in names for names in columns)
