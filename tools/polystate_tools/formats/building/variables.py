"""Discrete variables of an import: which record an atom takes in which state, and what depends on what."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from polystate_tools.formats.building.occupancies import mean_occupancy
from polystate_tools.formats.building.sites import Site
from polystate_tools.formats.errors import HeterogeneityExtension
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

TOLERANCE = 1e-6


@dataclass
class Variable:
    """One site of one discrete descriptor.

    record_of: atom row -> {state: record}; inherits: (atom, state) without a record to the state whose record the
    atom has there; parent: the variable and its states under which this one is active.
    rows: (state, condition, population) of table `states`; condition None = that of the parent, else a
    conjunction of (variable, states). deposited: by state, as the file has it.
    """

    descriptor: str
    label: str
    states: list[str]
    record_of: dict[int, dict[int, int]]
    deposited: list[float]
    rows: list[tuple[int, tuple | None, float]] = field(default_factory=list)
    source: str = "unknown"
    parent: tuple[Variable, tuple[int, ...]] | None = None
    inherits: dict[tuple[int, int], int] = field(default_factory=dict)
    rule: str = ""
    number: int = -1
    """Index of the site in its descriptor."""
    extra_atoms: set[int] = field(default_factory=set)
    """Atoms of variables below, which a state of this one can make absent."""

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    @property
    def weights(self) -> list[float]:
        """A population by state, summed over conditions, to choose the reference state by."""
        made = [0.0] * len(self.states)
        for state, _, population in self.rows:
            made[state] += population
        return made

    @property
    def atoms(self) -> list[int]:
        """Ascending atom rows that the variable's scope covers: its own, and those of what nests under it."""
        return sorted(set(self.record_of) | self.extra_atoms)


def variable_of_site(layout: Layout, site: Site, descriptor: str, report: ImportReport) -> Variable:
    """A free-standing variable of a site, populations by mean occupancy of non-hydrogen records."""
    record_of: dict[int, dict[int, int]] = {}
    atoms = layout.atom_of_record[site.records].tolist()
    for record, atom, state in zip(site.records.tolist(), atoms, site.state.tolist(), strict=True):
        record_of.setdefault(atom, {})[state] = record
    deposited = [mean_occupancy(layout, site.records[site.state == state]) for state in range(len(site.states))]
    variable = Variable(
        descriptor, site.label, site.states, record_of, deposited, inherits=site.inherits, rule=site.rule
    )
    population = list(deposited)
    if len(population) == 2 and math.isnan(population[1]):  # present or lettered, and absent
        population = [min(1.0, population[0]), max(0.0, 1.0 - population[0])]
    elif math.isnan(population[-1]):
        population[-1] = max(0.0, 1.0 - math.fsum(population[:-1]))
    total = math.fsum(population)
    if total > 1 + TOLERANCE:
        given = ", ".join(f"{label} {p:.3g}" for label, p in zip(site.states, population, strict=True))
        report.change(len(site.records), f"populations divided by their sum {total:.4g}", f"{site.label}: {given}")
        population = [p / total for p in population]
    variable.rows = [(state, None, p) for state, p in enumerate(population)]
    return variable


Node = tuple[Variable, int]
"""A variable in one of its states."""


@dataclass
class Plan:
    """What the variables say of the atoms they touch.

    base: atom -> record of x_ref; deltas: (variable, state, atom, record, record it is relative to or -1 = x_ref);
    absent: (variable, state, atom); adp: (atom, record, variable or None, states) rows, the ADP of a record
    while the variable is in one of the states; occupancy: the same rows, never without a variable; own: (variable,
    state, atom) of records that hold in further states than the one whose letter they have.
    """

    base: dict[int, int] = field(default_factory=dict)
    deltas: list[tuple[Variable, int, int, int, int]] = field(default_factory=list)
    absent: list[tuple[Variable, int, int]] = field(default_factory=list)
    adp: list[tuple[int, int, Variable | None, tuple[int, ...]]] = field(default_factory=list)
    occupancy: list[tuple[int, int, Variable, tuple[int, ...]]] = field(default_factory=list)
    own: list[tuple[Variable, int, int]] = field(default_factory=list)


