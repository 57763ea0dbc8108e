"""As much of chapters 5 to 8 as an exporter needs: joint states, presence, means and covariances of single atoms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tls
from entry import Refused
from store import Group, Tree

Variable = tuple[str, int]
State = dict[Variable, int]
"""The active variables and the numbers of their states."""
GAUSSIANS = {f"parametric_gaussian/{name}_v1" for name in ("iadp", "aadp", "tls", "nm_covariance")}
Pick = Callable[[Variable, list[tuple[int, float]]], int]
"""The choice of one of the available states of a variable, given with populations in declared order."""


@dataclass
class Choices:
    """The states of a variable: labels, deposited numbers, rows of state, condition and population; its draw key."""

    labels: dict[int, str] = field(default_factory=dict)
    deposited: dict[int, float] = field(default_factory=dict)
    rows: list[tuple[int, int, float]] = field(default_factory=list)
    draw_key: int = 0


class Deposition:
    """A tree with its tables by key. unsaid: descriptors that contribute what this program does not evaluate."""

    def __init__(self, tree: Tree):
        self.tree = tree
        atoms = tree["hierarchy/atoms"].arrays
        self.atom_id = atoms["atom_id"].tolist()
        self.atom_keys = atoms.get("draw_key", atoms["atom_id"]).tolist()
        self.row = {atom: row for row, atom in enumerate(self.atom_id)}
        self.x_ref = np.asarray(tree["reference"].arrays["x_ref"], float)
        groups = {
            name.split("/")[1]: g for name, g in tree.items() if name.startswith("descriptors/") and "id" in g.payload
        }
        self.descriptors = dict(sorted(groups.items(), key=lambda item: item[0].encode()))
        self.variables: dict[Variable, Choices] = defaultdict(Choices)
        self.moves: dict[Variable, dict[tuple[int, int], np.ndarray]] = defaultdict(dict)
        self.lacks: dict[Variable, set[tuple[int, int]]] = defaultdict(set)
        self.bundle: tuple[Variable, Group] | None = None
        self.gaussians: dict[str, Group] = {}
        self.unsaid: list[str] = []
        self.conditions = {id: _conditions(group) for id, group in self.descriptors.items()}
        for id, group in self.descriptors.items():
            self._index(id, group)

    def _index(self, id: str, group: Group) -> None:
        document = group.payload
        if document["regime"] == "discrete":
            for row in _rows(group.tables.get("states")):
                found = self.variables[id, row["site"]]
                found.labels[row["state"]] = row["label"]
                found.deposited[row["state"]] = row["deposited"]
                found.rows.append((row["state"], row["condition"], row["population"]))
            for row in _rows(group.tables.get("variables")):
                self.variables[id, row["site"]].draw_key = row["draw_key"]
        kind = (document["regime"], document["mode"], document["signal_type"])
        operator = document.get("operator", {}).get("id", "")
        if document.get("atom_identity", {}).get("kind", "exact") != "exact":
            self.unsaid.append(id)
        elif kind == ("discrete", "B", "categorical_state"):
            turn, _ = offset(document)
            for row in _rows(group.tables.get("deltas")):
                moved = turn @ [row["dx"], row["dy"], row["dz"]]
                self.moves[id, row["site"]][row["state"], self.row[row["atom_id"]]] = moved
            for row in _rows(group.tables.get("absent")):
                self.lacks[id, row["site"]].add((row["state"], self.row[row["atom_id"]]))
        elif kind == ("discrete", "A", "categorical_state"):
            self._index_full(id, group)
        elif kind == ("discrete", "A", "coordinates") and "state_axis" in document:
            self.bundle = ((id, group.tables["states"]["site"][0]), group)
        elif operator in GAUSSIANS and not document.get("sample_axis") and _in_frame(document, operator):
            self.gaussians[id] = group
        else:
            self.unsaid.append(id)

    def _index_full(self, id: str, group: Group) -> None:
        """Mode A (4.5): a state has its coordinates of the atoms of its site, not the difference from x_ref."""
        pairs, (turn, shift) = (
            dict.fromkeys((row["site"], row["state"]) for row in _rows(group.tables["states"])),
            offset(group.payload),
        )
        for (site, state), xyz, present in zip(pairs, group.arrays["xyz"], group.arrays["present"], strict=True):
            for atom, place, here in zip(group.arrays["atom_id"].tolist(), xyz, present.tolist(), strict=True):
                row = self.row[atom]
                if self.label(group.payload["scope"], row) == site:
                    if not here:
                        self.lacks[id, site].add((state, row))
                    elif (moved := turn @ place + shift - self.x_ref[row]).any():
                        self.moves[id, site][state, row] = moved

    def legal(self, wanted: list[Variable], given: dict[str, str]) -> list[tuple[State, float]]:
        """The legal joint states of some variables and of all that they depend on, with their populations."""
        found: list[tuple[State, float]] = [({}, 1.0)]
        needed = {*wanted}
        while more := {p for variable in needed for p in self.parents(variable)} - needed:
            needed |= more
        for variable in sorted(needed, key=lambda v: (self._depth(v), v[0].encode(), v[1])):
            choices, longer = self.variables[variable], []
            for state, weight in found:
                available = [(s, p) for s, c, p in choices.rows if self.holds(variable[0], c, state)]
                fixed = given.get(f"{variable[0]}/{variable[1]}")
                chosen = [(s, p) for s, p in available if fixed is None]
                chosen += [(s, 1.0) for s, _ in available if fixed == choices.labels[s]]
                longer += [({**state, variable: s}, weight * p) for s, p in chosen] or [(state, weight)]
            found = longer
        return found

    def holds(self, id: str, condition: int, state: State) -> bool:
        """Whether a condition of a descriptor holds, the descriptor's own among them (DAG-1 to DAG-5)."""
        return all(
            number == -1 or all(state.get(parent) in states for parent, states in self.conditions[id][number].items())
            for number in (self.descriptors[id].payload.get("active_when", -1), condition)
        )

    def choose(self, given: dict[str, str], pick: Pick) -> State:
        """A legal joint state: what is given, and for all other variables what `pick` takes (DAG-19 to DAG-23)."""
        state: State = {}
        names = {f"{id}/{site}" for id, site in self.variables}
        if set(given) - names:
            raise Refused("evaluate", "state-not-found", "state")
        for variable in sorted(self.variables, key=lambda v: (self._depth(v), v[0].encode(), v[1])):
            found = self.variables[variable]
            available = [(s, p) for s, c, p in found.rows if self.holds(variable[0], c, state)]
            name = f"{variable[0]}/{variable[1]}"
            if name in given:
                number = next((s for s, label in found.labels.items() if label == given[name]), None)
                if number is None:
                    raise Refused("evaluate", "state-not-found", "state")
                if number not in dict(available):
                    raise Refused("evaluate", "illegal-state", "state")
                state[variable] = number
            elif available:
                state[variable] = pick(variable, available)
        return state

    def parents(self, variable: Variable) -> set[Variable]:
        id = variable[0]
        used = {c for _, c, _ in self.variables[variable].rows} | {self.descriptors[id].payload.get("active_when", -1)}
        return {p for c in used if c != -1 for p in self.conditions[id][c]}

    def _depth(self, variable: Variable) -> int:
        parents = self.parents(variable)
        return 1 + max(map(self._depth, parents)) if parents else 0

    def covered(self, variable: Variable) -> set[int]:
        """Rows of the atoms of which a variable says where they are, whether they are, or how they move."""
        id = variable[0]
        found = {row for _, row in (*self.moves[variable], *self.lacks[variable])}
        found |= {self.row[r["atom_id"]] for r in _rows(self.descriptors[id].tables.get("occupancy"))
                  if variable in self.conditions[id].get(r["condition"], {})}  # fmt: skip
        for other, group in self.gaussians.items():
            if "condition" in group.arrays:
                for atom, condition in zip(
                    group.arrays["atom_id"].tolist(), group.arrays["condition"].tolist(), strict=True
                ):
                    used = (condition, group.payload.get("active_when", -1))
                    if any(variable in self.conditions[other].get(number, {}) for number in used):
                        found.add(self.row[atom])
        return found

    def mean(self, row: int, state: State) -> np.ndarray:
        base = self.x_ref[row].copy()
        if self.bundle and self.bundle[0] in state:
            atoms = self.bundle[1].arrays["atom_id"].tolist()
            if self.atom_id[row] in atoms:
                base = self.bundle[1].arrays["xyz"][state[self.bundle[0]], atoms.index(self.atom_id[row])].astype(float)
        for variable, number in state.items():
            base = base + self.moves.get(variable, {}).get((number, row), 0.0)
        return base

    def present(self, row: int, state: State) -> bool:
        if any((number, row) in self.lacks.get(variable, ()) for variable, number in state.items()):
            return False
        if self.bundle and self.bundle[0] in state:
            atoms = self.bundle[1].arrays["atom_id"].tolist()
            if self.atom_id[row] in atoms:
                return bool(self.bundle[1].arrays["present"][state[self.bundle[0]], atoms.index(self.atom_id[row])])
        return True

    def covariance(self, row: int, state: State, ids: set[str]) -> np.ndarray | None:
        """The sum of the U that Gaussian descriptors give an atom, None where none of them covers it."""
        parts = [u for id in ids for u in self._parts(id, row, state)]
        return sum(parts, np.zeros((3, 3))) if parts else None

    def _parts(self, id: str, row: int, state: State):
        group = self.gaussians[id]
        if "tls" in group.arrays:
            label = self.label(group.payload["scope"], row)
            if label is not None and self.holds(id, -1, state):
                yield tls.displacement(group.arrays["tls"][label], self.x_ref[row][None])[0]
            return
        if "basis" in group.arrays:
            for at in np.flatnonzero(group.arrays["atom_id"] == self.atom_id[row]) if self.holds(id, -1, state) else ():
                modes = group.arrays["basis"][:, at]
                yield np.einsum("k,ki,kj->ij", group.arrays["variance"], modes, modes)
            return
        for at in np.flatnonzero(group.arrays["atom_id"] == self.atom_id[row]):
            if self.holds(id, int(group.arrays["condition"][at]), state):
                turn, _ = offset(group.payload)
                yield (
                    turn @ tls.matrix(group.arrays["u"][at]) @ turn.T
                    if "u" in group.arrays
                    else np.eye(3) * group.arrays["b"][at] / tls.PI8
                )

    def label(self, scope: dict[str, Any], row: int) -> int | None:
        """The label of an atom under a scope (3.2)."""
        arrays = {level: self.tree[f"hierarchy/{level}"].arrays for level in ("atoms", "residues", "chains")}
        residue = int(arrays["atoms"]["residue"][row])
        chain = int(arrays["residues"]["chain"][residue])
        entity = int(arrays["chains"]["entity"][chain])
        node = {
            "deposition": 0,
            "atom": row,
            "residue": residue,
            "chain": chain,
            "entity": entity if entity >= 0 else None,
        }
        if "level" in scope:
            return node[scope["level"]]
        grouping = self.tree["groupings/" + scope["grouping"]]
        found = np.flatnonzero(grouping.arrays["child"] == node[grouping.payload["child_level"]])
        return int(grouping.arrays["parent"][found[0]]) if len(found) else None


