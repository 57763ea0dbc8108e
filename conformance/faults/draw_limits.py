"""Wrong draws at the limits: texts of seeds, the last index, small pivots, states without a population."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

POSITIVE = "polystate.numbers.positive"
SAMPLING = "polystate.numbers.philox"
STATES = "polystate.states.joint:States"
EXACT = "sampling-exact"


@fault("digits-of-any-script", f"{SAMPLING}:whole", EXACT)
def _(original):
    """Digits of any script are digits."""
    return edited("text.isascii() and text.isdigit()", "text.isdecimal()")(original)


@fault("digits-in-groups", f"{SAMPLING}:whole", EXACT)
def _(original):
    """Digits may stand in groups with a low line between them."""
    return lambda text, where: original(text.replace("_", "") if text[:1] != "_" else text, where)


@fault("no-digits-are-zero", f"{SAMPLING}:whole", EXACT)
def _(original):
    """A text without digits is 0."""
    return lambda text, where: original(text or "0", where)


@fault("leading-zeros-count", f"{SAMPLING}:whole", EXACT)
def _(original):
    """A number of more than twenty digits is refused, whatever the first ones are."""
    return edited("len(digits) > 20", "len(text) > 20")(original)


@fault("later-indices-wrap", "polystate.kernels.ensemble:Ensemble.draws", EXACT)
def _(original):
    """After the last draw index comes the first."""

    def wrong(self, seed, first, xyz, present=None, states=None):
        last = (1 << 64) - first
        if not 0 < last < len(xyz):
            return original(self, seed, first, xyz, present, states)
        parts = [None if a is None else a[:last] for a in (xyz, present, states)]
        original(self, seed, first, *parts)
        return original(self, seed, 0, *[None if a is None else a[last:] for a in (xyz, present, states)])

    return wrong


@fault("last-of-several-draws-refused", "polystate.kernels.ensemble:Ensemble.draws", EXACT)
def _(original):
    """Of several draws none has the last index."""
    return edited("if first > MOST_DRAWS - len(xyz):", "if first >= MOST_DRAWS - len(xyz):")(original)


@fault("pivot-of-an-absolute-tolerance", f"{POSITIVE}:cholesky", EXACT)
def _(original):
    """A pivot is zero below 1e-12 Å², whatever the trace."""
    return edited("PIVOT * np.trace(u, axis1=1, axis2=2)", "np.full(len(u), PIVOT)")(original)


@fault("pivot-by-the-largest", f"{POSITIVE}:cholesky", EXACT)
def _(original):
    """A pivot is zero below 1e-12 of the largest element."""
    return edited("np.trace(u, axis1=1, axis2=2)", "np.abs(u).max(axis=(1, 2))")(original)


@fault("pivot-by-the-mean", f"{POSITIVE}:cholesky", EXACT)
def _(original):
    """A pivot is zero below 1e-12 of the mean of the diagonal."""
    return edited("np.trace(u, axis1=1, axis2=2)", "np.trace(u, axis1=1, axis2=2) / 3")(original)


@fault("lone-states-need-no-population", f"{STATES}._draw_flat", EXACT)
def _(original):
    """A draw takes the only state of a variable, though its population is 0."""
    return lambda self, u, given: original(self, u, given | (np.diff(self.dag.flat.start) == 1))


@fault("nothing-below-takes-the-first", f"{STATES}._pick", EXACT)
def _(original):
    """Under a condition, of states of population 0 a draw takes the first."""
    return lambda self, v, weights, u: original(self, v, weights, u) if weights.any() else 0


@fault("populations-of-the-last-condition", f"{STATES}.populations", EXACT)
def _(original):
    """The population of a state is that of its last row, whichever condition holds."""
    return _of_row(original, -1)


@fault("populations-of-the-first-condition", f"{STATES}.populations", EXACT)
def _(original):
    """The population of a state is that of its first row, whichever condition holds."""
    return _of_row(original, 0)


def _of_row(original, which):
    def wrong(self, v, joint):
        rows = self.dag.rows(v)
        known: dict = {}
        for state, population in zip(rows.state.tolist(), rows.population.tolist(), strict=True):
            known.setdefault(state, []).append(population)
        return {state: known[state][which] for state in original(self, v, joint)}

    return wrong


@fault("pivots-of-all-atoms", f"{POSITIVE}:cholesky", EXACT)
def _(original):
    """What is taken off a pivot is summed over all atoms."""
    return edited("(c[:, j, :j] ** 2).sum(axis=1)", "(c[:, j, :j] ** 2).sum()")(original)
