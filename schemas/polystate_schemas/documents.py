"""The kinds of documents and payloads, as the generated schemas say them, and what a violation is."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_GENERATED = Path(__file__).parent / "generated"


class Violation(NamedTuple):
    """One thing that the schema refuses: where (JSON pointer), what was found, what was expected."""

    pointer: str
    message: str
    expected: str


@cache
def _documents() -> dict[str, str | None]:
    return json.loads((_GENERATED / "documents.json").read_text("utf-8"))


@cache
def _payloads() -> dict[str, Any]:
    return json.loads((_GENERATED / "payload.json").read_text("utf-8"))


def kinds() -> list[str]:
    """All kinds of documents."""
    return list(_documents())


@cache
def json_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one kind of document; not to be changed."""
    if kind not in _documents():
        raise KeyError(f"no kind of document is called {kind!r}; there are {', '.join(kinds())}")
    return json.loads((_GENERATED / f"{kind}.schema.json").read_text("utf-8"))


@cache
def _places() -> dict[str, re.Pattern[str]]:
    """Which paths of the store each kind of document stands at."""
    written = {kind: re.escape(path) for kind, path in _documents().items() if path is not None}
    return {kind: re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", path)) for kind, path in written.items()}


@cache
def kind_of_path(path: str) -> str | None:
    """The kind of the document at a path of the store, `descriptors/tls` is a `descriptor`; None if unknown."""
    return next((kind for kind, place in _places().items() if place.fullmatch(path)), None)


def escape(key: str) -> str:
    """A key as a token of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")


def payload_kinds() -> list[str]:
    """All kinds of payload."""
    return list(_payloads())


def payload(kind: str) -> dict[str, Any]:
    """Arrays and tables of one kind of payload; not to be changed.

    {"arrays": {name: {"dtypes": [...], "shapes": [[...], ...], "required": bool, "unit"?, "minimum"?, "maximum"?,
                       "vocabulary"?, "refers_to"?, "none"?, "nan"?, "unique"?}},
     "tables": {name: {"required": bool, "columns": {name: {"dtypes": ["text" or one dtype], ...}}, "sorted_by"?,
                       "unique"?}}, "path"?, "rows"?, "sorted_by"?, "unique"?, "required": bool, "description"}

    A shape is a list of numbers and names; a name has one length in all arrays of a group.
    """
    if kind not in _payloads():
        raise KeyError(f"no payload is called {kind!r}; there are {', '.join(payload_kinds())}")
    return _payloads()[kind]


def descriptor_payload(document: dict[str, Any]) -> dict[str, Any] | None:
    """Arrays and tables of the descriptor that `document` describes.

    None if its (regime, mode) has no procedure, or if no payload is known for its operator. A discrete descriptor
    in mode C has the tables of its states and the arrays of its operator.
    """
    regime, mode = document.get("regime"), document.get("mode")
    if mode != "C":
        found = [p for p in _payloads().values() if (p.get("regime"), p.get("mode")) == (regime, mode)]
        return found[0] if found else None
    name = (document.get("operator") or {}).get("id")
    found = [p for p in _payloads().values() if name in p.get("operators", [])]
    if not found or regime != "discrete":
        return found[0] if found else None
    states = payload("discrete_c")
    return found[0] | {key: states[key] | found[0][key] for key in ("arrays", "tables")}
