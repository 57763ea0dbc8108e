"""Wrong joint states: conditions, orders, defaults, counts, displacements and presence of states."""

import numpy as np

from polystate_conformance.selftest.planting import fault

EVALUATE = "polystate.evaluation.evaluate"
STATES = "polystate.states.joint:States"
DAG = "polystate.states.scope_dag"


@fault("delta-absolute", f"{EVALUATE}:_deltas", "discrete", "axes")
def _(original):
    """The rows of deltas are taken for coordinates (alternate B as absolute)."""

    def wrong(d, request):
        at, moved = original(d, request)
        return at, moved - request.dep.x_ref[request.rows[at]]

    return wrong


@fault("delta-ignored", f"{EVALUATE}:_deltas", "discrete")
def _(original):
    """States change populations and nothing else."""
    return lambda d, request: (np.zeros(0, np.int64), np.zeros((0, 3)))


@fault("delta-sign", f"{EVALUATE}:_deltas", "discrete")
def _(original):
    """Displacements point from the state to the reference."""

    def wrong(d, request):
        at, moved = original(d, request)
        return at, -moved

    return wrong


@fault("mode-a-whole-row", f"{EVALUATE}:_state_coordinates", "discrete")
def _(original):
    """A row of mode A is read for all atoms, not only for those of its site."""

    def wrong(d, request):
        mine, at = request.among(d.atom_rows)
        xyz = request.dep.x_ref[request.rows[at]].copy()
        from polystate.evaluation.evaluate import _state_row, chosen_states

        for site, state in chosen_states(d, request).items():
            xyz = np.asarray(d.array("xyz", _state_row(d)[site, state]), float)[mine]
        return at, xyz

    return wrong


@fault("mode-a-row-is-state", f"{EVALUATE}:_state_row", "discrete")
def _(original):
    """The row of mode A is the number of the state."""
    return lambda d: {pair: pair[1] for pair in original(d)}


@fault("absent-ignored", f"{EVALUATE}:present", "discrete", "axes")
def _(original):
    """Every atom is present in every state."""
    return lambda request: np.ones(len(request.rows), bool)


@fault("absent-nan", f"{EVALUATE}:mean", "discrete")
def _(original):
    """Absent atoms have NaN as coordinates."""

    def wrong(request):
        from polystate.evaluation.evaluate import present

        xyz = original(request)
        xyz[~present(request)] = np.nan
        return xyz

    return wrong


@fault("inactive-atoms-absent", f"{EVALUATE}:present", "discrete")
def _(original):
    """Atoms of an inactive variable are absent."""

    def wrong(request):
        found = original(request)
        dag = request.dep.states.dag
        for v in np.flatnonzero(request.joint < 0).tolist():
            d = request.dep.descriptors[dag.descriptor(v)]
            found &= d.label_of_atom[request.rows] != dag.site[v]
        return found

    return wrong


@fault("atom-id-as-row", "polystate.model.descriptor:Descriptor.rows_of_ids", "discrete", "sampling-exact")
def _(original):
    """Atom ids are taken for one-based rows."""
    return lambda self, ids, where: np.minimum(np.asarray(ids, np.int64) - 1, self.dep.n_atoms - 1)


@fault("default-last-state", "polystate.states.joint:_first_maximum", "discrete")
def _(original):
    """The default of a variable is its last state."""
    return lambda values, start: np.diff(start) - 1


@fault("default-tie-last", "polystate.states.joint:_first_maximum", "discrete")
def _(original):
    """Of equally populated states the last is taken."""

    def wrong(values, start):
        runs = [values[a:b] for a, b in zip(start[:-1], start[1:], strict=True)]
        return np.array([len(run) - 1 - int(np.argmax(run[::-1])) for run in runs], np.int64)

    return wrong


@fault("default-ignores-condition", f"{STATES}._joint", "discrete", "sampling-exact")
def _(original):
    """The population of a state is that of its first row, whatever holds."""

    def wrong(self, wanted, flat, pick, known=None):
        def first_row(v, possible, joint):
            rows = self.dag.rows(v)
            found = {}
            for s, p in zip(rows.state.tolist(), rows.population.tolist(), strict=True):
                found.setdefault(s, p)
            return max(possible, key=lambda s: (found[s], -s))

        return original(self, wanted, flat, first_row)

    return wrong


