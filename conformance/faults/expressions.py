"""Mistakes of one expression that only mutation found."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CONTRIBUTIONS = "polystate.evaluation.contributions:Contributions"


@fault("rotation-in-one-step", "polystate.model.descriptor:nearest_rotation", "displacement")
def _(original):
    """The nearest rotation is left after one step of the iteration."""
    return edited("range(2)", "range(1)")(original)


@fault("checksum-unread", "polystate.store.chunks:_crc32c", "read", "validate")
def _(original):
    """A checksum is cut off and not compared."""
    return edited('google_crc32c.value(body) != int.from_bytes(check, "little")', "False")(original)


@fault("digest-bits-of-nan", "polystate.store.digest:_array_line", "read", "validate")
def _(original):
    """NaN is hashed with the bits it has."""
    return edited('values.dtype.kind == "f" and np.isnan(values).any()', "False")(original)


@fault("sum-without-always", "polystate.states.joint:States._check_conditional", "validate")
def _(original):
    """Rows that hold always are left out of the sums of populations under conditions."""
    return edited("p + always", "p")(original)


@fault("screw-mirrored", "polystate.rules.covariance:_mean_trace", "validate")
def _(original):
    """The mean trace of a group takes S with the other sign."""
    return edited("+ 2 * screwed", "- 2 * screwed")(original)


@fault("cell-of-one-oblique-angle", "polystate.operators.symmetry.space_group_v1:orthogonalization", "registry")
def _(original):
    """The y of c is not divided by sin γ."""
    return edited("c * (ca - cb * cg) / sg", "c * (ca - cb * cg)")(original)


@fault("moments-transforms-by-name", f"{CONTRIBUTIONS}._transform", "moments")
def _(original):
    """Moments take transforms in the order of their ids, whatever the size of their groups."""
    return edited("w[:2]", "w[1]")(original)


@fault("moments-absolute-states-forgotten", f"{CONTRIBUTIONS}._enter_states", "moments")
def _(original):
    """Moments see no conflict of absolute states with another absolute source."""
    return edited("if d.is_absolute:", "if False:")(original)


@fault("beads-in-single-precision", "polystate.operators.coarse_grain.weighted_sum_v1:weighted_sum_v1", "registry")
def _(original):
    """Beads are made with weights of 32 bits."""
    return edited("np.asarray(weight, np.float64)", "np.asarray(weight, np.float32)")(original)


@fault("any-scheme-is-file", "polystate.artifacts.location:_located", "external")
def _(original):
    """Whatever stands before the colon, the rest is the name of a file."""
    return edited('parts.scheme == "file" and ', "")(original)
