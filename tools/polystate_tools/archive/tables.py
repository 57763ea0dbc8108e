"""The tables of one entry as a catalogue keeps them: those of `polystate query` with the name of the entry in front."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from pyarrow import compute

from polystate import Deposition
from polystate.errors import PolystateError
from polystate_tools.archive.outcomes import Failure, failure
from polystate_tools.bridges import query, summaries

ENTRY = "entry"
_TEXT, _WHOLE, _REAL, _TRUTH = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_RESIDUE = {"residue": _WHOLE, "chain": _TEXT, "number": _WHOLE, "ins": _TEXT, "comp": _TEXT}
MOMENTS = {
    "presence": _REAL, "rmsf": _REAL, "rmsf_axes": _REAL, "rmsf_states": _REAL, "rmsf_components": _REAL,
    "rmsf_u": _REAL, "conformers": _WHOLE, "entropy": _REAL,
}  # fmt: skip
"""Columns of the table of residues that are those of the table `moments`."""
TABLES: dict[str, dict[str, pa.DataType]] = {
    "entries": {
        "path": _TEXT, "fingerprint": _TEXT, "code": _TEXT, "what": _TEXT, "unanswered": _TEXT, **summaries.ENTRIES,
    },
    "chains": {
        "chain": _WHOLE, "label_asym": _TEXT, "auth_asym": _TEXT, "entity": _WHOLE, "type": _TEXT,
        "description": _TEXT, "atoms": _WHOLE,
    },
    "residues": {
        **_RESIDUE, "label_seq": _WHOLE, "atoms": _WHOLE, "present": _WHOLE, "b": _REAL, **MOMENTS,
    },
    "sites": summaries.SITES,
    "states": {
        "descriptor": _TEXT, "site": _TEXT, "state": _WHOLE, "label": _TEXT, "condition": _WHOLE, "population": _REAL,
        "deposited": _REAL, "source": _TEXT,
    },
    "descriptors": {
        "id": _TEXT, "regime": _TEXT, "mode": _TEXT, "scope": _TEXT, "labels": _WHOLE, "signal_type": _TEXT,
        "algebra": _TEXT, "operator": _TEXT, "sample_axis": _TEXT,
    },
    "groups": {
        "descriptor": _TEXT, "scope": _TEXT, "label": _WHOLE, "name": _TEXT, "atoms": _WHOLE, "present": _WHOLE,
        "amplitude": _REAL, "b": _REAL,
    },
    "fits": summaries.FITS,
}  # fmt: skip
"""What a catalogue keeps, and the columns beside the name of the entry. Residues have a b_<level> as well for every
level of any entry. Atoms are left to their depositions, and so are groups of one atom."""
VIEWS = {"moments": f"SELECT entry, {', '.join([*_RESIDUE, *MOMENTS])} FROM residues"}


def tables(dep: Deposition, entry: str) -> tuple[dict[str, pa.Table], list[str]]:
    """The tables of an entry but `entries`, a row of that, and what could not be answered of it: `table: why`.

    A table that cannot be made has no row of this entry; moments that have no closed form are NULL."""
    made: dict[str, Callable[[Deposition], pa.Table]] = {
        "entries": summaries.entries, "chains": query.chains, "residues": query.residues, "sites": summaries.sites,
        "states": query.states, "descriptors": query.descriptors, "groups": _groups, "fits": summaries.fits,
    }  # fmt: skip
    found, unanswered = {}, []
    dep.check_documents()
    for name, make in made.items():
        try:
            with dep.answering():
                found[name] = make(dep)
        except PolystateError as error:
            unanswered.append(f"{name}: {error}")
    if "residues" in found:
        try:
            with dep.answering():
                moments = query.moments(dep)
            for name in MOMENTS:
                found["residues"] = found["residues"].append_column(name, moments[name])
        except PolystateError as error:
            unanswered.append(f"moments: {error}")
    return {name: typed(table, name, entry) for name, table in found.items()}, unanswered


def typed(table: pa.Table, name: str, entry: str) -> pa.Table:
    """A table with the columns of TABLES in their order, NULL where it has none, and those of levels after them."""
    kinds = TABLES[name]
    size = table.num_rows
    columns = {ENTRY: pa.array([entry] * size, _TEXT)}
    for column, kind in kinds.items():
        there = column in table.column_names
        columns[column] = table[column].cast(kind) if there else pa.nulls(size, kind)
    for column in table.column_names:
        if column not in columns:
            columns[column] = table[column].cast(_REAL)
    return pa.table(columns)


def unreadable(entry: str, error: Exception | Failure) -> pa.Table:
    """The row of `entries` of what cannot be read."""
    found = error if isinstance(error, Failure) else failure(error)
    return typed(pa.table({"code": [found.code], "what": [found.what]}), "entries", entry)


def none(name: str) -> pa.Table:
    """A table without rows."""
    return typed(pa.table({}), name, "")


def _groups(dep: Deposition) -> pa.Table:
    found = query.groups(dep)
    return found.filter(compute.not_equal(found["scope"], "atom")) if found.num_rows else found
