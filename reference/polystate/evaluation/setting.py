"""What moments are taken of, and tables over the values of few variables.

A set of variables is a key; what depends on them is a table with one entry for each of their joint values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

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
    keys: list[Variables] = field(default_factory=lambda: [()])

    def __post_init__(self) -> None:
        self._numbers: dict[Variables, int] = {(): 0}
        self._maps: dict[tuple[Variables, Variables], np.ndarray] = {}

    @property
    def n(self) -> int:
        return len(self.request.rows)

    def number(self, variables: Variables) -> int:
        """The number of a set of variables in `keys`."""
        if variables not in self._numbers:
            self._numbers[variables] = len(self.keys)
            self.keys.append(variables)
        return self._numbers[variables]

    def size(self, key: int) -> int:
        return int(np.prod([self.law.size(v) for v in self.keys[key]], dtype=np.int64))

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
        for v in self.variables(d).tolist():
            if k < self.law.dag.n_states[v] and self.likely(v)[k]:
                joint[v] = k
        return self._at(joint, {})

    def _at(self, joint: np.ndarray, steps: Mapping[str, int]) -> Request:
        r = self.request
        return Request(r.dep, joint, r.rows, {**r.steps, **steps}, r.components, allow_code=r.allow_code)

    def draws(self, d: Descriptor) -> bool:
        """Whether amplitudes or latent components of a descriptor are drawn ([MEAN-20])."""
        if latents.stored_name(d) is None or not d.table("latents") or d.id in self.request.components:
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
