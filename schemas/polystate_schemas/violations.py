"""Turn what jsonschema reports into sentences: where, what was found, what was expected."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
from jsonschema import validators

from polystate_schemas.documents import Violation, escape, json_schema

_TYPES = {
    "string": "a text", "number": "a finite number", "integer": "a whole number", "boolean": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip
_LIMITS = {
    "minimum": "at least {}", "maximum": "at most {}", "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}", "minItems": "at least {} items", "maxItems": "at most {} items",
}  # fmt: skip


def violations(kind: str, document: Any) -> list[Violation]:
    """What the schema of `kind` refuses, without the echoes of one mistake."""
    schema = json_schema(kind)
    if kind == "descriptor" and isinstance(document, dict):
        document = {key: value for key, value in document.items() if value is not None}  # null is absent
    plain: list[tuple[Violation, bool]] = []
    for error in _validator(kind).iter_errors(document):
        rule = _rule(schema, list(error.absolute_schema_path))
        plain += [(violation, rule is not None) for violation in _describe(error, rule or "")]
    unsound = {violation.pointer for violation, by_rule in plain if not by_rule}
    found: dict[str, Violation] = {}
    for violation, by_rule in plain:
        if not by_rule or not any(_within(violation.pointer, place) for place in unsound):
            found.setdefault(violation.pointer, violation)
    return [found[pointer] for pointer in sorted(found)]


@cache
def _validator(kind: str):
    """A compiled validator, with patterns that match the whole of a text and numbers that are finite."""
    base = validators.Draft202012Validator
    checker = base.TYPE_CHECKER.redefine(
        "number", lambda _, value: base.TYPE_CHECKER.is_type(value, "number") and math.isfinite(value)
    )
    return validators.extend(base, {"pattern": _pattern}, type_checker=checker)(json_schema(kind))


def _pattern(validator, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """`$` is the end of the text, as in ECMA 262, not the place before a last newline, as in Python."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _within(pointer: str, place: str) -> bool:
    return pointer == place or pointer.startswith(place + "/")


def _rule(schema: dict[str, Any], path: list[Any]) -> str | None:
    """The sentence of the rule (`if ... then`) that an error comes from; None if it comes from no rule."""
    here: Any = schema
    found = None
    for step in path:
        while isinstance(here, dict) and step not in here and "$ref" in here:
            here = schema["$defs"][here["$ref"].rsplit("/", 1)[1]]
        if step == "then" and "description" in here:
            found = here["description"]
        if step == "$ref":
            here = schema["$defs"][here["$ref"].rsplit("/", 1)[1]]
        else:
            here = here[step]
    return found


def _describe(error: jsonschema.ValidationError, rule: str) -> Iterator[Violation]:
    """One error of jsonschema as violations."""
    pointer = "".join(f"/{escape(step)}" for step in error.absolute_path)
    because = f" ({rule})" if rule else ""
    keyword, limit, value = error.validator, error.validator_value, error.instance
    if "propertyNames" in error.absolute_schema_path:
        pointer = f"{pointer}/{escape(value)}"
    if keyword == "required":
        missing = [key for key in limit if key not in value]
        # jsonschema reports each missing key on its own; the last one quoted is the one meant
        key = next(key for key in missing if repr(key) == error.message.rsplit(" is a required", 1)[0])
        yield Violation(f"{pointer}/{escape(key)}", "nothing", f"the key {key}{because}")
    elif keyword == "not":  # of {}: a key that must not be there
        yield Violation(pointer, _show(value), f"no such key{because}")
    elif keyword == "additionalProperties":
        for key in sorted(set(value) - set(error.schema.get("properties", {}))):
            known = ", ".join(error.schema.get("properties", {}))
            yield Violation(f"{pointer}/{escape(key)}", "a key that is not known", f"one of {known}")
    elif keyword in ("oneOf", "anyOf"):  # of keys; LinkML knows no other in our modules
        if not isinstance(value, dict):
            return  # its type is refused beside this
        names = [", ".join(part["required"]) for part in limit]
        present = [name for name in names if name in value]
        count = "exactly one" if keyword == "oneOf" else "at least one"
        yield Violation(pointer, " and ".join(present) or "none of them", f"{count} of {', '.join(names)}{because}")
    else:
        yield Violation(pointer, _show(value), _expected(keyword, limit) + because)


def _expected(keyword: str, limit: Any) -> str:
    """What a keyword asks for."""
    if keyword == "type":
        names = limit if isinstance(limit, list) else [limit]
        return " or ".join(_TYPES[name] for name in names)
    if keyword == "enum":
        return f"one of {', '.join(map(str, limit))}"
    if keyword == "const":
        return str(limit)
    if keyword == "pattern":
        return f"a text like {limit}"
    if keyword == "uniqueItems":
        return "items that differ"
    return _LIMITS.get(keyword, f"{keyword} {{}}").format(limit)


def _show(value: Any) -> str:
    """A value as it stands in the document, at most 80 characters of it."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
