"""Wrong evaluators that hold numbers of 64 bits in 32, and others that take what stands beside for what is asked."""

from functools import cached_property

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

MODEL = "polystate.model"
STRUCTURE = "polystate.structure"


@fault("landmarks-of-single-precision", f"{MODEL}.derivation:_assigned", "axes")
def _(original):
    """Landmarks are held in 32 bits."""
    return edited('landmarks.arrays["point"], np.float64', 'landmarks.arrays["point"], np.float32')(original)


@fault("offsets-of-single-precision", f"{MODEL}.descriptor:Descriptor.offset", "displacement")
def _(original):
    """The translation of an offset is held in 32 bits."""
    made = cached_property(edited("np.zeros(3), np.float64", "np.zeros(3), np.float32")(original.func))
    made.__set_name__(None, "offset")
    return made


@fault("means-of-single-precision", f"{MODEL}.listed:enumerated", "displacement")
def _(original):
    """Listed coordinates are averaged in 32 bits."""
    return edited('d.array("xyz"), np.float64', 'd.array("xyz"), np.float32')(original)


@fault("differences-by-axis-of-the-next", f"{MODEL}.listed:sparse", "displacement")
def _(original):
    """Of what differs from the reference z stands for y too."""
    return edited('"dy": differences[:, 1]', '"dy": differences[:, 2]')(original)


@fault("keys-for-those-without-variables", f"{MODEL}.derivation:free_draw_key", "sampling-exact")
def _(original):
    """Draw keys are set aside for descriptors that have no variable, and for those that have their own."""
    return edited('maker(other.document) and "variables"', 'maker(other.document) or "variables"')(original)


@fault("groups-below-axes", f"{STRUCTURE}.axes:axes", "read")
def _(original):
    """A group below an axis is an axis too."""
    return edited(' and p.count("/") == 1', "")(original)


@fault("atoms-held-against-the-first", f"{STRUCTURE}.ground:Ground.rows", "displacement")
def _(original):
    """Atoms of a request need only have larger ids than the first."""
    return edited("ids[1:] <= ids[:-1]", "ids[1:] <= ids[:1]")(original)
