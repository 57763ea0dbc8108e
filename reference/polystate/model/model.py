"""The model of a deposition: its descriptors, the joint states they span, the conditions they hold under."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial

import numpy as np

from polystate.errors import BadRequest
from polystate.model import derivation
from polystate.model.descriptor import Descriptor
from polystate.model.recent import Recent
from polystate.states.joint import States
from polystate.states.scope_dag import Condition, ScopeDag, StateTable, state_table
from polystate.structure.ground import Ground


class Model(Ground):
    """Ground and descriptors. A model takes what is written as it is; `rules.guard.Judged` judges it first."""

    def check_documents(self) -> None:
        """Called before documents are relied on; a model by itself trusts them."""

    def check_payload(self, d: Descriptor, part: str = "all") -> None:
        """Called before the arrays and tables of a descriptor are relied on; a model by itself trusts them."""

    def judged(self, part: str) -> None:
        """Called where validation found a part good; a model by itself keeps no account."""

    def check_values(self, d: Descriptor, name: str, values: np.ndarray) -> None:
        """Called before a part of an array is relied on; a model by itself trusts it."""

    def parameter_rows(self, d: Descriptor, rows: np.ndarray) -> np.ndarray:
        """Some rows of the parameter of an operator of rows; where only some atoms are asked for, no chunk is read that
        none of them needs. What looks wrong is judged with all of it."""
        name = str(d.procedure.parameter)
        part = d.part(name, rows)
        if part is None:
            self.check_payload(d)
            return d.array(name)[rows]
        self.check_values(d, name, part[1])
        return part[1][rows - part[0]]

    def basis_of(self, d: Descriptor, columns: np.ndarray) -> np.ndarray:
        """The vectors of some atoms of a basis, (k, n, 3), read and judged as `parameter_rows` does."""
        part = d.part("basis", columns, along=1)
        if part is None:
            self.check_payload(d)
            basis = d.array("basis")
            return basis if len(columns) == basis.shape[1] else basis[:, columns]  # megabytes, not copied for all atoms
        self.check_values(d, "basis", part[1])
        return part[1][:, columns - part[0]]

    @cached_property
    def recent(self) -> Recent:
        """What the last requests needed; the tree under it does not change."""
        return Recent()

    @cached_property
    def descriptors(self) -> dict[str, Descriptor]:
        """All descriptors by id, in byte order."""
        prefix = "descriptors/"
        names = sorted(p[len(prefix) :] for p in self.tree if p.startswith(prefix) and p.count("/") == 1)
        complete = partial(derivation.complete, self)
        return {n: Descriptor(self, n, self.tree[prefix + n], complete) for n in names}

    @cached_property
    def states(self) -> States:
        """The joint states: `count()`, `legal()`, and how one is chosen."""
        self.check_documents()
        found = [d for d in self.descriptors.values() if d.is_discrete]
        for d in found:
            self.check_payload(d, "states")
        dag = ScopeDag([_state_table(d) for d in found])
        keys = np.zeros(len(dag), np.uint32)
        for d in found:
            if d.table("variables"):
                v = dag.variables(d.id, d.column("variables", "site"))
                keys[v[v >= 0]] = d.column("variables", "draw_key")[v >= 0]
        return States(dag, keys)

    def conditions(self, d: Descriptor) -> Mapping[int, Condition]:
        """The conditions of any descriptor by number."""
        if d.is_discrete:
            return self.states.dag.conditions(d.id)
        if d.id not in self._conditions:
            self._conditions[d.id] = self.states.dag.parse(d.table("conditions"), f"{d.path}/conditions")
        return self._conditions[d.id]

    @cached_property
    def _conditions(self) -> dict[str, Mapping[int, Condition]]:
        return {}

    def landmark(self, descriptor: str, label: str) -> np.ndarray:
        """A named point among the amplitudes or latent components of a descriptor, (d,) float64."""
        path = f"landmarks/{descriptor}"
        labels = list(self.tree[path].attributes.get("labels", [])) if path in self.tree else []
        if label not in labels:
            # ERR-10
            raise BadRequest(f"components/{descriptor}", label, "one of " + (", ".join(labels) or "no landmarks"))
        return np.asarray(self.tree[path].arrays["point"], np.float64)[labels.index(label)]


def _state_table(d: Descriptor) -> StateTable:
    return state_table(d.id, d.group.tables, d.label_names, d.active_when)
