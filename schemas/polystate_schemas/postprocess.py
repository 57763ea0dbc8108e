"""The one place where what LinkML writes as JSON Schema becomes what the format means (development only).

LinkML 1.12 says `2019-09`; cannot say that null is a value in one document only, that a bound is exclusive,
that list elements differ, or what the keys of a map look like; writes "none of these keys" as "not all of these
keys"; and lets extra values be null. Each is put right here, from annotations in the modules.
"""

from __future__ import annotations

import copy
from typing import Any

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TEXT_ARRAY = {
    "description": "Nested lists, one value for an array without dimensions, or a typed array.",
    "if": {"type": "object"},
    "then": {"$ref": "#/$defs/TypedArray"},
    "else": {"type": ["array", "number", "string", "boolean"]},
}


def definitions(raw: dict[str, Any], view) -> dict[str, Any]:
    """The definitions of LinkML's JSON Schema, put right; payload classes are left out."""
    classes = view.all_classes()
    found: dict[str, Any] = {}
    for name, schema in raw.items():
        cls = classes.get(name)
        if cls is not None and {"payload", "table"} & set(cls.annotations):
            continue
        schema = copy.deepcopy(schema)
        if cls is not None:
            schema = _class(schema, cls, view)
        found[name] = _tidy(schema)
    found["Any"] = {"description": "Any JSON value."}
    found["TextArray"] = TEXT_ARRAY
    return found


def document(kind: str, class_name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of one kind of document with the definitions it reaches."""
    schema = copy.deepcopy(definitions[class_name])
    reached: set[str] = set()
    pending = [schema]
    while pending:
        for name in _references(pending.pop()) - reached:
            reached.add(name)
            pending.append(definitions[name])
    schema["$schema"] = DRAFT
    schema["$id"] = f"urn:polystate:schema:{kind}"
    if reached:
        schema["$defs"] = {name: definitions[name] for name in sorted(reached)}
    return schema


def _class(schema: dict[str, Any], cls, view) -> dict[str, Any]:
    """Put one class right: nulls, bounds, unique elements, keys of maps, absent keys, units."""
    slots = {str(slot.name): slot for slot in view.class_induced_slots(cls.name)}
    nullable = {name for name in slots if "null_is_absent" in cls.annotations} - set(schema.get("required", []))
    for name, slot in slots.items():
        prop = schema["properties"][name]
        for key, keyword in (("exclusive_minimum", "exclusiveMinimum"), ("exclusive_maximum", "exclusiveMaximum")):
            if key in slot.annotations:
                prop[keyword] = float(str(slot.annotations[key].value))
        if slot.list_elements_unique:
            prop["uniqueItems"] = True
        if slot.minimum_cardinality:
            prop["minItems"] = slot.minimum_cardinality
        if "key_pattern" in slot.annotations:
            prop["propertyNames"] = {"pattern": str(slot.annotations["key_pattern"].value)}
        if slot.unit is not None:
            prop["description"] = f"{prop.get('description', '')} [{slot.unit.symbol}]".strip()
    for name in nullable:
        schema["properties"][name] = {"if": {"not": {"type": "null"}}, "then": schema["properties"][name]}
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict) and "anyOf" in extra:
        schema["additionalProperties"] = next(part for part in extra["anyOf"] if "$ref" in part)
    rules = schema.get("allOf", [schema] if "if" in schema else [])
    for rule, source in zip(rules, cls.rules, strict=True):
        if source.description and rule is not schema:
            rule["description"] = source.description
        for branch in ("if", "then", "else"):
            if branch in rule:
                _absent(rule[branch], nullable)
    return schema


def _absent(branch: dict[str, Any], nullable: set[str]) -> None:
    """Say of each key alone that it is absent; a key that may be null is absent or null, and given is not null."""
    properties = branch.get("properties", {})
    for name in branch.pop("not", {}).get("required", []):
        absent: dict[str, Any] = {"type": "null"} if name in nullable else {"not": {}}
        properties[name] = absent
    for name in branch.get("required", []):
        if name in nullable:
            properties[name] = {"not": {"type": "null"}} | properties[name]


def _tidy(value: Any) -> Any:
    """Without empty descriptions, empty conditions and one-element allOf."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    tidy = {key: _tidy(item) for key, item in value.items() if not (key == "description" and item == "")}
    if set(tidy) == {"allOf"} and len(tidy["allOf"]) == 1:
        return tidy["allOf"][0]
    if "required" in tidy and "properties" in tidy and "title" not in tidy:
        tidy["type"] = "object"
        tidy["properties"] = {k: v for k, v in tidy["properties"].items() if v != {}}
        if not tidy["properties"]:
            del tidy["properties"]
    return tidy


def _references(schema: Any) -> set[str]:
    """Names of the definitions that a schema refers to."""
    if isinstance(schema, list):
        return set().union(*(_references(item) for item in schema))
    if not isinstance(schema, dict):
        return set()
    here = {schema["$ref"].rsplit("/", 1)[1]} if isinstance(schema.get("$ref"), str) else set()
    return here.union(*(_references(item) for item in schema.values()))
