"""Changes of documents, a key at a time, and the dropped constraints of their JSON Schemas that each makes visible."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import jsonschema

from polystate_conformance.selftest import mutants
from polystate_conformance.suite import damage
from polystate_conformance.suite.layout import document_kind
from polystate_schemas import conform, documents

Variant = dict[str, Any]
Pool = dict[str, dict[str, list[Any]]]
_ROOT = "/attributes/polystate"
_WRONG: list[Any] = [
    None, True, 0, -1, -2, 0.5, 2, 200, 1e9, 2**32,
    "", "x", "No Such!", "a b", [], {}, [1, 1], ["x", "x"], [{}], {"a": 1},
]  # fmt: skip


def documents_of(tree: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, kind, document) of every document that a schema judges."""
    for path, group in tree.items():
        kind = document_kind(path)
        if kind in mutants.JUDGED and group.attributes:
            yield path, kind, json.loads(json.dumps(dict(group.attributes)))


@cache
def mutated(kind: str) -> dict[str, Any]:
    """The schemas of a kind with one constraint dropped, under the ids of their faults."""
    original = documents.json_schema(kind)
    return {f"{kind}:{'/'.join(map(str, path))}": mutants.without(original, path)
            for path, _ in mutants.constraints(original)}  # fmt: skip


def seen_by_base(tree: Any, unseen: set[str]) -> set[str]:
    """The dropped constraints with which a document of a valid deposition would be refused."""
    return {
        id
        for _, kind, document in documents_of(tree)
        for id, other in mutated(kind).items()
        if id in unseen and not conforms(other, kind, document)
    }


def variants_of(tree: Any, unseen: set[str], pool: Pool) -> list[Variant]:
    """A few changes that together make visible what any of the changes makes visible of `unseen`."""
    left, found = set(unseen), []
    for path, kind, document in documents_of(tree):
        original, changed, at = documents.json_schema(kind), mutated(kind), _mutants_at(kind)
        for operation, pointer, new in _edits(document, pool.get(kind, {})):
            good, failed = _judged(original, kind, new)
            null = kind == "descriptor" and operation.get("value", 0) is None and pointer.count("/") == 1
            rule = _rule(kind, pointer, new) if not good else _combination(kind, pointer, new)
            if null and pointer[1:] not in document:
                rule = "absent"
            if rule is None:
                continue  # that the deposition stays valid is certain only where nothing is added
            ids = {id for place in failed for id in at.get(place, ())} & unseen
            sees = {id for id in ids if conforms(changed[id], kind, new) != good} if ids & left else set()
            if sees & left:
                left -= sees
                first = next(iter(operation))
                edit = {**operation, first: f"{path}/zarr.json" if path else "zarr.json", "pointer": _ROOT + pointer}
                found.append({"rule": rule, "change": edit, "kills": sorted(sees)})
    return _cover(found)


def _mutants_at(kind: str) -> dict[tuple[int, str], list[str]]:
    """The dropped constraints by the node of the schema that has them and its keyword."""
    found: dict[tuple[int, str], list[str]] = {}
    for path, _ in mutants.constraints(documents.json_schema(kind)):
        *place, keyword = path if isinstance(path[-1], str) else path[:-1]
        node: Any = documents.json_schema(kind)
        for part in place:
            node = node[part]
        found.setdefault((id(node), str(keyword)), []).append(f"{kind}:{'/'.join(map(str, path))}")
    return found


def _judged(document: dict[str, Any], kind: str, value: Any) -> tuple[bool, set[tuple[int, str]]]:
    """Whether a value meets a schema, and all that was found unmet on the way: only that can matter when dropped."""
    failed: set[tuple[int, str]] = set()
    judges = dict(conform._KEYWORDS)

    def noting(keyword: str) -> Any:
        def judge(node: Any, item: Any, definitions: Any) -> bool:
            good = judges[keyword](node, item, definitions)
            if not good:
                failed.add((id(node), keyword))
                if keyword == "items":
                    failed.add((id(node["items"]), "type"))
            return good

        return judge

    conform._KEYWORDS.update({keyword: noting(keyword) for keyword in judges})
    try:
        return conforms(document, kind, value), failed
    finally:
        conform._KEYWORDS.update(judges)


