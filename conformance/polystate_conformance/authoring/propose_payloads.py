"""Changes of arrays and tables that break one fact which the schema states about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from polystate_conformance.selftest import mutants
from polystate_schemas import documents

Variant = dict[str, Any]
_OTHER = {"int32": "int64", "uint32": "int64", "int8": "int16", "uint8": "int16", "float64": "float32",
          "float32": "int32", "bool": "uint8"}  # fmt: skip
_REFERENCES = {
    "hierarchy/residues": "residue-or-chain", "hierarchy/chains": "residue-or-chain", "hierarchy/entities": "entity",
    "hierarchy/atoms": "bonded", "operators": "assembled", "child_level": "child", "label_level": "label",
    "labels": "parent", "conditions": "condition", "descriptors": "clause", "atom_id": "atom",
}  # fmt: skip
"""The rule for a value that names what is not there, by what it refers to."""
_ORDER = {"atoms": "atoms-order", "grouping": "grouping-order", "iadp": "adp-order", "aadp": "adp-order",
          "states": "states-order", "occupancy": "occupancy-order", "deltas": "delta-order", "absent": "delta-order",
          "conditions": "condition-order", "variables": "sites-order", "latents": "components-order"}  # fmt: skip
_TWICE = {"atoms": "atom-twice", "bonds": "bond-twice", "assembly": "copy-twice", "grouping": "member-twice",
          "iadp": "adp-twice", "aadp": "adp-twice", "states": "state-twice", "occupancy": "occupancy-twice",
          "deltas": "delta-twice", "absent": "delta-twice", "conditions": "condition-twice",
          "variables": "site-twice", "latents": "component-twice", "atom_map": "map-twice"}  # fmt: skip
"""The rules for rows out of order, and for rows that stand twice, by kind of payload or table."""
OTHER_KEY = 4294967295
"""A draw key that the alternates of every case with variants have."""


def candidates(tree: Any) -> Iterator[tuple[str, Iterator[Variant]]]:
    """(id of a dropped fact, changes that break that fact) for every fact about a group of a deposition."""
    payloads = documents._payloads()
    for constraint in mutants.payload_constraints(payloads):
        kind, *names, fact = constraint
        for path, group in tree.items():
            made = group.attributes.get("derived_from", {}).get("operator")
            if kind in mutants.kinds_of_payload(tree, path) and not made:  # what a function makes may be absent
                mapped = group.attributes.get("atom_identity", {}).get("kind") == "mapped"
                changes = _Changes(path, kind, group, payloads[kind], mapped)
                yield f"payload:{'/'.join(constraint)}", changes.breaking(names, fact)


class _Changes:
    """Changes of the arrays and tables of one group."""

    def __init__(self, path: str, kind: str, group: Any, described: dict[str, Any], mapped: bool):
        self.path, self.kind, self.group, self.described, self.mapped = path, kind, group, described, mapped

    def breaking(self, names: list[str], fact: str) -> Iterator[Variant]:
        """Changes that break a fact, said of the rows of the group, of an array, of a table or of a column."""
        if not names:
            yield from self._rows_of_arrays(fact)
        elif names[0] == "arrays":
            name = names[1].replace("<n>", "0")
            if name in self.group.arrays:
                yield from self._array(name, fact, self.described["arrays"][names[1]])
        elif names[1] in self.group.tables:
            about = self.described["tables"][names[1]]
            if len(names) == 2:
                yield from self._table(names[1], fact, about)
            elif names[3] in self.group.tables[names[1]]:
                yield from self._column(names[1], names[3], fact, about["columns"][names[3]])

    def _rows_of_arrays(self, fact: str) -> Iterator[Variant]:
        """Rows that stand in several arrays can break order and uniqueness by one of them."""
        for name in self.described[fact] if fact == "sorted_by" else self.described[fact][0][::-1]:
            values = np.asarray(self.group.arrays[name])
            rule = (_ORDER if fact == "sorted_by" else _TWICE)[self.kind]
            if fact == "sorted_by":
                yield self._written(name, values[::-1], rule)
            else:
                yield self._written(name, np.concatenate([values[:1], values[:-1]]), rule)

    def _array(self, name: str, fact: str, about: dict[str, Any]) -> Iterator[Variant]:
        values = np.asarray(self.group.arrays[name])
        if fact == "required":
            yield {"rule": "missing", "change": {"delete": f"{self.path}/{name}"}}
        elif fact == "dtypes":
            for other in (_OTHER[values.dtype.name], "int8", "float32"):
                if other not in about["dtypes"]:
                    yield self._written(name, values.astype(other), "array-type")
        elif fact == "shapes":
            yield self._written(name, values[..., None], "shape")
            if values.ndim > 1:
                yield self._written(name, values[..., :-1], "shape")
            yield self._written(name, np.concatenate([values, values[-1:]]), "shape")
        elif fact in ("minimum", "maximum") and _can_leave(values.dtype, fact, about[fact]):
            yield self._written(name, _beyond(values, fact, about[fact]), "range")
        elif fact == "unique":
            rule = "atom-key-twice" if name == "draw_key" else "covered-twice"
            if len(values) > 1:
                yield self._written(name, np.concatenate([values[:1], values[:-1]]), rule)
        elif fact == "refers_to":
            yield self._written(name, _beyond(values, "maximum", 98), self._reference(name, about[fact]))

    def _table(self, name: str, fact: str, about: dict[str, Any]) -> Iterator[Variant]:
        where, count = f"{self.path}/{name}", len(next(iter(self.group.tables[name].values())))
        if fact == "required":
            yield {"rule": "missing", "change": {"delete": where}}
        elif fact == "sorted_by" and count > 1:
            yield {"rule": _ORDER[name], "change": {"table": where, "rows": list(range(count))[::-1]}}
        elif fact == "unique":
            yield {"rule": _TWICE[name], "change": {"table": where, "rows": [0, *range(count)]}}

    def _column(self, table: str, name: str, fact: str, about: dict[str, Any]) -> Iterator[Variant]:
        where, stored = f"{self.path}/{table}", self.group.tables[table][name]
        text = isinstance(stored, list)
        dtype, values = ("text" if text else np.asarray(stored).dtype.name), list(np.asarray(stored).tolist())

        def changed(dtype: str, last: list[Any], rule: str) -> Variant:
            safe = ["NaN" if isinstance(x, float) and np.isnan(x) else x for x in last]
            return {"rule": rule, "change": {"table": where, "column": name, "dtype": dtype, "data": safe}}

        if fact == "required":
            yield {"rule": "missing", "change": {"table": where, "drop": name}}
        elif fact == "dtypes":
            if text:
                yield changed("int32", list(range(len(values))), "column-type")
            else:
                other = _OTHER[dtype]
                yield changed(other, np.nan_to_num(values).astype(other).tolist(), "column-type")
        elif fact in ("minimum", "maximum"):
            rule = "population" if name == "population" else "range"
            yield changed(dtype, _beyond(np.asarray(values), fact, about[fact]).tolist(), rule)
        elif fact == "values":
            yield changed(dtype, [*values[:-1], "zz"], "range")
        elif fact == "unique":
            yield changed(dtype, [*values[:-1], OTHER_KEY], "key-twice")
        elif fact == "refers_to":
            sites = {"states": "site", "variables": "sites", "deltas": "state", "absent": "state"}
            target = about[fact]
            named = sites[table] if target == "scope" else self._reference(name, target)
            yield changed(dtype, [*values[:-1], "zz" if text else 99], named)

    def _reference(self, name: str, target: str) -> str:
        if target == "atom_id" and self.mapped:
            return "new-atom" if name == "new" else "mapped-atom"
        return "assembled" if self.kind == "assembly" else _REFERENCES[target]

    def _written(self, name: str, values: np.ndarray, rule: str) -> Variant:
        change = {"array": f"{self.path}/{name}", "dtype": values.dtype.name, "data": values.tolist()}
        return {"rule": rule, "change": change}


def _can_leave(dtype: np.dtype, limit: str, bound: float) -> bool:
    """Whether a type has numbers beyond a limit."""
    return limit == "maximum" or np.issubdtype(dtype, np.signedinteger) or np.issubdtype(dtype, np.floating)


def _beyond(values: np.ndarray, limit: str, bound: float) -> np.ndarray:
    """Values of which the last is beyond a limit by one or, of a probability, a little."""
    changed = values.copy()
    changed[(-1,) * values.ndim] = bound + (-1 if limit == "minimum" else 1)
    return changed
