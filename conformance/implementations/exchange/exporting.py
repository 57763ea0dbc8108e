"""What of a deposition is written: records of a reference, of one joint state, of models or of draws (20.3, 20.4)."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import draws
import numpy as np
import tls
from entry import Refused, TlsGroup, fifteen_digits
from evaluation import Deposition, State, Variable, _rows, highest
from importing import NOTES
from sites import ABSENT

ALONE = "present"
"""The label of a state that is no letter."""


@dataclass
class Written:
    """A record to be written; row: of the atom; held: the states it is in, by variable. b is None where no descriptor
    covers the atom."""

    model: int
    row: int
    alt: str
    xyz: np.ndarray
    occ: float
    b: float | None
    u: np.ndarray | None
    held: dict[Variable, set[int]] = field(default_factory=dict)


@dataclass
class Content:
    """All that goes into a file. bonds: rows and alternates of both ends."""

    records: list[Written] = field(default_factory=list)
    bonds: list[tuple[int, str, int, str]] = field(default_factory=list)
    groups: list[tuple[TlsGroup, list[int]]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


class Exporter:
    """One export. gaussian: the ids of the descriptors that are summed; notes: what an importer left for us."""

    def __init__(self, dep: Deposition, request: dict[str, Any], seed: str | None):
        self.dep, self.request, self.seed = dep, request, seed
        self.policy = request.get("gaussian", "marginal")
        items = dep.tree[NOTES].payload["items"] if NOTES in dep.tree else []
        self.notes = [n for n in items if isinstance(n.get("body"), dict) and _has_form(n)]
        self.content = next((n["body"]["content"] for n in self.notes if "content" in n["body"]), "residual")
        ids = set(dep.gaussians)
        self.total = ids
        self.atomic = {id for id in ids if dep.gaussians[id].payload["scope"].get("level") == "atom"}
        if self.policy in ("atomic-only", "records"):
            ids = self.atomic
        if self.policy == "refuse" and len(ids) > 1:
            raise Refused("evaluate", "cannot-hold", "gaussian")
        if self.policy not in ("marginal", "atomic-only", "records", "refuse"):
            raise Refused("evaluate", "bad-option", "gaussian")
        self.ids = self.total if self.policy == "records" and self.content == "total" else ids
        self.order = sorted(
            range(len(dep.atom_id)), key=lambda row: (dep.tree["hierarchy/atoms"].arrays["residue"][row], row)
        )
        self.made = Content(losses=[f"{id}: what it says has no place in the file" for id in dep.unsaid])
        others = sorted(id for id in ids if not {"b", "u"} & dep.gaussians[id].arrays.keys())
        if self.policy == "atomic-only":
            self.made.losses += [f"{id}: left out by the policy" for id in sorted(self.total - ids)]
        elif self.policy != "records":
            self.made.losses += [f"{id}: a part of U that is not told from others" for id in others]
        self.made.remarks.append(f"GAUSSIAN {self.policy}")

    def write(self) -> Content:
        if "draws" in self.request:
            self._draws()
        elif "state" in self.request:
            self._one(self.dep.choose(self.request["state"], highest))
            self._bonds()
        elif "conformer" in self.request:
            self._conformers()
        else:
            self._everything()
        if self.policy == "records":
            self._groups()
        return self.made

    def _conformers(self) -> None:
        """One, or one of each model (EXP-60)."""
        variable = self.dep.bundle[0] if self.dep.bundle else None
        for model, label in enumerate(self.dep.variables[variable].labels.values() if variable else [None], 1):
            given = {} if label is None else {f"{variable[0]}/{variable[1]}": label}
            self._one(self.dep.choose(given, self._conformer), self._partial, model)
        self._bonds()

    def _conformer(self, variable: Variable, available: list[tuple[int, float]]) -> int:
        """The state of the letter that was asked for, where there is one, else that of the highest population; that in
        which the site is absent where there is no other (EXP-44)."""
        labels = self.dep.variables[variable].labels
        there = [(s, p) for s, p in available if labels[s] != ABSENT] or available
        return next((s for s, _ in there if labels[s] == self.request["conformer"]), highest(variable, there))

    def _partial(self, row: int, state: State) -> float:
        """The occupancy of an atom whose site has no conformers to choose between, 1 of any other (EXP-45)."""
        variable = next((v for v in self._covering.get(row, ()) if v in state), None)
        if variable is None or sum(label != ABSENT for label in self.dep.variables[variable].labels.values()) > 1:
            return 1.0
        return self._occupancy(row, variable, [state[variable]])

    def _say(self, state: State) -> None:
        labels = [f"{id}/{site}={self.dep.variables[id, site].labels[number]}" for (id, site), number in state.items()]
        self.made.remarks += [f"STATE {label}" for label in labels] or ["STATE the only one"]

    def _one(
        self, state: State, occupancy: Callable[[int, State], float] = lambda row, state: 1.0, model: int = 1
    ) -> None:
        self._say(state)
        held = {variable: {number} for variable, number in state.items()}
        for row in self.order:
            if self.dep.present(row, state):
                self._record(model, row, "", state, occupancy(row, state), held)

    def _record(self, model: int, row: int, alt: str, state: State, occ: float, held: dict[Variable, set[int]]) -> None:
        xyz, adp = self.dep.mean(row, state), self._adp(row, state)
        self.made.records.append(Written(model, row, alt, xyz, occ, *adp, held))

    def _adp(self, row: int, state: State) -> tuple[float | None, np.ndarray | None]:
        """B (8π²/3 of the trace of U), and U where it is not isotropic or was read as such."""
        u = self.dep.covariance(row, state, self.ids)
        if u is None or self.policy == "records" and self.dep.covariance(row, state, self.atomic) is None:
            return None, None
        b = tls.PI8 / 3 * float(np.trace(u))
        if self.policy == "records":
            read = [id for id in self.ids if "u" in self.dep.gaussians[id].arrays]
            if self.dep.covariance(row, state, set(read)) is None:
                return b, None
            noted = [
                n["body"] for n in self.notes if "b" in n["body"] and n["selector"]["atoms"] == [self.dep.atom_id[row]]
            ]
            return next((n["b"] for n in noted if self.dep.holds(read[0], n["condition"], state)), b), u
        isotropic = np.allclose(u, np.eye(3) * u[0, 0], rtol=0, atol=1e-9)
        return b, None if isotropic else u

    def _draws(self) -> None:
        """The draws 0, 1, ... of the seed (chapter 10), one a model (EXP-41)."""
        if self.seed is None:
            raise Refused("evaluate", "bad-request", "seed")
        seed, keys = int(self.seed), self.dep.atom_keys
        self.made.remarks.append(f"draws 0 to {self.request['draws'] - 1} of seed {self.seed}")
        for index in range(self.request["draws"]):

            def drawn(variable: Variable, available: list[tuple[int, float]], index=index) -> int:
                return draws.state(seed, index, self.dep.variables[variable].draw_key, available)

            state = self.dep.choose({}, drawn)
            for row in self.order:
                if self.dep.present(row, state):
                    u, xyz = self.dep.covariance(row, state, self.total), self.dep.mean(row, state)
                    if u is not None:
                        xyz = xyz + draws.displacement(seed, index, keys[row], u)
                    held = {variable: {number} for variable, number in state.items()}
                    self.made.records.append(Written(index + 1, row, "", xyz, 1.0, None, None, held))
        self._bonds()

    @functools.cached_property
    def _covering(self) -> dict[int, list[Variable]]:
        """The variables that cover an atom, but for that of a bundle."""
        found: dict[int, list[Variable]] = {}
        for variable in self.dep.variables:
            if not (self.dep.bundle and variable == self.dep.bundle[0]):
                for row in self.dep.covered(variable) | self._of_levels(variable):
                    found.setdefault(row, []).append(variable)
        return found

    def _of_levels(self, variable: Variable) -> set[int]:
        """Rows of the atoms of which a level that is summed is in force in some states of a variable only."""
        dep, found = self.dep, set()
        for id in self.ids:
            active = dep.gaussians[id].payload.get("active_when", -1)
            if "condition" not in dep.gaussians[id].arrays and variable in dep.conditions[id].get(active, {}):
                found |= {row for row in range(len(dep.atom_id)) if self._is_of(id, row)}
        return found

    def _is_of(self, id: str, row: int) -> bool:
        """Whether a level says something of an atom where it is in force."""
        group = self.dep.gaussians[id]
        if "atom_id" in group.arrays:
            return bool((group.arrays["atom_id"] == self.dep.atom_id[row]).any())
        return self.dep.label(group.payload["scope"], row) is not None

    def _everything(self) -> None:
        """The models of the bundle, or the only one, with all alternates."""
        dep = self.dep
        bundle = dep.bundle[0] if dep.bundle else None
        above = {(id, p[0]) for id, site in dep.variables for p in dep.parents((id, site))}
        for id in sorted({id for id, p in above if p not in (id, bundle and bundle[0])}):
            self.made.losses.append(f"{id}: under which states its own are")
        for model, number in enumerate(sorted(dep.variables[bundle].labels) if bundle else [None], 1):
            given = {} if bundle is None else {f"{bundle[0]}/{bundle[1]}": dep.variables[bundle].labels[number]}
            base = dep.choose(given, highest)
            whole = dep.variables[bundle].deposited[number] if bundle else 1.0
            within = {bundle: {number}} if bundle else {}
            for row in self.order:
                for alt, state, occ, held in self._alternates(row, base, given):
                    occ = (1.0 if occ is None else occ) * (1.0 if math.isnan(whole) else whole)
                    occ = fifteen_digits(occ)
                    self._record(model, row, alt, state, occ, within | held)
        self._bonds()

    def _alternates(self, row: int, base: State, given: dict[str, str]):
        """Alternate, joint state, occupancy (None: that of its model) and states of each record of an atom."""
        dep = self.dep
        covering = self._covering.get(row, [])
        legal = self._legal(tuple(covering), tuple(given.items()))
        covering = [variable for variable in covering if any(variable in state for state in legal)]  # in this model
        if len(covering) > 1 or any(variable not in state for variable in covering for state in legal):
            yield from self._combined(row, covering, base, given)
            return
        variable = next((v for v in covering if v in base), None)
        if variable is None:
            if dep.present(row, base):
                yield "", base, None, {}
            return
        found = dep.variables[variable]
        states = {
            number: dep.choose(given | {f"{variable[0]}/{variable[1]}": label}, highest)
            for number, label in found.labels.items()
        }
        shown = [n for n in states if found.labels[n] != ABSENT and dep.present(row, states[n])]
        own = [n for n in shown if self._has_letter(row, variable, n)]
        sharing = {n: [k for k in shown if k not in own and self._alike(row, states[n], states[k])] for n in own}
        for number in shown:
            if any(number in others for others in sharing.values()):
                continue
            label, held = found.labels[number], [number, *sharing.get(number, ())]
            occ = self._occupancy(row, variable, held)
            letter = "" if label == ALONE else label if label.strip(".") else label[:-1]
            yield letter, states[number], occ, {variable: set(held)}

    @functools.cache  # noqa: B019
    def _legal(self, covering: tuple[Variable, ...], given: tuple[tuple[str, str], ...]) -> list[State]:
        """The legal joint states of what covers an atom, in a model."""
        return [state for state, _ in self.dep.legal(list(covering), dict(given))] if covering else []

    def _combined(self, row: int, covering: list[Variable], base: State, given: dict[str, str]):
        """The same where several variables say where an atom is, or one that is not active in all states."""
        dep = self.dep
        made: list[tuple[State, float, dict[Variable, set[int]]]] = []
        within = {dep.bundle[0]: base[dep.bundle[0]]} if dep.bundle else {}
        for legal, weight in dep.legal(covering, given):
            state = {**within, **legal}
            if not dep.present(row, state):
                continue
            at = next((i for i, (other, _, _) in enumerate(made) if self._alike(row, other, state)), None)
            if at is None:
                made.append((state, weight, {v: {n} for v, n in state.items()}))
                continue
            other, so_far, held = made[at]
            both = {v: held[v] | {state[v]} for v in held if v in state}
            made[at] = other, so_far + weight, both
        for number, (state, occ, held) in enumerate(made):
            own = [dep.variables[v].labels[state[v]] for v in covering if v in state]
            letter = own[0] if len(covering) == len(own) == 1 else chr(ord("A") + number)
            yield "" if len(made) == 1 else letter, state, occ, held

    def _has_letter(self, row: int, variable: Variable, number: int) -> bool:
        """Whether the records of an atom that a state shares with others have its letter (EXP-43)."""
        state = {"target": "state", "descriptor": variable[0], "site": variable[1], "state": number}
        return any(
            n["selector"] == state and self.dep.atom_id[row] in n["body"].get("letter_of", ()) for n in self.notes
        )

    def _alike(self, row: int, one: State, other: State) -> bool:
        """Whether an atom has the same place and the same ADP in two joint states."""
        (b, u), (b2, u2) = self._adp(row, one), self._adp(row, other)
        same = b == b2 and (u is None) == (u2 is None) and (u is None or np.array_equal(u, u2))
        return same and np.array_equal(self.dep.mean(row, one), self.dep.mean(row, other))

    def _occupancy(self, row: int, variable: Variable, numbers: list[int]) -> float:
        """What is kept for a record, else the population of its states (EXP-63)."""
        group, found = self.dep.descriptors[variable[0]], self.dep.variables[variable]
        for kept in _rows(group.tables.get("occupancy")):
            clauses = self.dep.conditions[variable[0]].get(kept["condition"], {})
            if self.dep.row[kept["atom_id"]] == row and numbers[0] in clauses.get(variable, ()):
                return kept["value"]
        population = {number: p for number, _, p in reversed(found.rows)}
        return sum(population[n] for n in numbers)

    def _bonds(self) -> None:
        """Bonds between those of their records that some state has together, of those that a note restricts one in
        which a condition holds (EXP-32, EXP-42)."""
        if "hierarchy/bonds" not in self.dep.tree:
            return
        arrays, records = self.dep.tree["hierarchy/bonds"].arrays, defaultdict(list)
        for record in self.made.records:
            records[record.row].append(record)
        restricted = {
            frozenset(n["selector"]["atoms"]): n["body"]["bonded_in"] for n in self.notes if "bonded_in" in n["body"]
        }
        for a, b in zip(map(int, arrays["atom_a"]), map(int, arrays["atom_b"]), strict=True):
            conditions = restricted.get(frozenset({self.dep.atom_id[a], self.dep.atom_id[b]}), [[]])
            for left in records[a]:
                for right in records[b]:
                    bond = (a, left.alt, b, right.alt)
                    if bond not in self.made.bonds and any(_together(left, right, c) for c in conditions):
                        self.made.bonds.append(bond)

    def _groups(self) -> None:
        for group in self.dep.gaussians.values():
            for label, row in enumerate(group.arrays.get("tls", ())):
                own = [r for r in self.order if self.dep.label(group.payload["scope"], r) == label]
                self.made.groups.append((tls.as_group(row), own))
        noted = any("content" in note["body"] for note in self.notes)  # without a group that could be used
        if self.made.groups or noted and self.content == "residual":
            self.made.remarks.append(
                "ATOM RECORD CONTAINS "
                + ("SUM OF TLS AND RESIDUAL B FACTORS" if self.content == "total" else "RESIDUAL B FACTORS ONLY")
            )


def _has_form(note: dict[str, Any]) -> bool:
    """Whether an item of annotations/alternates has a form of the table of 20.4; what this program notes has others."""
    body, selector = note["body"], note["selector"]
    if "bonded_in" in body:
        named = selector["target"] == "atoms" and len(selector["atoms"]) == 2
        return named and _list_of(body["bonded_in"], lambda condition: _list_of(condition, _is_clause))
    if "letter_of" in body:
        return selector["target"] == "state" and _list_of(body["letter_of"], _is_number)
    return True


def _list_of(value: Any, form: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(form, value))


def _is_number(value: Any) -> bool:
    return type(value) is int


def _is_clause(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and _is_number(value[1])
        and _list_of(value[2], _is_number)
    )


def _together(one: Written, other: Written, condition: list[list[Any]]) -> bool:
    """Whether a state that has both records can be one in which a condition, [descriptor, site, states] each, holds."""
    asked: dict[Variable, set[int]] = {}
    for id, site, states in condition:
        asked[id, site] = asked.get((id, site), set(states)) & set(states)
    if not all(asked.values()):
        return False
    for variable in {*one.held, *other.held}:
        sets = [where[variable] for where in (one.held, other.held, asked) if variable in where]
        if not set.intersection(*sets):
            return False
    return True
