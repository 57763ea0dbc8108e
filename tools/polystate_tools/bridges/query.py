"""Questions in SQL: a deposition as tables of atoms, residues, moments, chains, groups, sites, states, fits and more.

    query(dep, "SELECT chain, number, b FROM residues ORDER BY b DESC LIMIT 10")

The tables are made when a question is asked; nothing outside the deposition can be read or written by a query."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from polystate import Deposition
from polystate.errors import AxisNotGiven, BadRequest, UnsupportedCombination
from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import gaussian_levels
from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate.questions.unknown import needing, unknown
from polystate.store import memory
from polystate.structure.hierarchy import ELEMENTS
from polystate_tools.bridges import summaries
from polystate_tools.spreadsheet import as_text

CLOSED: dict[str, Any] = {
    "enable_external_access": False,
    "allow_community_extensions": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "temp_directory": "",
    "python_enable_replacements": False,
    "lock_configuration": True,
}
"""Nothing is read, written, installed or loaded for a query, and no query can change that."""
LIMIT_S = 60.0
"""Seconds that a query may take where nobody says otherwise: one that recurs has no end."""
CATALOGUE = re.compile(r"\b(show|information_schema|duckdb_\w+|pragma_\w+)\b", re.IGNORECASE)  # asks for all tables


def query(dep: Deposition, sql: str, limit_s: float = LIMIT_S) -> pa.Table:
    """The answer to a query over the tables of `TABLES`; column names and units are in their docstrings.

    limit_s: seconds after which the query is refused, without the making of the tables."""

    def made(make: Callable[[Deposition], pa.Table]) -> Any:
        with dep.answering():
            dep.check_documents()
            return make(dep)

    return answer(sql, {name: partial(made, make) for name, make in TABLES.items()}, limit_s=limit_s)


def answer(
    sql: str,
    tables: Mapping[str, Callable[[], Any]],
    views: Mapping[str, str] | None = None,
    limit_s: float = LIMIT_S,
) -> pa.Table:
    """The answer to a query over tables of Arrow, of which those are made that it may ask for.

    views: name to the SELECT over the tables that it stands for; then all tables are made."""
    try:
        import duckdb
    except ImportError as error:
        raise UnsupportedCombination("query", "no duckdb", "pip install 'polystate[query]'") from error
    connection = duckdb.connect(config={**CLOSED, "memory_limit": f"{max(memory.room() >> 20, 64)}MiB"})
    expected = "one SELECT over " + ", ".join([*tables, *(views or {})])
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1:
            found = f"{len(statements)} statements" if statements else "no statement"
            raise BadRequest("query", found, expected)
        if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
            raise BadRequest("query", f"a statement {statements[0].type.name}", expected)
        for name, make in tables.items():
            if views or name in sql.lower() or CATALOGUE.search(sql):
                connection.register(name, make())
        for name, select in (views or {}).items():
            connection.execute(f"CREATE VIEW {name} AS {select}")
        return _within(limit_s, connection, sql, expected)
    except duckdb.Error as error:
        raise BadRequest("query", str(error).splitlines()[0], expected) from error


def _within(limit_s: float, connection: Any, sql: str, expected: str) -> pa.Table:
    """The answer, taken piece by piece as long as memory has room for it; interrupted when the time is over."""
    import duckdb

    over = threading.Event()

    def end() -> None:
        over.set()
        connection.interrupt()

    timer = threading.Timer(limit_s, end)
    timer.start()
    try:
        reader = pa.RecordBatchReader.from_stream(connection.sql(sql))
        pieces, size, room = [], 0, memory.room()
        for piece in reader:
            pieces.append(piece)
            size += piece.nbytes
            if size > room:
                raise BadRequest("query", f"an answer of more than {room} bytes", "a LIMIT, or fewer columns")
        return pa.Table.from_batches(pieces, reader.schema)
    except (duckdb.Error, OSError) as error:  # OSError of the pieces
        if over.is_set():
            raise BadRequest("query", f"no answer within {limit_s:g} s", "an answer; --time-limit moves it") from error
        raise BadRequest("query", str(error).splitlines()[0], expected) from error
    finally:
        timer.cancel()
        timer.join()  # or it has the connection when Python ends


def without_formulas(answer: pa.Table) -> tuple[pa.Table, int]:
    """The answer with texts that a spreadsheet would compute marked as text, and how many those are."""
    marked = 0
    for k, field in enumerate(answer.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            before = answer.column(k).to_pylist()
            after = [None if cell is None else as_text(cell) for cell in before]
            marked += sum(a != b for a, b in zip(before, after, strict=True))
            answer = answer.set_column(k, field, pa.array(after, field.type))
    return answer.rename_columns([as_text(name) for name in answer.column_names]), marked


def atoms(dep: Deposition) -> pa.Table:
    """atom_id, name, element, charge, comp, chain, number, ins (author), residue, x y z (Å), present, b, b_<level>.

    present: whether the default state has the atom; NULL where that is known at a step of an axis only. b (Å²) is
    NULL where the atom is absent, and where an unknown operator contributes to it."""
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
    present, factors = _b_factors(dep)
    there = np.ones(dep.n_atoms, bool) if present is None else present
    columns["present"] = pa.nulls(dep.n_atoms, pa.bool_()) if present is None else present
    return pa.table({**columns, **{name: pa.array(b, mask=~there | np.isnan(b)) for name, b in factors.items()}})


def residues(dep: Deposition) -> pa.Table:
    """residue (row), chain, number, ins, comp, label_seq, atoms (how many), present (how many of them), b, b_<level>.

    b and b_<level> are means over the atoms that the default state has (Å²), NULL where it has none, and where an
    unknown operator contributes to one of them."""
    h = dep.hierarchy
    residue = h.of_atoms("residue")
    size = h.size("residue")
    present, factors = _b_factors(dep)
    there = np.ones(dep.n_atoms, bool) if present is None else present
    count = np.bincount(residue[there], minlength=size)
    means = {name: _means(residue[there], b[there], count) for name, b in factors.items()}
    numbers = {
        "atoms": np.bincount(residue, minlength=size),
        "present": pa.nulls(size, pa.int64()) if present is None else count,
    }
    columns = {"residue": np.arange(size), **_residue_columns(dep), "label_seq": h.column("residues", "label_seq")}
    return pa.table({**columns, **numbers, **means})


def moments(dep: Deposition) -> pa.Table:
    """One row a residue, over all joint states and steps: residue (row), chain, number, ins, comp, presence, rmsf,
    rmsf_axes, rmsf_states, rmsf_components, rmsf_u (Å), conformers, entropy (nats).

    rmsf is NULL where no atom can be present; its square is the sum of those of the four stacks. All but presence are
    NULL where an unknown operator contributes to an atom of the residue."""
    found = dep.understood().residue_moments()
    columns = {"residue": np.arange(len(found.rmsf)), **_residue_columns(dep)}
    covered = [dep.hierarchy.of_atoms("residue")[d.covered] for d in unknown(dep)]
    reached = np.isin(columns["residue"], np.concatenate([np.zeros(0, np.int64), *covered]))
    numbers = {f.name: getattr(found, f.name) for f in fields(found)}
    gone = {n: np.isnan(v) | (reached & (n != "presence")) for n, v in numbers.items()}
    return pa.table({**columns, **{n: pa.array(v, mask=gone[n]) for n, v in numbers.items()}})


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
    """One row a label of each Gaussian level: descriptor, scope, label (row), name, atoms, present, amplitude, b (Å²).

    The amplitude is the mean of Tr U / 3 over the group's atoms that the default state has (`present` of its `atoms`),
    NULL where it has none or an unknown operator contributes; b is 8π² times it."""
    names = ("descriptor", "scope", "label", "name", "atoms", "present", "amplitude")
    rows: dict[str, list[Any]] = {n: [] for n in names}
    present = _present(dep)
    there = np.ones(dep.n_atoms, bool) if present is None else present
    for d, u in zip(gaussian_levels(dep), _by_level(dep), strict=True):
        at = np.flatnonzero((d.label_of_atom >= 0) & there)
        label, count = d.label_of_atom[at], np.bincount(d.label_of_atom[at], minlength=d.n_labels)
        scope = d.document["scope"].get("grouping") or d.document["scope"]["level"]
        found = {
            "descriptor": np.full(d.n_labels, d.id, dtype=object),
            "scope": np.full(d.n_labels, scope, dtype=object),
            "label": np.arange(d.n_labels),
            "name": np.array(_names(dep, d.document["scope"], d.n_labels), dtype=object),
            "atoms": np.bincount(d.label_of_atom[d.label_of_atom >= 0], minlength=d.n_labels),
            "present": pa.nulls(d.n_labels, pa.int64()) if present is None else count,
            "amplitude": _means(label, np.trace(u[at], axis1=1, axis2=2) / 3, count),
        }
        for name, values in found.items():
            rows[name].append(pa.array(values))
    columns = {n: pa.chunked_array(v) if v else pa.nulls(0) for n, v in rows.items()}
    return pa.table({**columns, "b": compute.multiply(columns["amplitude"].cast(pa.float64()), EIGHT_PI_SQUARED)})


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
    "moments": moments,
    "chains": chains,
    "groups": groups,
    "descriptors": descriptors,
    "states": states,
    "sites": summaries.sites,
    "entries": summaries.entries,
    "fits": summaries.fits,
}


def _residue_columns(dep: Deposition) -> dict[str, np.ndarray]:
    h = dep.hierarchy
    return {
        "chain": h.text("chains", "auth_asym")[h.column("residues", "chain")],
        "number": h.column("residues", "auth_seq"),
        "ins": h.text("residues", "ins"),
        "comp": h.text("residues", "comp"),
    }


def _b_factors(dep: Deposition) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
    """Which atoms the default state has, and the B of each: in total, and by Gaussian level, (N,) Å²."""
    levels = [d.id for d in gaussian_levels(dep)]
    u = _by_level(dep)
    b = EIGHT_PI_SQUARED * np.trace(u, axis1=2, axis2=3) / 3
    names = ["b_" + "".join(c if c.isalnum() else "_" for c in name) for name in levels]
    return _present(dep), {"b": b.sum(axis=0), **dict(zip(names, b, strict=True))}


def _by_level(dep: Deposition) -> np.ndarray:
    """U of each Gaussian level, (L, N, 3, 3) Å²; NaN where an unknown operator contributes."""
    known, levels = dep.understood(), gaussian_levels(dep)
    found = dict(zip((d.id for d in known.levels()), known.covariance(by_level=True), strict=True))
    u = np.zeros((len(levels), dep.n_atoms, 3, 3))
    for k, d in enumerate(levels):
        u[k] = found.get(d.id, 0.0)
    request = dep.request(only=())
    for d in unknown(dep):
        if d.is_gaussian or d.is_transform:
            mine = slice(None) if d.is_transform else levels.index(d)
            u[mine, needing(d, request)] = np.nan
    return u


def _present(dep: Deposition) -> np.ndarray | None:
    """Which atoms the default state has, (N,) bool; None where that depends on the step of an axis."""
    try:
        return evaluate.present(dep.request(only=dep.levels()))
    except AxisNotGiven:
        return None


def _means(place: np.ndarray, values: np.ndarray, count: np.ndarray) -> pa.Array:
    """The mean of the values at each place, NULL where there is none or one of them is NaN."""
    total = np.bincount(place, values, minlength=len(count))
    return pa.array(total / np.maximum(count, 1), mask=(count == 0) | np.isnan(total))


def _names(dep: Deposition, scope: Any, size: int) -> list[str]:
    """Names of labels as people write them."""
    if "grouping" in scope:
        return dep.groupings[scope["grouping"]].labels
    return dep.hierarchy.node_labels(scope["level"]) if scope["level"] != "deposition" else [""] * size