def plan(variables: Iterable[Variable], base_record: dict[int, int], layout: Layout) -> Plan:
    """How every atom of the variables gets its coordinates, presence and ADP.

    base_record: atom -> record without a state, of atoms that have both kinds (else the atom is not in it).
    """
    by_atom: dict[int, list[Variable]] = {}
    for variable in variables:
        for atom in variable.record_of:
            by_atom.setdefault(atom, []).append(variable)
    made = Plan()
    for atom, mine in by_atom.items():
        made.base[atom] = _Walk(atom, mine, base_record.get(atom), made, layout).reference(None)
    return made


class _Walk:
    """The tree of the variables that have records of one atom, walked from the root down."""

    def __init__(self, atom: int, mine: list[Variable], root: int | None, made: Plan, layout: Layout) -> None:
        self.atom, self.root, self.made, self.layout = atom, root, made, layout
        self.involved: dict[Variable, None] = {}
        for variable in mine:
            at: Variable | None = variable
            while at is not None and at not in self.involved:
                self.involved[at] = None
                at.extra_atoms.add(atom)
                at = at.parent[0] if at.parent else None
        self.alone = root is None and sum(len(v.record_of[atom]) for v in mine) == 1
        self.done: dict[Variable, int] = {}

    def reference(self, node: Node | None, governing: int | None = None) -> int:
        """Emit the rows of the subtree of a node (None: of all); returns the record of its reference.

        governing: the record that holds where no state below has one."""
        if node is None:
            governing = self.root
        variable = self._below(node)
        if variable is None:
            assert governing is not None and node is not None
            self._say(governing, node[0], [node[1]], False)
            return governing
        if variable not in self.done:
            self.done[variable] = self._of_variable(variable, governing)
        return self.done[variable]

    def _of_variable(self, variable: Variable, governing: int | None) -> int:
        own = variable.record_of.get(self.atom, {})
        states = range(len(variable.states))
        nested = {s for s in states if self._below((variable, s)) is not None}
        supported = {s for s in states if s in own} | nested
        reference: dict[int, int] = {}
        of_record: dict[int, list[int]] = {}
        for state in sorted(supported):
            if state in nested:
                reference[state] = self.reference((variable, state), own.get(state, governing))
            else:
                reference[state] = own[state]
                of_record.setdefault(own[state], []).append(state)
        weights = variable.weights
        kept = {s: variable.inherits[self.atom, s] for s in states if (self.atom, s) in variable.inherits}
        reference |= {s: own[like] for s, like in kept.items()}
        best = max(reference, key=lambda s: (weights[s], -s))
        bare = [s for s in states if s not in supported and s not in kept]
        for state, like in kept.items():
            self.made.own.append((variable, like, self.atom))
            of_record[own[like]] = sorted({*of_record[own[like]], state})
        for record, where in of_record.items():
            self._say(record, variable, where, self.alone and not kept)
        if governing is None:
            self.made.absent += [(variable, state, self.atom) for state in bare]
        elif bare:
            self._say(governing, variable, bare, False)
        relative = -1 if governing is None else governing
        placed = own | {state: own[like] for state, like in kept.items()}
        self.made.deltas += [(variable, state, self.atom, record, relative) for state, record in placed.items()]
        uncovered = max((weights[s] for s in bare), default=-1.0) if governing is not None else -1.0
        return reference[best] if governing is None or weights[best] >= uncovered else governing

    def _below(self, node: Node | None) -> Variable | None:
        """The variable that is active under a state, or, without one, always."""
        children = [
            v
            for v in self.involved
            if (
                v.parent is None
                if node is None
                else v.parent is not None and v.parent[0] is node[0] and node[1] in v.parent[1]
            )
        ]
        if len(children) > 1:
            name = self.layout.records.record_name(int(self.layout.first_record[self.atom]))
            raise HeterogeneityExtension(
                name, " and ".join(v.label for v in children), "states of one variable, since none excludes another"
            )
        return children[0] if children else None

    def _say(self, record: int, variable: Variable, states: list[int], always: bool) -> None:
        """The record holds while the variable is in the states."""
        row = (self.atom, record, variable, tuple(states))
        if row not in self.made.occupancy[-8:]:  # reached again under another state of its parent
            self.made.occupancy.append(row)
            self.made.adp.append((self.atom, record, None, ()) if always else row)
