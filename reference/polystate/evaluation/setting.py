"""What moments are taken of, and tables over the values of few variables.

A set of variables is a key; what depends on them is a table with one entry for each of their joint values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from polystate.evaluation import latents
from polystate.evaluation.evaluate import Request
from polystate.model.descriptor import Descriptor
from polystate.states.expectations import Law, Variables
from polystate.states.scope_dag import INACTIVE, Condition, holds


@dataclass
class Setting:
    """What moments are taken of: the law of the joint states, and what each axis does.

    request: the atoms, the steps that are given, amplitudes; averaged: the variable of each averaged axis; bundles:
    the variable whose state is the step of an axis; policy: of a Gaussian descriptor, [AXI-20]."""

    law: Law
    request: Request
    averaged: Mapping[str, int]
    bundles: Mapping[str, int]
    decoders: latents.Rule
    policy: Callable[[Descriptor], str] | None = None

    def __post_init__(self) -> None:
        self._single = len(self.law.sizes)
        self._several: list[Variables] = []
        self._numbers: dict[Variables, int] = {(): 0}
        self._maps: dict[tuple[Variables, Variables], np.ndarray] = {}

    @property
    def n(self) -> int:
        return len(self.request.rows)

    # -- keys: 0 is no variable, v + 1 the variable v alone, what follows sets of several ------------------

    def number(self, variables: Variables) -> int:
        """The key of a set of variables."""
        if len(variables) == 1:
            return variables[0] + 1
        if variables not in self._numbers:
            self._several.append(variables)
            self._numbers[variables] = self._single + len(self._several)
        return self._numbers[variables]

    def of_key(self, key: int) -> Variables:
        """The variables of a key."""
        if key > self._single:
            return self._several[key - self._single - 1]
        return (key - 1,) if key else ()

    @property
    def sizes(self) -> np.ndarray:
        """How many joint values the variables of each key have, (keys,)."""
        several = [int(np.prod(self.law.sizes[list(v)])) for v in self._several]
        return np.concatenate([[1], self.law.sizes, np.array(several, np.int64)])

    def chances(self, keys: np.ndarray) -> np.ndarray:
        """The probabilities of the values of keys that all have as many, (K, m)."""
        alone = (keys > 0) & (keys <= self._single)
        found = np.ones((int(self.sizes[keys[0]]), len(keys)))
        if alone.any():
            found[:, alone] = self.law.singly(keys[alone] - 1)
        for k in np.flatnonzero(keys > self._single).tolist():
            found[:, k] = self.law.probability(self.of_key(int(keys[k]))).reshape(-1)
        return found

    def are_simple(self) -> np.ndarray:
        """Whether each key hangs together with no averaged axis, or is one, (keys,) bool."""
        simple = np.ones(1 + self._single + len(self._several), bool)
        if self.averaged:
            axes = list(self.averaged.values())
            simple[1 : 1 + self._single] = ~self.law.together(axes)
            simple[[v + 1 for v in axes]] = True
            simple[1 + self._single :] = [self.law.apart(v, axes) for v in self._several]
        return simple

    def among(self, few: Variables, many: Variables) -> np.ndarray:
        """For each value of many variables in C order, which value of a few of them that is."""
        if (few, many) not in self._maps:
            shape = self.law.shape(many)
            grid = np.indices(shape).reshape(len(many), -1) if many else np.zeros((0, 1), np.int64)
            place = np.zeros(grid.shape[1], np.int64)
            for v in few:
                place = place * self.law.size(v) + grid[many.index(v)]
            self._maps[few, many] = place
        return self._maps[few, many]

    def at_values(self, variables: Variables) -> Iterator[tuple[int, dict[int, int]]]:
        """The values of some variables in C order, as states (-1 = inactive) or steps by variable."""
        for k, place in enumerate(np.ndindex(*self.law.shape(variables))):
            yield k, {v: self._state(v, p) for v, p in zip(variables, place, strict=True)}

    def _state(self, v: int, place: int) -> int:
        return INACTIVE if v < len(self.law.dag) and place == self.law.dag.n_states[v] else place

    def held(self, condition: Condition | None, variables: Variables) -> np.ndarray:
        """Whether a condition on some of these variables holds, by their values, (K,) bool."""
        own = variables_of(condition)
        found = np.array([holds(condition, joint) for _, joint in self.at_values(own)])
        return found[self.among(own, variables)]

    def evaluated(self, condition: Condition | None = None, steps: Mapping[str, int] | None = None) -> Request:
        """A request whose joint state meets a condition and says nothing else."""
        joint = np.full(len(self.law.dag), INACTIVE, np.int64)
        for clause in condition or ():
            joint[clause.variable] = min(clause.states)
        return self._at(joint, steps or {})

    def in_state(self, d: Descriptor, k: int) -> Request:
        """A request in which each variable of a descriptor is in its k-th state; inactive where it never is in that."""
        joint = np.full(len(self.law.dag), INACTIVE, np.int64)
        mine = self.variables(d)
        mine = mine[self.law.dag.n_states[mine] > k]
        for size in np.unique(self.law.sizes[mine]).tolist():
            some = mine[self.law.sizes[mine] == size]
            joint[some[self.law.singly(some)[k] > 0]] = k
        return self._at(joint, {})

    def _at(self, joint: np.ndarray, steps: Mapping[str, int]) -> Request:
        r = self.request
        return Request(r.dep, joint, r.rows, {**r.steps, **steps}, r.components, allow_code=r.allow_code)

    def draws(self, d: Descriptor) -> bool:
        """Whether amplitudes or latent components of a descriptor are drawn ([MEAN-20])."""
        if d.signal_type == "unknown" or latents.stored_name(d) is None or d.id in self.request.components:
            return False
        has_step = d.axis in self.request.steps or d.axis in self.averaged or d.axis in self.bundles
        return not d.has(str(latents.stored_name(d))) or (d.axis is not None and not has_step)

    def likely(self, v: int) -> np.ndarray:
        """Whether each value of a variable has a probability above 0, (K,) bool."""
        return self.law.probability((v,)) > 0

    def variables(self, d: Descriptor) -> np.ndarray:
        """The variables of a discrete descriptor."""
        dag = self.law.dag
        return np.flatnonzero(dag.table == [t.id for t in dag.tables].index(d.id))

    def variable_of_atom(self, d: Descriptor) -> np.ndarray:
        """The variable of a discrete descriptor that each atom asked for belongs to, (n,), -1 = none."""
        label = d.label_of_atom[self.request.rows]
        found = self.law.dag.variables(d.id, np.arange(d.n_labels))
        return np.where(label >= 0, found[label], -1)


def variables_of(condition: Condition | None) -> Variables:
    return tuple(clause.variable for clause in condition or ())
