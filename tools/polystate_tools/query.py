"""Questions in SQL: a deposition as tables of atoms, residues, chains, groups, descriptors and states.

    query(dep, "SELECT chain, number, b FROM residues ORDER BY b DESC LIMIT 10")

The tables are made when a question is asked; nothing outside the deposition can be read or written by a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from polystate import Deposition
from polystate.errors import BadRequest, UnsupportedCombination
from polystate.evaluate import gaussian_levels
from polystate.hierarchy import ELEMENTS

EIGHT_PI_SQUARED = 8 * np.pi**2


def query(dep: Deposition, sql: str) -> pa.Table:
    """The answer to a query over the tables of `TABLES`; column names and units are in their docstrings."""
    try:
        import duckdb
    except ImportError as error:
        raise UnsupportedCombination("query", "no duckdb", "pip install 'polystate[report]'") from error
    connection = duckdb.connect(config={"enable_external_access": False, "allow_community_extensions": False})
    for name, make in TABLES.items():
        if name in sql:
            connection.register(name, make(dep))
    try:
        answer = connection.sql(sql)
        return pa.table({}) if answer is None else answer.to_arrow_table()
    except duckdb.Error as error:
        raise BadRequest("query", str(error).splitlines()[0], "SQL over " + ", ".join(TABLES)) from error


def atoms(dep: Deposition) -> pa.Table:
    """atom_id, name, element, charge, comp, chain, number, ins (author), residue, x y z (Å), b, b_<level> (Å²)."""
    h = dep.hierarchy
    residue = h.of_atoms("residue")
    about = _residue_columns(dep)
    columns: dict[str, Any] = {
        "atom_id": h.atom_id,
        "name": h.text("atoms", "name"),
        "element": np.array(ELEMENTS, dtype=object)[h.column("atoms", "element")],
        "charge": h.column("atoms", "charge"),
        **{name: values[residue] for name, values in about.items()},
        "residue": residue,
    }
    columns |= dict(zip("xyz", dep.x_ref.T, strict=True))
    return pa.table({**columns, **_b_factors(dep)})


def residues(dep: Deposition) -> pa.Table:
    """residue (row), chain, number, ins, comp, label_seq, atoms (how many), b and b_<level>: means over atoms (Å²)."""
    h = dep.hierarchy
    residue = h.of_atoms("residue")
    size = h.size("residue")
    count = np.bincount(residue, minlength=size)
    means = {
        name: np.bincount(residue, values, minlength=size) / np.maximum(count, 1)
        for name, values in _b_factors(dep).items()
    }
    columns = {"residue": np.arange(size), **_residue_columns(dep), "label_seq": h.column("residues", "label_seq")}
    return pa.table({**columns, "atoms": count, **means})


def chains(dep: Deposition) -> pa.Table:
    """chain (row), label_asym, auth_asym, entity, type, description, atoms (how many)."""
    h = dep.hierarchy
    entity = h.column("chains", "entity")
    columns: dict[str, Any] = {
        "chain": np.arange(len(entity)),
        "label_asym": h.text("chains", "label_asym"),
        "auth_asym": h.text("chains", "auth_asym"),
        "entity": entity,
        "type": np.append(h.text("entities", "type"), "")[entity],
        "description": np.append(h.text("entities", "description"), "")[entity],
        "atoms": np.bincount(h.of_atoms("chain"), minlength=len(entity)),
    }
    return pa.table(columns)


def groups(dep: Deposition) -> pa.Table:
    """One row a label of each Gaussian level: descriptor, scope, label (row), name, atoms, amplitude (Å²), b (Å²).

    The amplitude is the mean of Tr U / 3 over the group's atoms; b is 8π² times it."""
    rows: dict[str, list[np.ndarray]] = {n: [] for n in ("descriptor", "scope", "label", "name", "atoms", "amplitude")}
    for d in gaussian_levels(dep):
        u = dep.covariance(levels=[d.id])
        at = np.flatnonzero(d.label_of_atom >= 0)
        label, count = d.label_of_atom[at], np.bincount(d.label_of_atom[at], minlength=d.n_labels)
        total = np.bincount(label, np.trace(u[at], axis1=1, axis2=2) / 3, minlength=d.n_labels)
        scope = d.document["scope"].get("grouping") or d.document["scope"]["level"]
        found = {
            "descriptor": np.full(d.n_labels, d.id, dtype=object),
            "scope": np.full(d.n_labels, scope, dtype=object),
            "label": np.arange(d.n_labels),
            "name": np.array(_names(dep, d.document["scope"], d.n_labels), dtype=object),
            "atoms": count,
            "amplitude": total / np.maximum(count, 1),
        }
        for name, values in found.items():
            rows[name].append(values)
    columns = {n: np.concatenate(v) if v else np.zeros(0) for n, v in rows.items()}
    return pa.table({**columns, "b": EIGHT_PI_SQUARED * np.asarray(columns["amplitude"], np.float64)})


def descriptors(dep: Deposition) -> pa.Table:
    """id, regime, mode, scope, labels, signal_type, algebra, operator, sample_axis of each descriptor."""
    found = dep.describe()["descriptors"]
    names = ["id", "regime", "mode", "scope", "labels", "signal_type", "algebra", "operator", "sample_axis"]
    return pa.table({n: [row[n] for row in found] for n in names})


def states(dep: Deposition) -> pa.Table:
    """Every row of the tables `states`: descriptor, site, state, label, condition, population, deposited, source."""
    rows: dict[str, list[Any]] = {
        n: [] for n in ("descriptor", "site", "state", "label", "condition", "population", "deposited", "source")
    }
    for d in dep.descriptors.values():
        table = d.table("states")
        for k in range(len(table["label"]) if table else 0):
            rows["descriptor"].append(d.id)
            rows["site"].append(d.label_names[int(table["site"][k])])
            for name in ("state", "label", "condition", "population", "deposited", "source"):
                rows[name].append(table[name][k])
    return pa.table(rows)


TABLES: dict[str, Callable[[Deposition], pa.Table]] = {
    "atoms": atoms,
    "residues": residues,
    "chains": chains,
    "groups": groups,
    "descriptors": descriptors,
    "states": states,
}


def _residue_columns(dep: Deposition) -> dict[str, np.ndarray]:
    h = dep.hierarchy
    return {
        "chain": h.text("chains", "auth_asym")[h.column("residues", "chain")],
        "number": h.column("residues", "auth_seq"),
        "ins": h.text("residues", "ins"),
        "comp": h.text("residues", "comp"),
    }


def _b_factors(dep: Deposition) -> dict[str, np.ndarray]:
    """B of each atom in the default state: in total, and by Gaussian level, (N,) Å²."""
    levels = [d.id for d in gaussian_levels(dep)]
    u = dep.covariance(by_level=True)
    b = EIGHT_PI_SQUARED * np.trace(u, axis1=2, axis2=3) / 3
    names = ["b_" + "".join(c if c.isalnum() else "_" for c in name) for name in levels]
    return {"b": b.sum(axis=0), **dict(zip(names, b, strict=True))}


def _names(dep: Deposition, scope: Any, size: int) -> list[str]:
    """Names of labels as people write them."""
    if "grouping" in scope:
        return dep.groupings[scope["grouping"]].labels
    return dep.hierarchy.node_labels(scope["level"]) if scope["level"] != "deposition" else [""] * size
