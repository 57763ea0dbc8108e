"""Wrong importers and exporters: cells and shifts at their bounds, which polymer is first, a rest of a rounding."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

FORMATS = "polystate_tools.formats"
EXCHANGE = "exchange"


@fault("cells-of-one-by-their-angles", f"{FORMATS}.mmtf.records:_crystal", EXCHANGE)
def _(original):
    """Lengths of 1 stand for no crystal only beside right angles."""
    return edited("cell[:3] == (1.0, 1.0, 1.0)", "cell == (1.0, 1.0, 1.0, 90.0, 90.0, 90.0)")(original)


@fault("shifts-as-long-below-zero", f"{FORMATS}.pdb.fit:_check_numbers", EXCHANGE)
def _(original):
    """A shift of an operator may be as long below zero as above."""
    return edited("shifts, -999.999995, 9999.999995", "shifts, -9999.999995, 9999.999995")(original)


@fault("polymers-in-order-of-molecules", f"{FORMATS}.pdb.entities:entities_of_structure", EXCHANGE)
def _(original):
    """Polymers of a PDB file are in the order of MOL_ID."""
    return edited("sorted(members.values(), key=lambda found: min(place.get(name, len(place)) for _, name in found))",
                  "[found for _, found in sorted(members.items(), key=lambda item: (\n"
                  '        (0, item[0][1]) if item[0][0] == "molecule"\n'
                  "        else (1, min(place.get(name, len(place)) for _, name in item[1]))))]")(original)  # fmt: skip


@fault("a-rest-of-two-hundredths", f"{FORMATS}.building.sites:leaves_room", EXCHANGE)
def _(original):
    """Occupancies that sum to 0.98 leave a rest."""
    return edited("total < 1 - LEAST_ABSENCE", "total <= 1 - LEAST_ABSENCE")(original)
