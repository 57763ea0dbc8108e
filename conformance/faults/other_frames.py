"""Slips about the frame and the atoms that a descriptor was made for."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

DESCRIPTOR, EVALUATE = "polystate.model.descriptor:Descriptor", "polystate.evaluation.evaluate"


@fault("frames-of-named-references-alone", f"{DESCRIPTOR}.offset", "validate")
def _(original):
    """A frame is compared only where the deposition names its own."""
    offset = type(original)(edited("if frame != ours:", 'if frame != ours and ours != "deposition":')(original.func))
    offset.__set_name__(None, "offset")
    return offset


@fault("rows-of-u-unturned", f"{EVALUATE}:level_covariance", "gaussian")
def _(original):
    """Only covariances of groups are turned by an offset."""
    call = 'call(d.procedure.operator, inputs)["u"]'
    return edited(
        f"own = d.turn_covariance({call})", f"own = {call} if rows is not None else d.turn_covariance({call})"
    )(original)


@fault("maps-of-mapped-ids-alone", "polystate.rules.descriptors:_table_errors", "validate")
def _(original):
    """A map of atoms is judged only where it is used."""
    return edited("if name in d.group.tables:", 'if name in d.group.tables and (name != "atom_map" or d.is_mapped):')(
        original
    )
