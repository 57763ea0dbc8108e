"""Mistakes at the corners of conditions, presence, axes, identity and derivation."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

EVALUATE = "polystate.evaluation.evaluate"
JOINT = "polystate.states.joint:States"
REQUEST = "polystate.evaluation.request"
DERIVED = "polystate.rules.derivation:stale"


@fault("presence-set-by-child", f"{EVALUATE}:present", "discrete")
def _(original):
    """A state of mode A sets the presence of its atoms, whatever another descriptor said."""
    return _overridden(original, "d.is_discrete and d.mode == 'A'")


def _overridden(original, by):
    """A presence in which descriptors of one kind make all atoms present but those that they mark absent."""
    own = "result[absent(d, request)] = False"
    return edited(own, f"result[request.among(d.atom_rows)[1] if {by} else []] = True; {own}")(original)


@fault("presence-set-by-trajectory", f"{EVALUATE}:present", "axes", "discrete")
def _(original):
    """A trajectory sets the presence of its atoms, whatever another descriptor said."""
    return _overridden(original, "not d.is_discrete")


@fault("inactive-is-first-state", "polystate.states.scope_dag:holds", "discrete")
def _(original):
    """In a condition an inactive parent counts as in its first state."""
    return edited("int(joint[c.variable]) in", "max(0, int(joint[c.variable])) in")(original)


@fault("depth-is-shortest", "polystate.states.depths:depths", "discrete", "sampling-exact")
def _(original):
    """The depth of a variable is the length of the shortest path to it."""

    def wrong(n, child, parent):
        true = original(n, child, parent)
        if true is None:
            return None
        depth = np.where(np.isin(np.arange(n), child), n, 0)
        for _ in range(n):
            np.minimum.at(depth, child, depth[parent] + 1)
        return depth

    return wrong


@fault("overlap-without-activity", f"{JOINT}._check_conditional", "validate", "discrete")
def _(original):
    """Two conditions that overlap only where the descriptor is inactive are refused."""
    return edited("[a, b, active]", "[a, b]")(original)


@fault("deltas-unturned", f"{EVALUATE}:_deltas", "axes", "discrete", "displacement")
def _(original):
    """Displacements of mode B are not turned by an offset."""
    return edited("return at, d.turn(moved)", "return at, moved")(original)


@fault("offset-by-rows", "polystate.model.descriptor:nearest_rotation", "axes", "gaussian")
def _(original):
    """A rotation that is not quite orthogonal is made so row by row."""

    def wrong(rotation):
        q, r = np.linalg.qr(np.asarray(rotation, float).T)
        return (q * np.sign(np.diag(r))).T

    return wrong


@fault("fixed-axis-counts", "polystate.evaluation.rendering:iterate", "axes")
def _(original):
    """An axis that `at` fixes counts among the steps of an iteration."""
    old = "_draw_of_step(draw, total, k)"
    fixed = "math.prod(dep.axis(name, 'at').length for name in at or {})"
    return edited(old, f"_draw_of_step(draw, total * {fixed}, k)")(original)


@fault("index-from-the-end", "polystate.structure.axes:Axis.step", "axes")
def _(original):
    """Index -1 is the last step of an axis."""
    return lambda self, index: original(self, self.length - 1 if index == -1 else index)


@fault("drawn-bundle-without-axis", f"{REQUEST}:request", "axes", "sampling-exact")
def _(original):
    """The drawn state of a bundle leaves its axis at the step of the usual state."""
    usual = "dep.states.choose(named)"
    return edited("_state_steps(dep, joint)", f"_state_steps(dep, {usual})")(original)


@fault("gone-is-not-stale", "polystate.store.digest:partial_digest", "validate")
def _(original):
    """An input that is no longer there is not stale."""

    class Fresh(str):
        """A hash that no other differs from."""

        __hash__ = str.__hash__

        def __eq__(self, other):
            return True

    def wrong(tree, path):
        found = original(tree, path)
        empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        return Fresh(found) if found == empty else found

    return wrong


@fault("first-input-only", DERIVED, "validate")
def _(original):
    """Of the inputs of a derived descriptor only the first is looked at."""
    return edited('derived.get("inputs", [])', 'derived.get("inputs", [])[:1]')(original)


@fault("hash-in-part", "polystate.rules.operators:operator_errors", "validate")
def _(original):
    """Of the hash of an operator the first sixteen digits are compared."""
    return edited('if operator.get("hash") != entry.hash:',
                  'if str(operator.get("hash"))[:23] != entry.hash[:23]:')(original)  # fmt: skip


@fault("one-atom-groups-not-judged", "polystate.rules.covariance:tls_errors", "validate", "gaussian")
def _(original):
    """Whether TLS is normalised is not judged in groups of one atom."""
    return edited("(counts > 0)", "(counts > 1)")(original)


@fault("latents-at-step-zero", f"{EVALUATE}:components", "axes", "displacement", "decoder")
def _(original):
    """A stored array along an axis without an index is taken at its first step."""
    condition = "if d.has(name) and not are_drawn(d, name, request):"
    first = "if d.has(name) and d.axis is not None and d.axis not in request.steps and d.table(\"latents\"):" \
            "\n        values = np.asarray(d.array(name, 0), np.float64)\n    el"  # fmt: skip
    return edited(condition, first + condition)(original)


@fault("psd-relative-ten-times", "polystate.numbers.positive:indefinite", "gaussian", "sampling-exact")
def _(original):
    """The relative tolerance of the PSD test is 1e-5."""
    return edited("PSD_RELATIVE *", "10 * PSD_RELATIVE *")(original)


@fault("pivot-without-tolerance", "polystate.numbers.positive:cholesky", "sampling-exact")
def _(original):
    """Any pivot above zero is taken."""
    return edited("limit = PIVOT * np.trace(u, axis1=1, axis2=2)", "limit = np.zeros(len(u))")(original)


@fault("populations-summed-pairwise", f"{JOINT}._draw_flat", "sampling-exact", "discrete")
def _(original):
    """The total of populations is summed pairwise, the cumulated sums one after the other."""
    old = "totals = cumulated\n"
    pairwise = "np.array([flat.population[a:b].sum() for a, b in zip(flat.start[:-1], flat.start[1:])])"
    return edited(old, f"totals = {pairwise}\n")(original)


@fault("first-where-no-population", f"{JOINT}._draw_flat", "sampling-exact", "discrete")
def _(original):
    """Where no state has a population the first is drawn."""
    return edited("raise self._no_population(int(flat.variables[empty[0]]))", "totals[empty] = 1.0")(original)


@fault("inactive-variable-unknown", f"{JOINT}._given", "discrete")
def _(original):
    """A state that is given for an inactive variable is not found."""

    def wrong(self, v, state, possible, joint):
        from polystate.errors import StateNotFound

        if possible == [-1]:
            raise StateNotFound(f"state/{self.dag.variable_name(v)}", "a state", "none, of an inactive variable")
        return original(self, v, state, possible, joint)

    return wrong


@fault("map-taken-as-sorted", "polystate.model.descriptor:Descriptor.rows_of_ids", "axes", "validate", "gaussian")
def _(original):
    """The rows of an atom map are taken to be in ascending order of the old ids."""
    return edited("order = np.argsort(old)", "order = np.arange(len(old))")(original)


@fault("ids-taken-as-rows", "polystate.structure.ground:Ground.rows", "gaussian", "discrete")
def _(original):
    """An atom of a request is taken as the number of its row, counted from 1."""

    def wrong(self, atoms):
        return original(self, None) if atoms is None else np.asarray(atoms, np.int64) - 1

    return wrong


@fault("row-conditions-always-active", "polystate.kernels.effects:of_conditions", "sampling-exact")
def _(original):
    """In many draws, conditions of rows hold although the descriptor is inactive."""
    return edited("both = (*active, ", "both = (*(), ")(original)
