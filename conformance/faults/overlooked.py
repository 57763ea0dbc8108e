"""Slips of one expression that passed every case, or failed a single one, when they were planted anew."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

RULES = "polystate.rules"
EVALUATION = "polystate.evaluation"


@fault("annotations-lost-with-the-mode", "polystate.editing.modes:convert", "displacement")
def _(original):
    """What is written in another mode has no annotations."""
    return edited("for path in tree}", 'for path in tree if not path.startswith("annotations/")}')(original)


@fault("any-negative-is-clipped", f"{EVALUATION}.rendering:_displacing", "sampling-exact")
def _(original):
    """A covariance counts as clipped at any negative eigenvalue, within the tolerance too."""
    return edited("len(indefinite(u)) > 0", "any(np.linalg.eigvalsh(u)[:, 0] < 0)")(original)


@fault("false-key-passes", f"{RULES}.descriptors:combination_errors", "validate")
def _(original):
    """A key that is false counts as one that is not there."""
    return edited("d.document.get(key) is not None", "d.document.get(key)")(original)


@fault("pipeline-without-payload", f"{RULES}.descriptors:payload_errors", "validate")
def _(original):
    """What a named pipeline made needs no arrays and tables at all."""

    def errors(d, part="all"):
        pipeline = (d.document.get("derived_from") or {}).get("pipeline")
        if not pipeline or d.stored.arrays or d.stored.tables:
            yield from original(d, part)

    return errors


@fault("step-is-a-row-of-states", f"{EVALUATION}.request:axis_states", "axes")
def _(original):
    """A step on the axis of a bundle is taken as a row of its states."""
    found = 'int(np.flatnonzero(d.column("states", "state") == number)[0])'
    return edited(found, f"number if bundle is not None else {found}")(original)


@fault("levels-of-199", "polystate.store.metadata:_is_deep", "validate")
def _(original):
    """Exactly 200 levels are refused too."""
    return edited("range(DEEPEST)", "range(DEEPEST - 1)")(original)


@fault("counted-twice-in-one-order", f"{RULES}.doubtful:warnings", "validate")
def _(original):
    """A Gaussian of unknown content is held against those after it alone."""
    return edited("for o in gaussians if o is not d", "for o in gaussians[gaussians.index(d) + 1 :]")(original)


@fault("no-words-on-ncs-pass", f"{RULES}.hierarchy:_ncs_errors", "validate")
def _(original):
    """No words at all on the copies of NCS are as good as one an operator."""
    return edited("if given != operators:", "if given and given != operators:")(original)


@fault("own-parent-passes", "polystate.states.scope_dag:ScopeDag._set_edges", "validate")
def _(original):
    """A variable may be under itself."""
    return edited("distinct(child * n + parent)", "distinct((child * n + parent)[child != parent])")(original)


@fault("map-to-nothing-drops", "polystate.model.descriptor:Descriptor.rows_of_ids", "validate", "axes")
def _(original):
    """Atoms that a map sends to none of the hierarchy are left out."""
    return edited('if kind == "superset":', 'if kind in ("superset", "mapped"):')(original)


@fault("size-of-those-asked", f"{EVALUATION}.evaluate:group_sizes", "displacement", "sampling-exact")
def _(original):
    """Of the atoms of a transform those are counted that are asked for."""

    def asked(d, request):
        label = d.label_of_atom[request.rows]
        return np.bincount(label[label >= 0], minlength=d.n_labels)[label]

    return asked
