"""The law of joint states: the probability of what a few variables are in, without listing joint states.

A joint state is drawn variable by variable (10.5), so its probability is a product with one table a variable: the
populations of the states that are available under the parents, divided by their sum. Everything that is not asked for
is summed out of that product by the elimination that counts joint states (`counting`), with numbers instead of counts.
Variables on which nothing that is asked for depends sum to 1 and are left out.

An averaged sample axis is one more variable here: its states are its steps, and a label on it follows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from polystate.errors import IllegalState, NoPopulation, TooEntangled
from polystate.states.counting import MAX_ENTRIES, MAX_WIDTH, options, reached
from polystate.states.forest import marginals
from polystate.states.joint import States
from polystate.states.parts import components
from polystate.states.scope_dag import INACTIVE, ScopeDag

Variables = tuple[int, ...]  # ascending


@dataclass(frozen=True)
class Factor:
    """A table over the values of some variables; the last value of a variable that can be inactive is that."""

    variables: Variables
    table: np.ndarray


class Law:
    """The joint law of the variables of a scope DAG and of averaged axes.

    fixed: states (indices) that are given and not drawn. axes: the weights of the steps of each averaged axis; the k-th
    is variable len(dag) + k. follows: variables whose state a step fixes, with the number of their axis among `axes`
    and their state (index) at each step.

    Raises what a draw raises that has a probability above 0: NoPopulation, IllegalState."""

    def __init__(
        self,
        states: States,
        fixed: Mapping[int, int],
        axes: Sequence[np.ndarray] = (),
        follows: Mapping[int, tuple[int, np.ndarray]] | None = None,
    ) -> None:
        self.states, self.fixed, self.follows = states, dict(fixed), dict(follows or {})
        self.axes = [np.asarray(weights, np.float64) / np.sum(weights) for weights in axes]
        self._factors: dict[int, Factor] = {}
        self._stuck: dict[int, list[Variables]] = {}
        self._marginals: dict[Variables, np.ndarray] = {}
        self._refuse_what_draws_refuse()

    @property
    def dag(self) -> ScopeDag:
        return self.states.dag

    def axis_variable(self, k: int) -> int:
        """The variable that the k-th averaged axis is."""
        return len(self.dag) + k

    def size(self, v: int) -> int:
        """How many values a variable has; where it can be inactive that is the last one."""
        if v >= len(self.dag):
            return len(self.axes[v - len(self.dag)])
        return int(self.dag.n_states[v]) + int(self.dag.is_conditional[v])

    @cached_property
    def sizes(self) -> np.ndarray:
        """How many values each variable has, (V,)."""
        own = self.dag.n_states + self.dag.is_conditional
        return np.concatenate([own, np.array([len(w) for w in self.axes], np.int64)]).astype(np.int64)

    def shape(self, variables: Variables) -> tuple[int, ...]:
        return tuple(self.size(v) for v in variables)

    # -- probabilities -----------------------------------------------------------------------------------

    def probability(self, variables: Variables, evidence: Iterable[Factor] = ()) -> np.ndarray:
        """P(values of some variables, and the evidence holds), an axis a variable; evidence: tables of 0 and 1."""
        evidence = tuple(evidence)
        if evidence:
            return self._eliminated(variables, evidence)
        if len(variables) == 1 and variables[0] < len(self.dag) and self._forest[1][variables[0]]:
            return self._forest[0][variables[0], : self.size(variables[0])]
        if variables not in self._marginals:
            self._marginals[variables] = self._eliminated(variables, ())
        return self._marginals[variables]

    def singly(self, variables: np.ndarray) -> np.ndarray:
        """The probabilities of variables that all have as many values, (K, m); one at least."""
        size = int(self.sizes[variables[0]])
        table, known = self._forest
        inside = variables < len(self.dag)
        inside[inside] = known[variables[inside]]
        found = np.empty((size, len(variables)))
        if inside.any():  # else the table may have no column for as many values
            found[:, inside] = table[variables[inside], :size].T
        for k in np.flatnonzero(~inside).tolist():
            found[:, k] = self.probability((int(variables[k]),))
        return found

    @cached_property
    def _forest(self) -> tuple[np.ndarray, np.ndarray]:
        return marginals(self.dag, self.fixed, self.follows)

    def apart(self, a: Iterable[int], b: Iterable[int]) -> bool:
        """Whether nothing connects some variables with others, so that they are independent."""
        return {int(self._component[v]) for v in a}.isdisjoint(int(self._component[v]) for v in b)

    def together(self, some: Iterable[int]) -> np.ndarray:
        """Whether each variable is connected with some of these, (V,) bool."""
        return np.isin(self._component, self._component[list(some)])

    @cached_property
    def _component(self) -> np.ndarray:
        free = ~np.isin(self.dag.edge_child, [*self.fixed, *self.follows])
        ends = [[self.dag.edge_child[free], self.dag.edge_parent[free]]]
        ends += [[np.array([v]), np.array([self.axis_variable(k)])] for v, (k, _) in self.follows.items()]
        a, b = (np.concatenate([pair[i] for pair in ends]) for i in range(2))
        return components(len(self.dag) + len(self.axes), a, b)

    def _eliminated(self, keep: Variables, evidence: tuple[Factor, ...]) -> np.ndarray:
        wanted = set(keep).union(*(f.variables for f in evidence))
        factors = [self._factor(v) for v in sorted(reached(wanted, lambda v: self._factor(v).variables))] + list(
            evidence
        )
        waiting = {v for f in factors for v in f.variables} - set(keep)
        while waiting:
            v = min(waiting, key=lambda v: (len({u for f in factors if v in f.variables for u in f.variables}), v))
            mine = [f for f in factors if v in f.variables]
            rest = tuple(sorted({u for f in mine for u in f.variables} - {v}))
            factors = [f for f in factors if v not in f.variables] + [self._product(mine, rest, v)]
            waiting.remove(v)
        return self._product(factors, keep).table

    def _product(self, factors: list[Factor], keep: Variables, summed: int | None = None) -> Factor:
        """The product of tables, over the variables kept."""
        entries = float(np.prod([float(n) for n in self.shape(keep)])) * (1 if summed is None else self.size(summed))
        if entries > MAX_ENTRIES or len(keep) > MAX_WIDTH + 1:
            found = f"a table of {entries:.0f} entries over {len(keep)} variables"
            # MOM-20
            raise TooEntangled("descriptors", found, f"at most {MAX_ENTRIES} entries and {MAX_WIDTH} variables")
        place = {v: k for k, v in enumerate((*keep, *(() if summed is None else (summed,))))}
        total: np.ndarray | None = None
        for f in factors:
            shape = [1] * len(place)
            for v, n in zip(f.variables, f.table.shape, strict=True):
                shape[place[v]] = n
            table = f.table.reshape(shape) if _ascending([place[v] for v in f.variables]) else _moved(f, place)
            total = table if total is None else total * table
        table = np.ones(()) if total is None else total
        if summed is not None:
            table = table.sum(axis=-1)
        return Factor(keep, np.broadcast_to(table, self.shape(keep)))

    # -- the table of one variable -----------------------------------------------------------------------

    def _factor(self, v: int) -> Factor:
        """The probability of each value of v under each choice of what it depends on."""
        if v not in self._factors:
            self._factors[v] = self._made(v)
        return self._factors[v]

    def _made(self, v: int) -> Factor:
        if v >= len(self.dag):
            return Factor((v,), self.axes[v - len(self.dag)])
        values = np.eye(self.size(v))
        if v in self.fixed:
            return Factor((v,), values[self.fixed[v]])
        if v in self.follows:
            k, state = self.follows[v]
            return Factor((v, self.axis_variable(k)), values[state].T)
        parents = self._parents(v)
        table = np.zeros((*self.shape(parents), self.size(v)))
        for place in np.ndindex(*self.shape(parents)):
            possible, weights = self._available(v, parents, place)
            if possible == [INACTIVE]:
                table[(*place, INACTIVE)] = 1
            elif sum(weights) > 0:
                table[(*place, possible)] = np.array(weights) / np.cumsum(weights)[-1]
            else:
                self._stuck.setdefault(v, []).append(place)
        return Factor((*parents, v), table)

    def _parents(self, v: int) -> Variables:
        parents = tuple(sorted(self.dag.parents(v)))
        if len(parents) > MAX_WIDTH:
            found = f"{self.dag.variable_name(v)} has {len(parents)} parents"
            raise TooEntangled("descriptors", found, f"at most {MAX_WIDTH}")
        if np.prod([float(n) for n in self.shape(parents)]) > MAX_ENTRIES:
            raise TooEntangled(
                "descriptors", f"{self.dag.variable_name(v)} has too many parent states", f"{MAX_ENTRIES}"
            )
        return parents

    def _available(self, v: int, parents: Variables, place: Variables) -> tuple[list[int], list[float]]:
        """The states that v may take where its parents have some values, and their populations."""
        joint = {p: k if k < int(self.dag.n_states[p]) else INACTIVE for p, k in zip(parents, place, strict=True)}
        possible = options(self.dag, v, joint)
        if possible == [INACTIVE]:
            return possible, []
        weights = self.states.populations(v, joint)
        return possible, [weights[s] for s in possible]

    # -- refusals ----------------------------------------------------------------------------------------

    def _refuse_what_draws_refuse(self) -> None:
        """Refuse a joint state that a draw can meet and refuses: no population, or a given state that is illegal."""
        rows = self.dag.row_population == 0
        doubtful = np.unique(np.repeat(np.arange(len(self.dag)), np.diff(self.dag.row_start))[rows])
        for v in doubtful.tolist():
            self._factor(v)
            if self._chance(self._parents(v), self._stuck.get(v, [])) > 0:
                name = self.dag.variable_name(v)
                where = f"descriptors/{self.dag.descriptor(v)}/states"
                raise NoPopulation(where, f"{name}: all populations 0", "one above 0")  # MOM-18
        for v in [*self.fixed, *self.follows]:
            if self.dag.is_conditional[v]:
                self._refuse_illegal(v)

    def _refuse_illegal(self, v: int) -> None:
        parents = self._parents(v)
        axis = () if v in self.fixed else (self.axis_variable(self.follows[v][0]),)
        steps = [self.fixed[v]] if v in self.fixed else self.follows[v][1].tolist()
        bad = []
        for place in np.ndindex(*self.shape(parents)):
            possible, _ = self._available(v, parents, place)
            bad += [(*place, *((k,) if axis else ())) for k, s in enumerate(steps) if s not in possible]
        if self._chance((*parents, *axis), bad) > 0:
            state = self.dag.state_labels(v)[steps[bad[0][-1] if axis else 0]]
            raise IllegalState(f"state/{self.dag.variable_name(v)}", state, "a state that every draw permits")

    def _chance(self, variables: Variables, places: list[Variables]) -> float:
        """The probability that some variables have one of these values."""
        if not places:
            return 0.0
        found = self.probability(variables)
        return float(sum(found[place] for place in places))


def _ascending(places: list[int]) -> bool:
    return all(a < b for a, b in zip(places, places[1:], strict=False))


def _moved(f: Factor, place: Mapping[int, int]) -> np.ndarray:
    """A table with its variables in the order of their places, and axes of length 1 for the others."""
    order = sorted(range(len(f.variables)), key=lambda k: place[f.variables[k]])
    table = f.table.transpose(order)
    shape = [1] * len(place)
    for k, n in zip(order, table.shape, strict=True):
        shape[place[f.variables[k]]] = n
    return table.reshape(shape)
