"""Valid depositions in text form with one mistake each, as a hypothesis strategy.

A mistake is small and made without knowing what it breaks: a number outside its range, an id that nothing has, a row
that stands twice or in another place, an array that is missing, longer, flatter or of another type, a word in place of
another, a key of one descriptor in another. What is wrong with the result, if anything, is for the text to say."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from polystate_conformance.selftest.depositions import Document, Draw, depositions
from polystate_conformance.suite import collection

Place = tuple[Any, Any]
"""A mapping or list, and the key or index of the value in it."""
LARGEST = 20_000
"""Characters of a deposition of a case that is damaged: what is small is read at a glance."""
TYPES = ("bool", "int8", "int32", "int64", "uint8", "uint32", "float32", "float64")
HIERARCHY = ("atoms", "residues", "chains", "entities", "bonds")
BESIDE = {"groupings": ("child", "parent", "weight", "label"), "axes": ("time", "population", "energy", "box")}
"""Layers whose arrays stand beside their keys."""
OWN = ("arrays", "tables")
"""Keys of descriptors and landmarks that hold their arrays and tables."""
WORDS = ("discrete", "trajectory", "continuous", "A", "B", "C", "independent", "nested_under", "additive_covariance",
         "additive_displacement", "categorical_state", "gaussian_disorder", "deterministic_displacement", "coordinates",
         "unknown", "deposition", "entity", "chain", "residue", "atom", "total", "displacement", "transform",
         "mean", "sample_per_step", "nowhere", "")  # fmt: skip
KEYS: Document = {
    "active_when": 0, "sample_axis": "frame", "state_axis": "frame", "provenance": "by-hand", "normalised": False,
    "adp_content": "total", "acts_as": "transform", "broadcast_policy": "mean", "id": "other", "note": None,
    "atom_identity": {"kind": "superset"}, "reference": {"hash": "sha256:" + "0" * 64, "frame": "other"},
    "derived_from": {"pipeline": {"name": "by hand", "version": "1"}, "inputs": []},
}  # fmt: skip
"""Keys that a descriptor may have, each with a value of the right form."""


@cache
def written() -> tuple[Document, ...]:
    """The valid depositions of the cases of the profile `validate` that are small, the smallest first."""
    found = {
        json.dumps(case.deposition, sort_keys=True): case.deposition
        for case in collection.load_all()
        if case.kind == "validate" and not case.negative and not case.damage and not case.encode
        and "corpus" not in case.deposition and "file" not in case.deposition
    }  # fmt: skip
    return tuple(found[text] for text in sorted(found, key=len) if len(text) <= LARGEST)


@st.composite
def damaged(draw: Draw) -> tuple[Document, Document]:
    """A deposition with one mistake, drawn or out of a case, and the request to validate it."""
    document = copy.deepcopy(draw(st.one_of(depositions(), st.sampled_from(written()))))
    before = json.dumps(document)
    draw(st.sampled_from(DAMAGES))(draw, document)
    if json.dumps(document) == before:
        reject()
    return document, {
        "kind": "validate",
        "profile": "validate",
        "seed": None,
        "request": {"outputs": ["digest_full", "valid", "warnings"]},
    }


def columns(document: Document) -> list[Place]:
    """Where the arrays and columns of a deposition stand."""
    hierarchy = document.get("hierarchy", {})
    found = [(hierarchy[name], key) for name in HIERARCHY for key in hierarchy.get(name, ()) if key != "vocabularies"]
    for group in (*hierarchy.get("assemblies", {}).values(), hierarchy.get("ncs", {})):
        found += [(group, key) for key in ("operators", "operator", "chain") if key in group]
    found += [(document["reference"], "x_ref")]
    for layer, names in BESIDE.items():
        found += [(group, key) for group in document.get(layer, {}).values() for key in names if key in group]
    for group in _owners(document):
        found += [(group["arrays"], key) for key in group.get("arrays", ())]
        found += [(table, key) for table in group.get("tables", {}).values() for key in table]
    return found


def _owners(document: Document) -> list[Document]:
    """Descriptors and landmarks, which have arrays and tables under keys of their own."""
    return [group for layer in ("descriptors", "landmarks") for group in document.get(layer, {}).values()]


def _tables(document: Document) -> list[Document]:
    """Columns that have a row each in common."""
    found = [table for group in _owners(document) for table in group.get("tables", {}).values()]
    found += [document["hierarchy"][name] for name in HIERARCHY if name in document["hierarchy"]]
    for layer, names in BESIDE.items():
        for group in document.get(layer, {}).values():
            found.append(_View(group, [key for key in names if key in group]))
    return [table for table in found if any(_rows(table, key) for key in _keys(table))]


class _View(dict):
    """Some keys of a mapping, in which a value that is set is set in the mapping too."""

    def __init__(self, whole: Document, keys: list[str]):
        super().__init__({key: whole[key] for key in keys})
        self.whole = whole

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self.whole[key] = value


def _keys(table: Document) -> list[str]:
    return [key for key in table if key != "vocabularies"]


def _rows(holder: Any, key: Any) -> list[Any]:
    """The numbers of an array, its type stated or not."""
    value = holder[key]
    rows = value.get("data") if isinstance(value, dict) else value
    return rows if isinstance(rows, list) else []


def _set(holder: Any, key: Any, rows: Any) -> None:
    holder[key] = {**holder[key], "data": rows} if isinstance(holder[key], dict) else rows


def _keyed(document: Any) -> Iterator[Place]:
    """Where the keys of payloads stand, at any depth; arrays are left out."""
    for key in document if isinstance(document, dict) else range(len(document)):
        yield document, key
        if isinstance(document[key], dict | list) and key not in OWN:
            yield from _keyed(document[key])


def payloads(document: Document) -> list[Place]:
    """Where the keys of all payloads stand, those that are no arrays."""
    arrays = {(id(holder), key) for holder, key in columns(document)}
    layers = [document["reference"], *(document["hierarchy"],), *(
        group for layer in ("groupings", "axes", "descriptors", "landmarks", "operators", "provenance", "annotations")
        for group in document.get(layer, {}).values())]  # fmt: skip
    return [place for group in layers for place in _keyed(group) if (id(place[0]), place[1]) not in arrays]


def _one(draw: Draw, places: list[Any]) -> Any:
    return draw(st.sampled_from(places)) if places else reject()


def _number(draw: Draw, document: Document) -> None:
    """One element of an array is another: next to it, outside its range, not finite, or that of another row."""
    holder, key = _one(draw, columns(document))
    rows = numbers = copy.deepcopy(_rows(holder, key))
    last = rows
    while isinstance(numbers, list) and numbers:
        last, place = numbers, draw(st.integers(0, len(numbers) - 1))
        numbers = numbers[place]
    if isinstance(numbers, list):
        reject()
    last[place] = draw(st.sampled_from(_instead(numbers, rows, last)))
    _set(holder, key, rows)


def _instead(value: Any, rows: list[Any], beside: list[Any]) -> list[Any]:
    others = [other for other in beside if other != value]
    if isinstance(value, str):
        return [*others, *WORDS, -1]
    if isinstance(value, int):
        return [*others, value - 1, value + 1, len(rows), -1, -2, 0, 99, 2**31 - 1]
    small = [value * (1 + 5e-7), value * (1 + 5e-6), value + 5e-7, value + 5e-6] if math.isfinite(value) else []
    return [*others, *small, -value, value + 1, 0.0, -1e-9, 1e9, 1.1e9, "NaN", "Infinity"]


def _length(draw: Draw, document: Document) -> None:
    """An array or a table has a row less or more, or none."""
    holder, keys = _rows_of_some(draw, document)
    how = draw(st.sampled_from(("less", "more", "none")))
    for key in keys:
        rows = _rows(holder, key)
        _set(holder, key, {"less": rows[:-1], "more": rows + rows[-1:], "none": []}[how])


def _order(draw: Draw, document: Document) -> None:
    """Two rows of an array or a table change places, or one stands where the other stood."""
    holder, keys = _rows_of_some(draw, document)
    size = min(len(_rows(holder, key)) for key in keys)
    a, b = (draw(st.integers(0, max(0, size - 1))) for _ in range(2))
    twice = draw(st.booleans())
    for key in keys if size else ():
        rows = list(_rows(holder, key))
        rows[a], rows[b] = (rows[b], rows[b]) if twice else (rows[b], rows[a])
        _set(holder, key, rows)


def _rows_of_some(draw: Draw, document: Document) -> tuple[Any, list[Any]]:
    """An array, or all columns of a table."""
    if draw(st.booleans()):
        holder, key = _one(draw, [place for place in columns(document) if _rows(*place)])
        return holder, [key]
    table = _one(draw, _tables(document))
    return table, [key for key in _keys(table) if isinstance(_rows(table, key), list)]


def _shape(draw: Draw, document: Document) -> None:
    """An array has a dimension more or less, or another type."""
    holder, key = _one(draw, columns(document))
    rows = _rows(holder, key)
    how = draw(st.sampled_from(("deeper", "flatter", *TYPES)))
    if how == "deeper":
        _set(holder, key, [rows])
    elif how != "flatter":
        holder[key] = {"dtype": how, "data": rows}
    elif rows and isinstance(rows[0], list):
        _set(holder, key, rows[0])


def _missing(draw: Draw, document: Document) -> None:
    """An array, a column, a table, a key or a group is not there, or stands under another name."""
    groups = [(document[layer], name) for layer in ("groupings", "axes", "descriptors", "landmarks", "provenance")
              for name in document.get(layer, {})]  # fmt: skip
    tables = [(group["tables"], name) for group in _owners(document) for name in group.get("tables", ())]
    holder, key = _one(draw, draw(st.sampled_from((columns(document), payloads(document), groups, tables))))
    value = holder.pop(key)
    if isinstance(holder, dict) and draw(st.booleans()):
        holder[draw(st.sampled_from(("nowhere", "Other", *(str(name) for name in holder))))] = value


def _word(draw: Draw, document: Document) -> None:
    """A value of a payload is another of its kind, or of another kind."""
    holder, key = _one(draw, payloads(document))
    value = holder[key]
    if isinstance(value, str):
        others = [other[k] for other, k in payloads(document) if k == key and isinstance(other[k], str)]
        holder[key] = draw(st.sampled_from([*others, *WORDS, 1, None]))
    elif isinstance(value, bool) or value is None:
        holder[key] = draw(st.sampled_from((True, False, None, 0, "no")))
    elif isinstance(value, int | float):
        holder[key] = draw(st.sampled_from((-1, -2, 0, 1, 1.5, value + 1, value - 1, 10**9 + 1, "1", None)))
    else:
        holder[key] = draw(st.sampled_from(([], {}, None, "x", [value], list(value), list(value)[:-1])))


def _key(draw: Draw, document: Document) -> None:
    """A descriptor has a key, an array or a table more."""
    holder = _one(draw, list(document.get("descriptors", {}).values()))
    others = [group for group in _owners(document) if group is not holder]
    part = draw(st.sampled_from(("keys", *OWN)))
    if part == "keys":
        offered = [*KEYS.items(), *(item for other in others for item in other.items() if item[0] not in OWN)]
        key, value = draw(st.sampled_from(offered))
        holder[key] = copy.deepcopy(value)
    else:
        key, value = _one(draw, [item for other in others for item in other.get(part, {}).items()])
        holder.setdefault(part, {})[key] = copy.deepcopy(value)


DAMAGES: tuple[Callable[[Draw, Document], None], ...] = (_number, _length, _order, _shape, _missing, _word, _key)
