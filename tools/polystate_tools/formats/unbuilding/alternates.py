"""The alternates of a deposition's atoms: every distinct record that its discrete descriptors give an atom.

An atom that no variable touches has one record. An atom that variables touch has one record for each legal
combination of their states that is told apart by coordinates or by an ADP, with the population of it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from polystate.deposition import Deposition
from polystate.model.descriptor import ALWAYS, Descriptor
from polystate.states import counting
from polystate.states.joint import Chosen
from polystate.states.scope_dag import INACTIVE, holds
from polystate_tools.formats.building.bundle_altlocs import MARK
from polystate_tools.formats.building.sites import letter_of
from polystate_tools.formats.errors import CannotHold
from polystate_tools.formats.records.letters import LETTERS
from polystate_tools.formats.unbuilding import noted
from polystate_tools.formats.unbuilding.gaussian import added_levels
from polystate_tools.formats.unbuilding.labels import is_bundle, states_of_model, without_model
from polystate_tools.formats.unbuilding.restored import fifteen_digits, moved_from

MOST_COMBINED = 1 << 15
"""Joint states that are listed at most, of the variables of each atom: an atom has a record for each."""
VERBATIM = "altloc"
"""The first word of descriptors whose state labels are altloc letters as they stand in a file."""


@dataclass
class Alternates:
    """One row a record, ordered by atom, then declared order of states.

    atom: (n,) row; xyz: (n, 3) Å; moved: (n, 3) Å, its difference from x_ref; occupancy: (n,); altloc: letters;
    joint: of each record the states chosen, as index into combinations; combinations: variable number -> state index;
    held: of each record the states that all combinations have in which it holds; where: all states in which it holds,
    by variable; renamed: what letters stand for.
    """

    atom: np.ndarray
    xyz: np.ndarray
    moved: np.ndarray
    occupancy: np.ndarray
    altloc: list[str]
    joint: np.ndarray
    combinations: list[dict[int, int]]
    held: list[dict[int, int]]
    where: list[dict[int, set[int]]]
    renamed: dict[str, str] = field(default_factory=dict)


def alternates(dep: Deposition, policy: str = "marginal") -> Alternates:
    """All records of a deposition, bundles of models apart (their atoms have the record of x_ref). policy: what is
    written as the ADP, and so which states tell records apart."""
    payload = _Payload(dep, {d.id for d in added_levels(dep, policy)})
    touched = sorted(payload.variables_of)
    varies = np.zeros(dep.n_atoms, bool)
    varies[touched] = True
    plain = np.flatnonzero(~varies)
    combinations: list[dict[int, int]] = [{}]
    known: dict[tuple, int] = {(): 0}
    atoms, moved, occupancy, altloc, joint, held, where = [], [], [], [], [], [], []
    for atom in touched:
        for record in payload.records(atom):
            key = tuple(sorted(record.states.items()))
            if key not in known:
                known[key] = len(combinations)
                combinations.append(record.states)
            atoms.append(atom)
            moved.append(record.moved)
            occupancy.append(record.occupancy)
            altloc.append(record.altloc)
            joint.append(known[key])
            held.append(record.held)
            where.append(record.where)
    atom_rows = np.concatenate([plain, np.array(atoms, np.int64)]).astype(np.int64)
    order = np.argsort(atom_rows, kind="stable")
    displaced = np.concatenate([np.zeros((len(plain), 3)), np.array(moved, float).reshape(-1, 3)])[order]
    letters = [""] * len(plain) + altloc
    holding: list[dict[int, int]] = [{}] * len(plain) + held
    anywhere: list[dict[int, set[int]]] = [{}] * len(plain) + where
    return Alternates(
        atom_rows[order],
        moved_from(dep.x_ref[atom_rows[order]], displaced),
        displaced,
        np.concatenate([np.ones(len(plain)), np.array(occupancy, float)])[order],
        [letters[k] for k in order.tolist()],
        np.concatenate([np.zeros(len(plain), np.int64), np.array(joint, np.int64)])[order],
        combinations,
        [holding[k] for k in order.tolist()],
        [anywhere[k] for k in order.tolist()],
        payload.renamed,
    )


@dataclass
class _Record:
    moved: np.ndarray
    occupancy: float
    altloc: str
    states: dict[int, int]
    held: dict[int, int] = field(default_factory=dict)
    where: dict[int, set[int]] = field(default_factory=dict)
    states_met: int = 1

    def also(self, other: Mapping[int, int], where: Mapping[int, set[int]]) -> None:
        """The record holds under these states too."""
        self.held = {v: s for v, s in self.held.items() if other.get(v) == s}
        for v in list(self.where):
            if v in where:
                self.where[v] |= where[v]
            else:
                del self.where[v]  # it holds whether the variable is active or not


class _Payload:
    """The tables of the discrete descriptors, by atom."""

    def __init__(self, dep: Deposition, added: set[str]) -> None:
        self.dep, self.dag, self.added = dep, dep.states.dag, added
        self.delta: dict[tuple[int, int, int], np.ndarray] = {}
        self.absent: set[tuple[int, int, int]] = set()
        self.stated: dict[int, list[tuple]] = {}
        self.variables_of: dict[int, set[int]] = {}
        self.renamed: dict[str, str] = {}
        self._combinations: dict[tuple[int, ...], list[tuple[Chosen, float]]] = {}
        self._letters: dict[tuple, str] = {}
        self._deposited_of: dict[int, dict[int, float]] = {}
        for d in dep.descriptors.values():
            if d.is_discrete and d.document.get("state_axis") is None and d.axis is None:
                self._enter(d)
        self._enter_conditional_adps()
        self.letter_of = noted.letters(dep)

    def _variable(self, d: Descriptor, site: int) -> int:
        found = self.dag.variable(d.id, site)
        assert found is not None
        return found

    def _state(self, v: int, number: int) -> int:
        return int(np.flatnonzero(self.dag.state_values(v) == number)[0])

    def _enter(self, d: Descriptor) -> None:
        if d.mode == "A":
            self._enter_full(d)
        for table in ("deltas", "absent"):
            if not d.table(table):
                continue
            rows = d.rows_of_ids(d.column(table, "atom_id"), f"{d.path}/{table}")
            moved = np.stack([d.column(table, c) for c in ("dx", "dy", "dz")], 1) if table == "deltas" else None
            sites, states = d.column(table, "site").tolist(), d.column(table, "state").tolist()
            for k, (atom, site, state) in enumerate(zip(rows.tolist(), sites, states, strict=True)):
                v = self._variable(d, site)
                key = (atom, v, self._state(v, state))
                if moved is None:
                    self.absent.add(key)
                else:
                    self.delta[key] = d.turn(moved[k : k + 1])[0]
                self.variables_of.setdefault(atom, set()).add(v)
        if d.table("occupancy"):
            conditions = self.dep.conditions(d)
            rows = d.rows_of_ids(d.column("occupancy", "atom_id"), f"{d.path}/occupancy")
            numbers, values = d.column("occupancy", "condition").tolist(), d.column("occupancy", "value").tolist()
            for atom, number, value in zip(rows.tolist(), numbers, values, strict=True):
                condition = conditions[number] if number != ALWAYS else ()
                self.stated.setdefault(atom, []).append((condition, value))
                self.variables_of.setdefault(atom, set()).update(c.variable for c in condition)

    def _enter_full(self, d: Descriptor) -> None:
        """Mode A: coordinates as displacements, presence as absence."""
        pairs = list(
            dict.fromkeys(zip(d.column("states", "site").tolist(), d.column("states", "state").tolist(), strict=True))
        )
        for row, (site, state) in enumerate(pairs):
            v = self._variable(d, site)
            mine = np.flatnonzero(d.label_of_atom[d.atom_rows] == site)
            moved = d.from_fitted(d.array("xyz", row)[mine]) - self.dep.x_ref[d.atom_rows[mine]]
            present = d.array("present", row)[mine] != 0
            for atom, delta, here in zip(d.atom_rows[mine].tolist(), moved, present.tolist(), strict=True):
                key = (atom, v, self._state(v, state))
                if not here:
                    self.absent.add(key)
                elif delta.any():
                    self.delta[key] = delta
                if not here or delta.any():
                    self.variables_of.setdefault(atom, set()).add(v)

    def _conditional_adps(self) -> Iterator[tuple[int, set[int]]]:
        """Atoms whose ADP depends on states, with the variables of these."""
        for d in self.dep.descriptors.values():
            if d.is_gaussian and d.has("condition"):
                numbers = np.asarray(d.array("condition"))
                of_all = self._variables_of_condition(d, d.active_when)
                for k in range(len(numbers)) if of_all else np.flatnonzero(numbers != ALWAYS).tolist():
                    yield int(d.atom_rows[k]), of_all | self._variables_of_condition(d, int(numbers[k]))
            elif d.id in self.added and d.active_when != ALWAYS:
                of_all = self._variables_of_condition(d, d.active_when)
                for atom in np.flatnonzero(d.covered).tolist():
                    yield atom, of_all

    def _variables_of_condition(self, d: Descriptor, number: int) -> set[int]:
        return set() if number == ALWAYS else {c.variable for c in self.dep.conditions(d)[number]}

    def _enter_conditional_adps(self) -> None:
        for atom, variables in self._conditional_adps():
            if not any(is_bundle(self.dep, v) for v in variables):
                self.variables_of.setdefault(atom, set()).update(variables)

    def combinations(self, variables: set[int]) -> list[tuple[Chosen, float]]:
        """Legal joint states of some variables and all they depend on, with their populations, in a bundle those within
        the model."""
        involved = tuple(sorted(counting.ancestors(self.dag, variables)))
        if involved not in self._combinations:
            made = list(islice(self.dep.states.combinations(involved), MOST_COMBINED + 1))
            if len(made) > MOST_COMBINED:
                name = self.dag.variable_name(max(variables))
                found = f"more than {MOST_COMBINED} joint states of what its atoms depend on"
                raise CannotHold(name, found, "fewer; --states and --draws write models")
            if any(is_bundle(self.dep, v) for v in involved):
                made = [(joint, self._within_model(involved, joint)) for joint, _ in made]
            self._combinations[involved] = made
        return self._combinations[involved]

    def _within_model(self, involved: tuple[int, ...], joint: Chosen) -> float:
        """The population of a joint state among those of its model."""
        active = [v for v in involved if joint[v] != INACTIVE and not is_bundle(self.dep, v)]
        return math.prod(self.dep.states.populations(v, joint)[joint[v]] for v in active)

    def records(self, atom: int) -> list[_Record]:
        """The records of an atom in declared order of its states."""
        mine = self.variables_of[atom]
        made: list[_Record] = []
        stated = self.stated.get(atom, [])
        rows = [(joint, weight, self._row(stated, joint)) for joint, weight in self.combinations(mine)]
        told = {self._model(joint) for joint, _, row in rows if row >= 0}
        of_model = Counter(self._model(joint) for joint, _, _ in rows)
        by_row: dict[tuple[int, ...], _Record] = {}
        for joint, weight, number in rows:
            if any((atom, v, joint[v]) in self.absent for v in mine) or (number < 0 and self._model(joint) in told):
                continue
            occupancy = stated[number][1] if number >= 0 else weight
            row = (number,) if number >= 0 else (number, *self._model(joint))  # without alternates in this model
            states = {v: joint[v] for v in sorted(counting.ancestors(self.dag, mine)) if joint[v] != INACTIVE}
            if row in by_row:
                by_row[row].also(states, _sets(states))
                if number < 0:
                    by_row[row].occupancy = fifteen_digits(by_row[row].occupancy + occupancy)
                    by_row[row].states_met += 1
                continue
            moved = np.zeros(3)
            for v in mine:
                moved = moved + self.delta.get((atom, v, joint[v]), 0.0)
            own = {v: s for v, s in states.items() if v in mine}
            made.append(_Record(moved, occupancy, "", own, states, _sets(states)))
            if stated:
                by_row[row] = made[-1]
        for (number, *model), record in by_row.items():
            if number < 0 and record.states_met == of_model[tuple(model)]:
                record.occupancy = 1.0  # there in all of its model, though populations may leave some of it unsaid
        if not stated:
            made = self._merged(atom, made)
        self._name(atom, made)
        return made

    def _model(self, joint: Chosen) -> tuple[int, ...]:
        """The models that a joint state names."""
        return tuple(state for v, state in joint.items() if is_bundle(self.dep, v))

    def _row(self, stated: list[tuple], joint: Chosen) -> int:
        """Which of the occupancies that were stated holds in a joint state, -1 of none."""
        return next((k for k, (condition, _) in enumerate(stated) if holds(condition, joint)), -1)

    def _merged(self, atom: int, made: list[_Record]) -> list[_Record]:
        """Records that coordinates and conditional ADPs do not tell apart, as one."""
        kept: dict[tuple, _Record] = {}
        adp = self._adp_variables(atom)
        for record in made:
            model = [(v, s) for v, s in sorted(record.held.items()) if is_bundle(self.dep, v)]
            key = (record.moved.tobytes(), *model, *((v, record.states.get(v)) for v in sorted(adp)))
            if key in kept:
                kept[key].occupancy += record.occupancy
                kept[key].also(record.held, record.where)
            else:
                kept[key] = record
        for record in kept.values():
            if len(made) > len(kept) or len(record.held) > 1:
                record.occupancy = fifteen_digits(record.occupancy)  # a sum or a product of populations
        return list(kept.values())

    def _adp_variables(self, atom: int) -> set[int]:
        if not hasattr(self, "_adp_of"):
            self._adp_of: dict[int, set[int]] = {}
            for at, variables in self._conditional_adps():
                self._adp_of.setdefault(at, set()).update(variables)
        return self._adp_of.get(atom, set())

    def _name(self, atom: int, made: list[_Record]) -> None:
        """Letters: labels of `altloc` verbatim, in order of the states that have them; of others one by order, none for
        the lone record of a model."""
        models = [tuple(sorted((v, s) for v, s in r.held.items() if is_bundle(self.dep, v))) for r in made]
        places = []
        for record, model in zip(made, models, strict=True):
            labels = {
                v: str(self.dag.state_labels(v)[s]) for v, s in record.states.items() if self._matters(atom, v, s)
            }
            own = [v for v in labels if self.dag.descriptor(v).partition("-")[0] == VERBATIM]
            state = 0
            if len(own) == 1 == len(labels):
                state = self._own_state(atom, own[0], record)
                where = record.where.get(own[0], set())
                if len(where) < 2 or where != states_of_model(self.dep, own[0], state):  # else it is no alternate there
                    record.altloc = letter_of(without_model(self.dep, own[0], state))
            elif models.count(model) > 1:
                record.altloc = self._letter({v: record.states[v] for v in labels}, labels)
            places.append((model, state))
        made[:] = [made[k] for k in sorted(range(len(made)), key=places.__getitem__)]

    def _matters(self, atom: int, v: int, state: int) -> bool:
        """Whether an atom depends on a variable in the model that a state of it is of, if it is below a bundle."""
        if MARK not in str(self.dag.state_labels(v)[state]):
            return True
        states = states_of_model(self.dep, v, state)
        stated = any(c.variable == v and states & set(c.states) for condition, _ in self.stated.get(atom, ())
                     for c in condition)  # fmt: skip
        return not states or stated or any((atom, v, s) in self.absent or (atom, v, s) in self.delta for s in states)

    def _own_state(self, atom: int, v: int, record: _Record) -> int:
        """The state whose letter a record has: the one noted at import; else the one that was deposited with its
        occupancy, of those in which it holds."""
        states = sorted(record.where.get(v, {record.states[v]}))
        if len(states) == 1:
            return states[0]
        for state in states:
            if atom in self.letter_of.get((v, state), ()):
                return state
        return min(states, key=lambda s: abs(self._deposited(v)[s] - record.occupancy))

    def _deposited(self, v: int) -> dict[int, float]:
        """Deposited occupancy by state, infinite where there is none."""
        if v not in self._deposited_of:
            d = self.dep.descriptors[self.dag.descriptor(v)]
            made = dict.fromkeys(range(int(self.dag.n_states[v])), np.inf)
            mine = d.column("states", "site") == int(self.dag.site[v])
            stated = d.column("states", "deposited") if "deposited" in d.table("states") else None
            for number, value in zip(
                d.column("states", "state")[mine], () if stated is None else stated[mine], strict=False
            ):
                if np.isfinite(value):
                    made[self._state(v, int(number))] = float(value)
            self._deposited_of[v] = made
        return self._deposited_of[v]

    def _letter(self, states: dict[int, int], labels: dict[int, str]) -> str:
        """The same letter for the same states; one-letter labels of a single variable keep theirs."""
        key = tuple(sorted(states.items()))
        if key not in self._letters:
            variables = tuple(sorted(states))
            used = {letter for other, letter in self._letters.items() if set(variables) & {v for v, _ in other}}
            single = labels[variables[0]] if len(variables) == 1 else ""
            free = single if len(single) == 1 and single not in used else next(x for x in LETTERS if x not in used)
            self._letters[key] = free
            name = ", ".join(f"{self.dag.variable_name(v)}={labels[v]}" for v in variables)
            if name.rsplit("=", 1)[-1] != free:
                self.renamed[name] = free
        return self._letters[key]


def _sets(states: Mapping[int, int]) -> dict[int, set[int]]:
    return {v: {s} for v, s in states.items()}