@fault("legal-order-reversed", f"{STATES}.joints", "discrete")
def _(original):
    """The first variable turns fastest."""
    from itertools import islice

    def wrong(self):
        found = list(islice(original(self), 1000))
        return iter(sorted(found, key=lambda joint: joint[::-1].tolist()))

    return wrong


@fault("order-by-id-only", "polystate.states.scope_dag:depths", "discrete")
def _(original):
    """Variables are ordered by id, whatever depends on what."""
    return lambda n, child, parent: np.zeros(n, np.int64)


@fault("cycle-accepted", "polystate.states.scope_dag:depths", "validate")
def _(original):
    """Variables that depend on themselves are not noticed."""

    def wrong(n, child, parent):
        found = original(n, child, parent)
        return np.zeros(n, np.int64) if found is None else found

    return wrong


@fault("child-without-parent", "polystate.states.counting:options", "discrete", "sampling-exact")
def _(original):
    """Nested states exist whatever their parents are."""
    return lambda dag, v, joint: list(range(int(dag.n_states[v])))


@fault("inactive-counted", "polystate.states.counting:options", "discrete")
def _(original):
    """A conditional variable may always be inactive as well."""

    def wrong(dag, v, joint):
        found = original(dag, v, joint)
        return found if v not in dag.conditional or found == [-1] else [-1, *found]

    return wrong


@fault("inactive-counted-in-trees", "polystate.states.trees:tables", "discrete")
def _(original):
    """A variable under one other may always be inactive as well, where whole trees are counted."""

    def wrong(dag, variables, parent, width):
        found = original(dag, variables, parent, width)
        found[:, :, 0] |= (parent >= 0)[:, None]
        return found

    return wrong


@fault("inactive-lost-in-trees", "polystate.states.trees:tables", "discrete")
def _(original):
    """A variable without an available state rules its parent's state out, where whole trees are counted."""

    def wrong(dag, variables, parent, width):
        found = original(dag, variables, parent, width)
        found[:, :, 0] = False
        return found

    return wrong


@fault("conditions-or-only", f"{DAG}:holds", "discrete")
def _(original):
    """One clause of a condition is enough."""
    return lambda condition, joint: not condition or any(original((clause,), joint) for clause in condition)


@fault("conditions-and-only", f"{DAG}:holds", "discrete")
def _(original):
    """Rows of a condition are and within a parent, too."""

    def wrong(condition, joint):
        return original(condition, joint) and all(len(clause.states) == 1 for clause in condition or ())

    return wrong


@fault("count-float", "polystate.states.counting:count", "discrete")
def _(original):
    """Counts are made in floating point."""
    return lambda dag: int(float(original(dag)))


@fault("count-product", "polystate.states.counting:count", "discrete")
def _(original):
    """The count is the product of the numbers of states, without the scope DAG."""
    return lambda dag: int(np.prod([int(n) for n in dag.n_states], dtype=object)) if len(dag) else 1


@fault("illegal-state-accepted", f"{STATES}.choose", "discrete")
def _(original):
    """A joint state that is not legal is answered with the default."""

    def wrong(self, state):
        from polystate.errors import IllegalState

        try:
            return original(self, state)
        except IllegalState:
            return original(self, {})

    return wrong


@fault("label-case-ignored", f"{STATES}.find", "discrete")
def _(original):
    """Labels of states are compared without regard to case."""

    def wrong(self, state):
        known = {}
        for name, label in state.items():
            labels = list(self.dag.state_labels(self.variable(name)))
            known[name] = next((x for x in labels if str(x).lower() == str(label).lower()), label)
        return original(self, known)

    return wrong


@fault("frame-off-by-one", "polystate.structure.axes:Axis.step", "axes", "displacement")
def _(original):
    """Steps of an axis are counted from one."""
    return lambda self, index: max(0, original(self, index) - 1)


@fault("axis-index-clamped", "polystate.structure.axes:Axis.step", "axes")
def _(original):
    """An index beyond the axis is taken as its last step."""
    return lambda self, index: min(max(index, 0), self.length - 1)
