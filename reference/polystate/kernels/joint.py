"""Joint states on the CPU: the rule of `states.States.draw` over flat arrays, and what each state does to atoms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from polystate.kernels.draws import philox
from polystate.kernels.jit import jit
from polystate.numbers.constants import DISCRETE
from polystate.states.joint import States
from polystate.states.scope_dag import Condition

INACTIVE = -1
OK, NO_POPULATION, NOT_POSSIBLE, OVERLAP = 0, 1, 2, 3


@dataclass
class Conditions:
    """Conditions as offsets: clauses of a condition, and the states that satisfy each clause."""

    start: np.ndarray  # (conditions + 1,)
    variable: np.ndarray  # (clauses,)
    first: np.ndarray  # (clauses + 1,)
    states: np.ndarray

    @classmethod
    def of(cls, conditions: Sequence[Condition]) -> Conditions:
        """Flat arrays of these conditions, in their order."""
        clauses = [c for condition in conditions for c in condition]
        return cls(
            offsets(len(c) for c in conditions),
            np.array([c.variable for c in clauses], np.int64),
            offsets(len(c.states) for c in clauses),
            np.array([s for c in clauses for s in sorted(c.states)], np.int64),
        )

    def arrays(self) -> tuple[np.ndarray, ...]:
        return self.start, self.variable, self.first, self.states


def offsets(sizes: Iterable[int]) -> np.ndarray:
    """Where each run starts, and the end of the last."""
    return np.concatenate([[0], np.cumsum(np.fromiter(sizes, np.int64))]).astype(np.int64)


class Variables:
    """All variables of a deposition with their rows, ready for `draw`."""

    def __init__(self, states: States) -> None:
        dag = states.dag
        self.n = len(dag)
        self.start = offsets(dag.n_states.tolist())  # slot of state 0 of each variable
        self.keys = states._draw_keys if states._draw_keys is not None else np.zeros(self.n, np.uint32)
        found: dict[Condition, int] = {}

        def number(c: Condition | None) -> int:
            return -1 if c is None else found.setdefault(c, len(found))

        flat = dag.flat
        sizes = np.zeros(self.n, np.int64)
        sizes[flat.variables] = np.diff(flat.start)
        for v, rows in dag.conditional.items():
            sizes[v] = len(rows.state)
        self.row_start = offsets(sizes.tolist())
        total = int(self.row_start[-1])
        self.row_state = np.zeros(total, np.int64)
        self.row_condition = np.full(total, -1, np.int64)
        self.row_population = np.zeros(total)
        within = np.arange(len(flat.population)) - np.repeat(flat.start[:-1], np.diff(flat.start))
        place = np.repeat(self.row_start[flat.variables], np.diff(flat.start)) + within
        self.row_state[place], self.row_population[place] = within, flat.population
        self.activation = np.full(self.n, -1, np.int64)
        for v, rows in dag.conditional.items():
            here = slice(self.row_start[v], self.row_start[v + 1])
            order = np.argsort(rows.state, kind="stable")
            self.row_state[here] = rows.state[order]
            self.row_population[here] = rows.population[order]
            self.row_condition[here] = [number(rows.condition[k]) for k in order]
            self.activation[v] = number(dag.activation.get(v))
        self.conditions = Conditions.of(list(found))

    def draw(self, seed: int, first: int, fixed: np.ndarray, out: np.ndarray) -> tuple[int, int]:
        """Consecutive joint states (draws, V) int32; returns a code and the draw where it happened.

        fixed: (V,) int64, -1 = drawn."""
        return draw_joint(
            self.keys, self.row_start, self.row_state, self.row_condition, self.row_population, self.activation,
            *self.conditions.arrays(), fixed, *words_of(first), *words_of(seed), out,
        )  # fmt: skip


def words_of(number: int) -> tuple[np.uint64, np.uint64]:
    """The low and the high word of a 64-bit number."""
    return np.uint64(number & 0xFFFFFFFF), np.uint64(number >> 32)


@jit
def holds(c, joint, start, variable, first, states):
    """Whether condition c holds under a joint state."""
    for k in range(start[c], start[c + 1]):
        met = False
        for s in range(first[k], first[k + 1]):
            met |= joint[variable[k]] == states[s]
        if not met:
            return False
    return True


@jit
def draw_joint(
    keys, row_start, row_state, row_condition, row_population, activation,
    start, variable, first, states, fixed, low, high, k0, k1, out,
):  # fmt: skip
    """The first state whose cumulated population over the total exceeds u, variable by variable."""
    most = 0
    for v in range(len(keys)):
        most = max(most, row_start[v + 1] - row_start[v])
    option = np.empty(most, np.int64)
    weight = np.empty(most)
    for d in range(len(out)):
        joint = out[d]
        for v in range(len(keys)):
            joint[v] = INACTIVE
            if activation[v] >= 0 and not holds(activation[v], joint, start, variable, first, states):
                if fixed[v] >= 0:
                    return NOT_POSSIBLE, d
                continue
            n = 0
            for r in range(row_start[v], row_start[v + 1]):
                c = row_condition[r]
                if c < 0 or holds(c, joint, start, variable, first, states):
                    if n and option[n - 1] == row_state[r]:
                        return OVERLAP, d
                    option[n], weight[n] = row_state[r], row_population[r]
                    n += 1
            if fixed[v] >= 0:
                for k in range(n):
                    if option[k] == fixed[v]:
                        joint[v] = fixed[v]
                if joint[v] == INACTIVE:
                    return NOT_POSSIBLE, d
                continue
            if n == 0:
                continue
            total = 0.0
            for k in range(n):
                total += weight[k]
            if not total > 0:
                return NO_POPULATION, d
            w = philox(np.uint64(keys[v]), low, high, np.uint64(DISCRETE), k0, k1)[0]
            u = (np.float64(w) + 0.5) / 4294967296.0
            cumulated, chosen = weight[0], 0
            while u >= cumulated / total:  # at the last state with a population the quotient is 1
                chosen += 1
                cumulated += weight[chosen]
            joint[v] = option[chosen]
        low = (low + np.uint64(1)) & np.uint64(0xFFFFFFFF)
        if low == 0:
            high += np.uint64(1)
    return OK, len(out)


@jit
def apply_states(joint, slot, start, row, delta, xyz):
    """Add the rows of every active state: start (slots + 1,), row (R,), delta (R, 3), xyz (3, padded)."""
    for v in range(len(joint)):
        if joint[v] >= 0:
            k = slot[v] + joint[v]
            for r in range(start[k], start[k + 1]):
                for i in range(3):
                    xyz[i, row[r]] += delta[r, i]


@jit
def mark_absent(joint, slot, start, row, present):
    """present[row] ← False for every row of every active state."""
    for v in range(len(joint)):
        if joint[v] >= 0:
            k = slot[v] + joint[v]
            for r in range(start[k], start[k + 1]):
                present[row[r]] = False
