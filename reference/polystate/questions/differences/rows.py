"""What a row of an array or table is about, in words: an atom, a residue, a label of a scope, a state of a site."""

from __future__ import annotations

import numpy as np

from polystate.errors import PolystateError
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.questions.differences.arrays import Name
from polystate.structure.hierarchy import TABLES

LEVEL = {table: level for level, table in TABLES.items()}


def row_names(dep: Model, group: str, payload: str, shape: tuple[int, ...], is_table: bool) -> Name:
    """How the rows of one array or table of a group are called; None for those that have no name."""

    def name(at: tuple[int, ...]) -> str | None:
        try:
            return _name(dep, group, payload, shape, at, is_table)
        except (PolystateError, IndexError, TypeError, ValueError, AttributeError):  # what is broken has no name
            return None

    return name


def _name(
    dep: Model, group: str, payload: str, shape: tuple[int, ...], at: tuple[int, ...], is_table: bool
) -> str | None:
    layer, _, node = group.partition("/")
    if group == "reference":
        return dep.hierarchy.node_label("atom", at[0])
    if layer == "hierarchy" and node in LEVEL and LEVEL[node] in ("chain", "residue", "atom"):
        return dep.hierarchy.node_label(LEVEL[node], at[0])
    if layer != "descriptors" or node not in dep.descriptors:
        return None
    d = dep.descriptors[node]
    return _table_row(dep, d, payload, at[0]) if is_table else _array_row(d, shape, at)


def _array_row(d: Descriptor, shape: tuple[int, ...], at: tuple[int, ...]) -> str | None:
    if not at:
        return None
    if d.axis is not None and shape[0] == d.ground.axes[d.axis].length:
        inner = _array_row_off_axis(d, shape[1:], at[1:])
        return f"{d.axis} {at[0]}" + (f", {inner}" if inner else "")
    return _array_row_off_axis(d, shape, at)


def _array_row_off_axis(d: Descriptor, shape: tuple[int, ...], at: tuple[int, ...]) -> str | None:
    if d.has("atom_id"):
        ids = d.array("atom_id")
        for size, index in zip(shape, at, strict=True):
            if size == len(ids):
                return _atom(d, ids[index])
    return _label(d, at[0]) if shape and shape[0] == d.n_labels else None


def _table_row(dep: Model, d: Descriptor, table: str, row: int) -> str | None:
    columns = d.table(table)
    words = []
    if "site" in columns:
        site = int(d.column(table, "site")[row])
        of = dep.descriptors[d.column(table, "parent")[row]] if "parent" in columns else d  # a condition on another
        words.append(_label(of, site))
        if "state" in columns:
            states = of.table("states")
            number = int(d.column(table, "state")[row])
            mine = (np.asarray(states["site"]) == site) & (np.asarray(states["state"]) == number)
            words[-1] += f"={states['label'][int(np.flatnonzero(mine)[0])]}"
    if "atom_id" in columns:
        words.append(_atom(d, d.column(table, "atom_id")[row]))
    return ", ".join(words) or None


def _label(d: Descriptor, row: int) -> str:
    level = (d.document.get("scope") or {}).get("level")
    return d.ground.hierarchy.node_label(level, row) if level else d.label_names[row]


def _atom(d: Descriptor, atom_id: int) -> str:
    (row,) = d.rows_of_ids(np.array([atom_id]), d.path)
    return d.ground.hierarchy.node_label("atom", int(row)) if row >= 0 else f"atom_id {atom_id}"