def offset(document: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """R and d of the frame of a descriptor (12.2); those of the deposition's own without an offset."""
    given = document.get("reference", {}).get("offset", {})
    turn = np.array(given.get("rotation", np.eye(3)), float)
    for _ in range(2):
        turn = turn @ (3 * np.eye(3) - turn.T @ turn) / 2
    return turn, np.array(given.get("translation", np.zeros(3)), float)


def _in_frame(document: dict[str, Any], operator: str) -> bool:
    """Whether this program turns what an operator gives into the deposition's frame."""
    return "offset" not in document.get("reference", {}) or operator.startswith("parametric_gaussian/aadp")


def highest(_: Variable, available: list[tuple[int, float]]) -> int:
    """The state of the highest population, of several the first in declared order (DAG-19, DAG-20)."""
    return max(available, key=lambda item: (item[1], -item[0]))[0]


def _conditions(group: Group) -> dict[int, dict[Variable, set[int]]]:
    found: dict[int, dict[Variable, set[int]]] = defaultdict(lambda: defaultdict(set))
    for row in _rows(group.tables.get("conditions")):
        found[row["condition"]][row["parent"], row["site"]].add(row["state"])
    return found


def _rows(columns: dict[str, list[Any]] | None):
    for values in zip(*(columns or {}).values(), strict=True):
        yield dict(zip(columns or {}, values, strict=True))
