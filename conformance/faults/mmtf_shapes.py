"""Wrong decoders of MMTF: half a bond, groups as they come, codecs below 1, a charge."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited
from polystate_tools.formats.mmtf.errors import BadValue

MMTF = "polystate_tools.formats.mmtf"


@fault("odd-ends-of-no-orders", f"{MMTF}.groups:_check_lengths", "mmtf")
def _(original):
    """Half a bond of a group without orders passes."""
    return edited("if len(atoms) % 2:", 'if len(atoms) % 2 and "bondOrderList" in group:')(original)


@fault("negative-codecs-are-bad-headers", f"{MMTF}.codecs:read_header", "mmtf")
def _(original):
    """A codec below 1 is refused as a header that is damaged."""
    return edited("    if header.codec not in RESULT:\n",
                  '    if header.codec < 1:\n        raise BadHeader(where, f"codec {header.codec}", "a codec")\n'
                  "    if header.codec not in RESULT:\n")(original)  # fmt: skip


@fault("keys-in-order-of-the-file", f"{MMTF}.groups:normalise", "mmtf")
def _(original):
    """Groups of a map stay in the order of the file; only their keys are sorted."""
    return edited("value = [by_number[key] for key in order]", "value = list(by_number.values())")(original)


@fault("charges-from-minus-127", f"{MMTF}.groups:normalise", "mmtf")
def _(original):
    """A charge of -128 is refused."""

    def wrong(value, dialect, optional=()):
        made = original(value, dialect, optional)
        for i, group in enumerate(made[0]):
            if -128 in group["formalChargeList"]:
                raise BadValue(f"groupList[{i}].formalChargeList", -128, "charges from -127 to 127")
        return made

    return wrong
