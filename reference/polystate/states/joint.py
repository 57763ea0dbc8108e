"""Joint states of a deposition: which are legal, the usual one, a named one, a drawn one.

Everything is lazy: legal joint states are made one after the other in lexicographic order and never stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from polystate.errors import (
    BadRequest,
    DuplicateRow,
    IllegalState,
    NoPopulation,
    OverlappingConditions,
    PopulationRange,
    PopulationSum,
    StateNotFound,
)
from polystate.numbers.philox import Draw, uniform
from polystate.states import counting, trees
from polystate.states.scope_dag import INACTIVE, Condition, ScopeDag, holds

TOLERANCE = 1e-6
Name = str | tuple[str, int]  # `descriptor/site name`, or (descriptor, site row)


class Chosen(dict[int, int]):
    """The states of some variables, by their indices; all others are inactive."""

    def __missing__(self, variable: int) -> int:
        return INACTIVE


class JointState(NamedTuple):
    """A legal joint state by name, as a request takes it, and the probability to draw it, see `States.probability`."""

    state: dict[str, str]
    probability: float | None


class States:
    """The joint states of a deposition. `draw_keys` has one key a variable, in the DAG's order."""

    def __init__(self, dag: ScopeDag, draw_keys: np.ndarray | None = None) -> None:
        self.dag, self._draw_keys = dag, draw_keys

    def count(self) -> int:
        """How many legal joint states there are, exactly and without listing them."""
        return counting.count(self.dag)

    def legal(self) -> Iterator[dict[str, str]]:
        """Legal joint states in lexicographic order, each as {variable: label of its state}."""
        before = np.zeros(0, np.int64)
        named: dict[str, str] = {}
        for joint in self.joints():
            if len(before) and ((before == INACTIVE) == (joint == INACTIVE)).all():
                changed = np.flatnonzero(joint != before)  # few, and a copy costs less than names
                labels = self.dag.chosen_labels(changed, joint[changed])
                named = {**named, **dict(zip(self.dag.variable_names[changed].tolist(), labels, strict=True))}
            else:
                named = self.labels(joint)
            before = joint
            yield named

    def joints(self) -> Iterator[np.ndarray]:
        """Legal joint states as arrays of state indices; each is a fresh array."""
        joint = np.zeros(len(self.dag), np.int64)
        self._fill(joint, 0)
        while True:
            yield joint.copy()
            for v in range(len(self.dag) - 1, -1, -1):
                later = [s for s in counting.options(self.dag, v, joint) if s > joint[v]] if joint[v] >= 0 else []
                if later:
                    joint[v] = later[0]
                    self._fill(joint, v + 1)
                    break
            else:
                return

    def _fill(self, joint: np.ndarray, begin: int) -> None:
        """Give every variable from `begin` on its first possible state."""
        joint[begin:] = 0
        variables = begin + np.flatnonzero(self.dag.is_conditional[begin:])
        if not len(variables):
            return
        values = joint.tolist() if len(variables) > 1000 else joint
        above, places, states = self._first.above, self._first.place, self._first.states
        for v in variables.tolist():
            place = places[v]
            values[v] = counting.options(self.dag, v, values)[0] if place < 0 else states[place + 1 + values[above[v]]]
        joint[begin:] = values[begin:]

    @cached_property
    def _first(self) -> trees.Lookup:
        """The first state of a variable by the state of its one parent."""
        return trees.lookup(self.dag)

    @cached_property
    def _most_populated(self) -> trees.Lookup:
        """The most populated state of a variable by the state of its one parent."""
        return trees.lookup(self.dag, self.dag.row_population)

    def labels(self, joint: np.ndarray) -> dict[str, str]:
        """A joint state by name; inactive variables are left out."""
        active = np.flatnonzero(joint != INACTIVE)
        names = self.dag.variable_names[active].tolist()
        return dict(zip(names, self.dag.chosen_labels(active, joint[active]), strict=True))

    def numbered(self, joint: np.ndarray) -> dict[str, str]:
        """A joint state as programs exchange it: keys `descriptor/site row`."""
        active = np.flatnonzero(joint != INACTIVE)
        keys = (f"{self.dag.descriptor(v)}/{self.dag.site[v]}" for v in active.tolist())
        return dict(zip(keys, self.dag.chosen_labels(active, joint[active]), strict=True))

    def rows(self, joint: np.ndarray) -> dict[Name, str]:
        """A joint state with the keys (descriptor, site row); StateNotFound for a state that a variable lacks."""
        active = np.flatnonzero(joint != INACTIVE)
        for v in active.tolist():
            if not 0 <= joint[v] < len(self.dag.state_labels(v)):
                raise StateNotFound(
                    f"state/{self.dag.variable_name(v)}", int(joint[v]), "the index of one of its states"
                )
        keys = [(self.dag.descriptor(v), int(self.dag.site[v])) for v in active.tolist()]
        return dict(zip(keys, self.dag.chosen_labels(active, joint[active]), strict=True))

    # -- choosing ----------------------------------------------------------------------------------------

    def default(self) -> np.ndarray:
        """The most populated legal state of each variable in turn, ties by declared order."""
        return self.choose({})

    def choose(self, state: Mapping[Any, str]) -> np.ndarray:
        """The joint state that `state` names; what it leaves open takes the most populated legal state."""
        flat = self.dag.flat
        top = _first_maximum(flat.population, flat.start)

        def most_populated(v: int, possible: list[int], joint: list[int]) -> int:
            weights = self.populations(v, joint)
            return max(possible, key=lambda s: (weights[s], -s))

        return self._joint(self.find(state), top, most_populated, self._most_populated)

    def _joint(
        self,
        wanted: Mapping[int, int],
        flat: np.ndarray,
        pick: Callable[[int, list[int], list[int]], int],
        known: trees.Lookup | None = None,
    ) -> np.ndarray:
        """A joint state: what is wanted, else `flat` for unconditional variables and `pick` for the others.

        known: what `pick` says, by the state of the one parent, where that is a table."""
        start = np.full(len(self.dag), INACTIVE, np.int64)
        start[self.dag.flat.variables] = flat
        for v, index in wanted.items():
            if not self.dag.is_conditional[v]:
                start[v] = index
        joint = start.tolist()
        for v in np.flatnonzero(self.dag.is_conditional).tolist():
            if known is not None and known.place[v] >= 0 and v not in wanted:
                joint[v] = known.states[known.place[v] + 1 + joint[known.above[v]]]
                continue
            possible = counting.options(self.dag, v, joint)
            if v in wanted:
                joint[v] = self._given(v, wanted[v], possible, joint)
            elif possible != [INACTIVE]:
                joint[v] = pick(v, possible, joint)
        return np.array(joint, np.int64)

    def _given(self, v: int, state: int, possible: list[int], joint: list[int]) -> int:
        """The state that a request gives, refused where the chosen parents forbid it."""
        if state not in possible:
            label = self.dag.state_labels(v)[state]
            # DAG-22, AXI-13
            raise IllegalState(f"state/{self.dag.variable_name(v)}", label, self._why(v, possible, joint))
        return state

    def _why(self, v: int, possible: list[int], joint: list[int]) -> str:
        held = ", ".join(f"{self.dag.variable_name(p)}={self._label(p, joint)}" for p in sorted(self.dag.parents(v)))
        if possible == [INACTIVE]:
            return f"no state, since it is inactive under {held}"
        return "one of " + ", ".join(str(self.dag.state_labels(v)[s]) for s in possible) + f" under {held}"

    def _label(self, v: int, joint: list[int]) -> str:
        return "(inactive)" if joint[v] == INACTIVE else str(self.dag.state_labels(v)[joint[v]])

    def combinations(self, variables: Sequence[int]) -> Iterator[tuple[Chosen, float]]:
        """Legal joint states of some variables, with their populations, in declared order; one is made at a time.

        variables: ascending, with all that they depend on."""
        waiting = [(0, Chosen(), 1.0)]
        while waiting:
            k, joint, weight = waiting.pop()
            if k == len(variables):
                yield joint, weight
                continue
            v = variables[k]
            possible = counting.options(self.dag, v, joint)
            weights = self.populations(v, joint) if possible != [INACTIVE] else {}
            for state in reversed(possible):
                following = Chosen(joint)
                following[v] = state
                waiting.append((k + 1, following, weight * weights.get(state, 1.0)))

    def find(self, state: Mapping[Any, str]) -> dict[int, int]:
        """Variables and the indices of their states that `state` names."""
        wanted: dict[int, int] = {}
        for name, label in state.items():
            v = self.variable(name)
            match = np.flatnonzero(self.dag.state_labels(v) == label)
            if not len(match):
                known = ", ".join(map(str, self.dag.state_labels(v)[:20]))
                raise StateNotFound(f"state/{self.dag.variable_name(v)}", label, f"one of {known}")  # DAG-23
            if wanted.setdefault(v, int(match[0])) != match[0]:
                other = self.dag.state_labels(v)[wanted[v]]
                raise BadRequest(f"state/{self.dag.variable_name(v)}", f"{other} and {label}", "one state a variable")
        return wanted

    def variable(self, name: Name, where: str = "state") -> int:
        """A variable by `descriptor/site name`, by `descriptor` where it has one, or by (descriptor, site row)."""
        place = f"{where}/{name}" if isinstance(name, str) else f"{where}/{name[0]}/{name[1]}"
        descriptor, _, site = name.partition("/") if isinstance(name, str) else (name[0], "", str(name[1]))
        known = {t.id: k for k, t in enumerate(self.dag.tables)}
        if descriptor not in known:
            sites = [f"{t.id}/{name}" for t in self.dag.tables if name in t.site_labels]
            # DAG-23
            raise StateNotFound(place, descriptor, "one of " + (", ".join(sites or known) or "no discrete descriptors"))
        mine = np.flatnonzero(self.dag.table == known[descriptor])
        if not site and len(mine) == 1:
            return int(mine[0])
        names = self.dag.tables[known[descriptor]].site_labels
        number = name[1] if isinstance(name, tuple) else list(names).index(site) if site in names else -1
        v = self.dag.variable(descriptor, number)
        if v is None:
            few = ", ".join(self.dag.variable_name(int(v)) for v in mine[:5])
            raise StateNotFound(place, site or "no site", f"a site, such as {few}")  # DAG-23
        return v

    def populations(self, v: int, joint: Mapping[int, int] | Sequence[int] | np.ndarray) -> dict[int, float]:
        """Populations of the states that v may take under the chosen parents, by state index."""
        rows = self.dag.rows(v)
        found: dict[int, float] = {}
        for s, c, p in zip(rows.state.tolist(), rows.condition, rows.population.tolist(), strict=True):
            if holds(c, joint):
                if s in found:
                    label = self.dag.state_labels(v)[s]
                    # DAG-15
                    raise OverlappingConditions(
                        f"descriptors/{self.dag.descriptor(v)}/states",
                        f"two rows of {label} hold",
                        "at most one",
                    )
                found[s] = p
        return found

    def probability(self, joint: np.ndarray) -> float | None:
        """The probability to draw a legal joint state; None where no draw can be made, since the available states of
        a variable all have population 0."""
        found, drawn = 1.0, True
        for v in np.flatnonzero(joint != INACTIVE).tolist():
            weights = self.populations(v, joint)
            total = float(np.cumsum(list(weights.values()))[-1])
            if total > 0:
                found *= weights[int(joint[v])] / total
            else:
                drawn = False
        return found if drawn or found == 0 else None

    def draw(self, draw: Draw, fixed: Mapping[Any, str] | None = None) -> np.ndarray:
        """A joint state drawn by population; what `fixed` names is not drawn."""
        wanted = self.find(fixed or {})
        keys = self._draw_keys if self._draw_keys is not None else np.zeros(len(self.dag), np.uint32)
        u = uniform(draw, keys)
        flat = self.dag.flat.variables
        drawn = self._draw_flat(u[flat], np.isin(flat, list(wanted)))

        def by_population(v: int, possible: list[int], joint: list[int]) -> int:
            weights = self.populations(v, joint)
            return possible[self._pick(v, np.array([weights[s] for s in possible]), float(u[v]))]

        return self._joint(wanted, drawn, by_population)

    def _pick(self, v: int, weights: np.ndarray, u: float) -> int:
        """The first k with u < c_k / c_m; c_m / c_m is 1, so no state after the last with a population is taken."""
        cumulated = np.cumsum(weights)
        if not cumulated[-1] > 0:
            raise self._no_population(v)
        return int(np.searchsorted(cumulated / cumulated[-1], u, "right"))

    def _draw_flat(self, u: np.ndarray, given: np.ndarray) -> np.ndarray:
        """The same rule for all unconditional variables at once; what is given need not have a population."""
        flat = self.dag.flat
        begin, sizes = flat.start[:-1], np.diff(flat.start)
        totals, chosen = np.zeros(len(u)), np.zeros(len(u), np.int64)
        for add_up in (True, False):  # totals first, in the same order of addition as the cumulated sums
            cumulated = np.zeros(len(u))
            for k in range(int(sizes.max(initial=0))):
                rows = np.flatnonzero(sizes > k)
                cumulated[rows] += flat.population[begin[rows] + k]
                if not add_up:
                    with np.errstate(invalid="ignore"):  # 0 / 0 of a variable whose state is given
                        chosen[rows] += u[rows] >= cumulated[rows] / totals[rows]
            totals = cumulated
            empty = np.flatnonzero(~(totals > 0) & ~given)
            if len(empty):
                raise self._no_population(int(flat.variables[empty[0]]))
        return chosen

    def _no_population(self, v: int) -> NoPopulation:
        name = self.dag.variable_name(v)
        # RNG-22
        return NoPopulation(f"descriptors/{self.dag.descriptor(v)}/states", f"{name}: all populations 0", "one above 0")

    # -- validity ----------------------------------------------------------------------------------------

    def check(self) -> Iterator[Exception]:
        """What is wrong with populations and conditions, one error a variable."""
        yield from self._check_ranges()
        yield from self._check_flat()
        for v in self.dag.conditional:
            yield from self._check_conditional(v)

    def _check_ranges(self) -> Iterator[Exception]:
        for t in self.dag.tables:
            bad = np.flatnonzero(~((t.population >= 0) & (t.population <= 1 + TOLERANCE)))
            if len(bad):
                where = f"descriptors/{t.id}/states/population[{bad[0]}]"
                yield PopulationRange(where, t.population[bad[0]], "a number from 0 to 1")  # DSC-22

    def _check_flat(self) -> Iterator[Exception]:
        try:
            flat = self.dag.flat
        except DuplicateRow as error:
            yield error
            return
        totals = np.add.reduceat(flat.population, flat.start[:-1])
        for k in np.flatnonzero(totals > 1 + TOLERANCE)[:1]:
            yield self._sum_error(int(flat.variables[k]), float(totals[k]))

    def _sum_error(self, v: int, total: float) -> PopulationSum:
        where = f"descriptors/{self.dag.descriptor(v)}/states"
        # DSC-23
        return PopulationSum(where, f"{self.dag.variable_name(v)}: populations sum to {total:.6g}", "at most 1")

    def _check_conditional(self, v: int) -> Iterator[Exception]:
        rows = self.dag.rows(v)
        active = self.dag.activation.get(v)
        groups: dict[Condition | None, float] = {}
        by_state: dict[int, list[Condition | None]] = {}
        for s, c, p in zip(rows.state.tolist(), rows.condition, rows.population.tolist(), strict=True):
            groups[c] = groups.get(c, 0.0) + p
            by_state.setdefault(s, []).append(c)
        for s, conditions in by_state.items():
            pairs = [(a, b) for i, a in enumerate(conditions) for b in conditions[i + 1 :]]
            if any(counting.satisfiable(self.dag, [a, b, active]) for a, b in pairs):
                name = f"{self.dag.variable_name(v)}={self.dag.state_labels(v)[s]}"
                where = f"descriptors/{self.dag.descriptor(v)}/states"
                yield OverlappingConditions(where, f"two rows of {name} can hold at once", "at most one")  # DAG-15
                return
        always = groups.get(None, 0.0)
        for total in (always, *(p + always for c, p in groups.items() if c is not None)):
            if total > 1 + TOLERANCE:
                yield self._sum_error(v, total)
                return


def _first_maximum(values: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Index of the first largest value within each run of `values`."""
    top = np.maximum.reduceat(values, start[:-1])
    is_top = values == np.repeat(top, np.diff(start))
    place = np.where(is_top, np.arange(len(values)), len(values))
    return np.minimum.reduceat(place, start[:-1]) - start[:-1]
