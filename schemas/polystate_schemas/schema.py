"""Judge a document of the format by its JSON Schema, and name the arrays and tables that stand beside it.

    validate("descriptor", {...})
    [Violation("/operator", "nothing", "the key operator (mode C has an operator)")]

Violations say what was found and what was expected; a rule speaks only where the keys it depends on are sound.
Unknown keys are no violation (a reader keeps and ignores them); `unknown_keys` lists them for warnings.
"""

from __future__ import annotations

from typing import Any

from polystate_schemas.documents import (
    Violation,
    descriptor_payload,
    escape,
    json_schema,
    kind_of_path,
    kinds,
    payload,
    payload_kinds,
)

__all__ = [
    "Violation", "descriptor_payload", "json_schema", "kind_of_path", "kinds", "payload",
    "payload_kinds", "unknown_keys", "validate",
]  # fmt: skip


def validate(kind: str, document: Any) -> list[Violation]:
    """What the schema of `kind` refuses in `document`, one violation a place, in order of place."""
    from polystate_schemas.conform import conforms

    if conforms(kind, document):
        return []
    from polystate_schemas.violations import violations

    return violations(kind, document)


def unknown_keys(kind: str, document: Any) -> list[str]:
    """JSON pointers of keys that the schema of `kind` does not know, where it has an opinion on keys at all."""
    schema = json_schema(kind)
    return sorted(_unknown(schema, schema.get("$defs", {}), document, ""))


def _unknown(schema: Any, definitions: dict[str, Any], value: Any, pointer: str):
    while isinstance(schema, dict) and ("$ref" in schema or ("then" in schema and "properties" not in schema)):
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema["then"]
    if not isinstance(schema, dict):
        return
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _unknown(schema["items"], definitions, item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        known, extra = schema.get("properties", {}), schema.get("additionalProperties")
        for key, item in value.items():
            place = f"{pointer}/{escape(key)}"
            if key in known:
                yield from _unknown(known[key], definitions, item, place)
            elif isinstance(extra, dict):
                yield from _unknown(extra, definitions, item, place)
            elif known:
                yield place