def _cover(found: list[Variant]) -> list[Variant]:
    """Some of the changes that together kill what all of them kill, each with those it is there for."""
    left = {id for variant in found for id in variant["kills"]}
    taken: dict[int, list[str]] = {}
    while left:
        best = max(range(len(found)), key=lambda n: (len(left & set(found[n]["kills"])), -n))
        taken[best] = sorted(left & set(found[best]["kills"]))
        left -= set(taken[best])
    return [found[n] | {"kills": taken[n]} for n in sorted(taken)]


def _rule(kind: str, pointer: str, document: dict[str, Any]) -> str:
    """The rule for a document that its schema refuses ([STO-12], [STO-19], [DSC-2])."""
    if (kind, pointer) == ("deposition", "/format_version"):
        return "version"
    four = documents.json_schema("descriptor")["$defs"]["Algebra"]["enum"]
    other = (kind, pointer) == ("descriptor", "/algebra") and document.get("algebra") not in (None, *four)
    return "algebra" if other else "document"


def _combination(kind: str, pointer: str, document: dict[str, Any]) -> str | None:
    """The rule for a descriptor that fits its schema and has no procedure ([DSC-4], [DSC-8])."""
    if kind != "descriptor":
        return None
    rigid = str((document.get("operator") or {}).get("id")).startswith("rigid_body/")
    if pointer == "/acts_as" and document.get("acts_as") == "displacement" and not rigid:
        return "displacement"
    additive = str(document.get("algebra")).startswith("additive_")
    return "procedure" if pointer == "/algebra" and document.get("regime") == "discrete" and additive else None


def conforms(document: dict[str, Any], kind: str, value: Any) -> bool:
    """Whether a value meets a schema; of a descriptor, a key that is null is absent ([DSC-3])."""
    if kind == "descriptor":
        value = {key: item for key, item in value.items() if item is not None}
    try:
        return conform._meets(document, value, document.get("$defs", {}))
    except conform._Unknown:  # what the fast judge leaves to the library
        return jsonschema.Draft202012Validator(document).is_valid(value)


def values_of(trees: Iterable[Any]) -> Pool:
    """For each kind of document and key the values that some deposition gives it."""
    pool: Pool = {}
    for tree in trees:
        for _, kind, document in documents_of(tree):
            for pointer, value in _nodes(document):
                key = pointer.rpartition("/")[2]
                if key and not key.isdigit():
                    values = pool.setdefault(kind, {}).setdefault(key, [])
                    if value not in values:
                        values.append(value)
    everything: dict[str, list[Any]] = {}
    for known in pool.values():
        for key, some in known.items():
            everything.setdefault(key, []).extend(some)
    return {kind: {key: [*known.get(key, []), *(v for v in everything.get(key, []) if v not in known.get(key, []))]
                   for key in sorted({*known, *_keys(documents.json_schema(kind))})}
            for kind, known in pool.items()}  # fmt: skip


def _keys(node: Any) -> set[str]:
    """All keys that a schema says something of."""
    if isinstance(node, list):
        return set().union(*map(_keys, node))
    if not isinstance(node, dict):
        return set()
    return set(node.get("properties", {})).union(*map(_keys, node.values()))


def _nodes(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    yield pointer, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _nodes(item, f"{pointer}/{documents.escape(str(key))}")


def _edits(document: dict[str, Any], pool: dict[str, list[Any]]) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """(operation, pointer, changed document): keys removed, given other values, or added."""
    for pointer, value in _nodes(document):
        if pointer:
            key = pointer.rpartition("/")[2]
            if not key.isdigit():
                yield {"remove_json": ""}, pointer, _edited(document, pointer, None, remove=True)
            others = [*_WRONG, *pool.get(key, [])]
            if isinstance(value, list) and value:
                others += [[*value, value[0]], value[:1], value[1:], [*value, "No Such!"], [*value, -1], [*value, 0.5]]
            if isinstance(value, str):
                others += [value + "!", value.upper(), value + "\n", " " + value, value[:-1]]
            for other in others:
                if other != value or type(other) is not type(value):
                    yield {"set_json": "", "value": other}, pointer, _edited(document, pointer, other)
        if isinstance(value, dict):
            for key, others in pool.items():
                if key not in value:
                    for other in [*others[:4], None, "No Such!"]:
                        place = f"{pointer}/{documents.escape(key)}"
                        yield {"set_json": "", "value": other}, place, _edited(document, place, other)


def _edited(document: Any, pointer: str, value: Any, remove: bool = False) -> Any:
    changed = copy.deepcopy(document)
    damage.edit(changed, pointer, copy.deepcopy(value), remove)
    return changed
