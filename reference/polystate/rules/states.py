"""States, conditions and variables (chapters 4 and 5): of one descriptor, and of all together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from polystate.errors import (
    AtomOutsideScope,
    DanglingRow,
    DuplicateDrawKey,
    DuplicateId,
    DuplicateRow,
    PolystateError,
    UnknownState,
    UnsupportedCombination,
    ZeroRow,
)
from polystate.model.descriptor import ALWAYS, Descriptor
from polystate.model.model import Model
from polystate.rules import payloads
from polystate.rules.axes import bundle_errors, label_errors
from polystate.states.conditions import distinct


def condition_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[DAG-6] Conditions that are used and have no row."""
    known = np.asarray(d.table("conditions").get("condition", []))
    used: list[tuple[str, np.ndarray]] = [(f"{d.path}#/active_when", np.array([d.active_when]))]
    known_signal = d.signal_type != "unknown"
    for table in ("states", "occupancy"):
        if d.table(table) and (d.is_discrete if table == "states" else known_signal):
            used.append((f"{d.path}/{table}/condition", d.column(table, "condition")))
    if known_signal and d.has("condition"):
        used.append((f"{d.path}/condition", d.array("condition")))
    for where, numbers in used:
        bad = np.flatnonzero(~np.isin(numbers, known) & (numbers != ALWAYS))
        if len(bad):
            place = where if "#" in where else f"{where}[{bad[0]}]"
            yield DanglingRow(place, int(numbers[bad[0]]), "-1 or a condition of the table conditions")


def state_errors(d: Descriptor, part: str) -> Iterator[PolystateError]:
    """[DSC-14], [DSC-18], [DSC-20]: the states of one descriptor, and how they lie along axes."""
    site, state = d.column("states", "site"), d.column("states", "state")
    yield from payloads.row_errors(f"{d.path}/states/site", site, d.n_labels)
    labels = d.table("states")["label"]
    row = _relabelled(site, state, labels)
    if row is not None:
        yield DuplicateId(f"{d.path}/states/label[{row}]", labels[row], "one label a state, one state a label")
    if d.table("variables") and not np.array_equal(d.column("variables", "site"), distinct(site)):
        yield DanglingRow(f"{d.path}/variables/site", "other sites", "exactly the sites of states, ascending")
    if d.document.get("state_axis") is not None:
        yield from bundle_errors(d, site, state)
    if d.axis is not None and part != "states":
        yield from label_errors(d, site, state)


def _relabelled(site: np.ndarray, state: np.ndarray, labels: Sequence[str]) -> int | None:
    """The first row whose site has had its state by another label, or its label by another state."""
    number = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    label = np.fromiter(map(number.__getitem__, labels), np.int64, len(labels))
    by_state, by_label, by_both = (
        len(distinct((site.astype(np.int64) << 32) + values))
        for values in (state, label, state.astype(np.int64) * len(number) + label)
    )
    if by_state == by_label == by_both and len(number) * (1 + int(np.abs(state).max(initial=0))) < 1 << 31:
        return None
    names: dict[tuple[int, int], str] = {}
    taken: dict[tuple[int, str], int] = {}
    for row, (i, s, x) in enumerate(zip(site.tolist(), state.tolist(), labels, strict=True)):
        if names.setdefault((i, s), x) != x or taken.setdefault((i, x), s) != s:
            return row
    return None


def displacement_errors(d: Descriptor) -> Iterator[PolystateError]:
    """Mode B: the rows of deltas and absent."""
    for name in ("deltas", "absent"):
        if d.table(name):
            yield from _sparse_errors(d, name)
    if d.table("deltas") and d.table("absent"):
        yield from _both_errors(d)


def _sparse_errors(d: Descriptor, table: str) -> Iterator[PolystateError]:
    """[DSC-30], [DSC-31], [DSC-34]: rows of deltas and absent."""
    site, state = d.column(table, "site").astype(np.int64), d.column(table, "state").astype(np.int64)
    known = (d.column("states", "site").astype(np.int64) << 32) + d.column("states", "state")
    bad = np.flatnonzero(~np.isin((site << 32) + state, known))
    if len(bad):
        yield UnknownState(
            f"{d.path}/{table}[{bad[0]}]", f"site {site[bad[0]]} state {state[bad[0]]}", "a row of states"
        )
        return
    where = f"{d.path}/{table}/atom_id"
    rows = d.rows_of_ids(d.column(table, "atom_id"), where)
    kept = np.flatnonzero(rows >= 0)
    bad = kept[d.label_of_atom[rows[kept]] != site[kept]]
    if len(bad):
        atom = int(d.column(table, "atom_id")[bad[0]])
        yield AtomOutsideScope(f"{where}[{bad[0]}]", f"atom_id {atom}", f"an atom of site {site[bad[0]]}")
    if table == "deltas":
        moved = np.stack([d.column("deltas", c) for c in ("dx", "dy", "dz")], axis=1)
        bad = np.flatnonzero((moved == 0).all(axis=1))
        if len(bad):
            yield ZeroRow(f"{d.path}/deltas[{bad[0]}]", "0, 0, 0", "no row for an atom that stays")


def _both_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[DSC-35] An atom moved and absent in one state."""
    names = ("site", "state", "atom_id")
    moved = set(zip(*(d.column("deltas", n).tolist() for n in names), strict=True))
    for row, key in enumerate(zip(*(d.column("absent", n).tolist() for n in names), strict=True)):
        if key in moved:
            yield DuplicateRow(f"{d.path}/absent[{row}]", f"atom_id {key[2]}, also in deltas", "one of the two")
            return


def dag_errors(dep: Model) -> Iterator[PolystateError]:
    """[DSC-22], [DSC-23], [DAG-7] to [DAG-15]: conditions, cycles and populations of all variables together."""
    yield from (error for error in dep.states.check() if isinstance(error, PolystateError))
    for d in dep.descriptors.values():
        if not d.is_discrete and d.table("conditions"):
            dep.conditions(d)
    yield from _independence_errors(dep)


def _independence_errors(dep: Model) -> Iterator[PolystateError]:
    """[DAG-12] A descriptor that is called independent and is nested under another."""
    dag = dep.states.dag
    for v in dag.conditional:
        d = dep.descriptors[dag.descriptor(v)]
        others = {dag.descriptor(p) for p in dag.parents(v)} - {d.id}
        if d.algebra == "independent" and others:
            yield UnsupportedCombination(
                f"{d.path}#/algebra", f"independent, nested under {min(others)}", "nested_under"
            )
            return


def draw_key_errors(dep: Model) -> Iterator[PolystateError]:
    """[RNG-8] Two variables or latent components with one draw key."""
    keys, owners = [], []
    for d in dep.descriptors.values():
        for table in filter(d.table, d.keyed):
            keys += d.column(table, "draw_key").tolist()
            owners += [f"{d.path}/{table}/draw_key[{k}]" for k in range(len(d.column(table, "draw_key")))]
    first: dict[int, str] = {}
    for key, owner in zip(keys, owners, strict=True):
        if first.setdefault(key, owner) != owner:
            yield DuplicateDrawKey(owner, f"{key}, also at {first[key]}", "a key of its own")
            return
