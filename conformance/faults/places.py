"""Something else than what stands at its place: a step, a row, a level, a label, a pivot, a state."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

EVALUATE = "polystate.evaluation.evaluate"


@fault("axis-of-one-step-without-index", f"{EVALUATE}:step_of", "axes")
def _(original):
    """An axis of one step needs no index."""

    def wrong(d, request):
        if d.axis is not None and d.axis not in request.steps and request.dep.axis(d.axis, d.path).length == 1:
            return 0
        return original(d, request)

    return wrong


@fault("rows-of-labels-in-use", f"{EVALUATE}:placed", "gaussian")
def _(original):
    """Labels without atoms have no row."""
    return edited(
        '{"group": label[at],',
        '{"group": np.searchsorted(np.unique(d.label_of_atom[d.label_of_atom >= 0]), label[at]),',
    )(original)


@fault("index-of-levels-not-named", f"{EVALUATE}:covariance", "gaussian")
def _(original):
    """A covariance asks for the steps of Gaussian descriptors that are not named."""

    def wrong(request, levels=None, by_level=False):
        for d in gaussian_levels(request.dep):
            if is_active(d, request):
                step_of(d, request)
        return original(request, levels, by_level)

    from polystate.evaluation.evaluate import gaussian_levels, is_active, step_of

    return wrong


@fault("numbers-of-labels-for-places", "polystate.evaluation.averaging:_labels", "moments")
def _(original):
    """The number that a step has in `labels` is compared with the place of the given state."""
    return edited("np.where(state == fixed[v],", 'np.where(d.array("labels") == fixed[v],')(original)


@fault("latents-beside-stored-unread", "polystate.rules.descriptors:_table_errors", "validate")
def _(original):
    """A variance of `latents` is not judged where amplitudes are stored."""

    def wrong(d, tables, part):
        for error in original(d, tables, part):
            of_variance = error.code == "out-of-range" and error.where.startswith(f"{d.path}/latents/variance")
            if not (of_variance and d.has(d.procedure.components)):
                yield error

    return wrong


@fault("pivots-of-the-largest-atom", "polystate.numbers.positive:cholesky", "sampling-exact")
def _(original):
    """Pivots of all atoms are compared with the largest trace."""
    return edited("np.trace(u, axis1=1, axis2=2)", "np.trace(u, axis1=1, axis2=2).max(initial=0.0)")(original)


@fault("reference-state-atom-by-atom", "polystate_tools.formats.building.variables:_Walk._of_variable", "exchange")
def _(original):
    """Each atom has the reference state of its own largest occupancy."""
    return edited("(weights[s], -s)", "(self.layout.records.occupancy[reference[s]], -s)")(original)
