"""Mistakes of one expression that only mutation found."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited


@fault("screw-mirrored", "polystate.rules.covariance:_mean_trace", "validate")
def _(original):
    """The mean trace of a group takes S with the other sign."""
    return edited("+ 2 * screwed", "- 2 * screwed")(original)
