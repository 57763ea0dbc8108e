"""Wrong importers and exporters: what a file says beside places: entry, crystal, charges, links, selections, draws."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

FORMATS = "polystate_tools.formats"
EXCHANGE = "exchange"


@fault("titles-lost", f"{FORMATS}.importing:_document", EXCHANGE)
def _(original):
    """The title of a file is not kept."""
    return edited("if records.title:", "if False:")(original)


@fault("next-version-written", f"{FORMATS}.importing:_document", EXCHANGE)
def _(original):
    """A deposition says that it follows a later version of the specification."""

    def wrong(records, report):
        return {**original(records, report), "format_version": "0.2.0"}

    return wrong


@fault("cells-lost", f"{FORMATS}.building.hierarchy_groups:_crystal", EXCHANGE)
def _(original):
    """Cell and space group are not kept."""
    return lambda layout: {}


@fault("operators-transposed", f"{FORMATS}.records.gemmi_metadata:matrix_of", EXCHANGE)
def _(original):
    """Operators turn the other way round."""
    return edited("transform.mat.tolist()", "list(zip(*transform.mat.tolist()))")(original)


@fault("charges-lost", f"{FORMATS}.building.hierarchy_groups:hierarchy_groups", EXCHANGE)
def _(original):
    """Formal charges are not kept."""
    return edited("records.charge[first]", "records.charge[first] * 0")(original)


@fault("links-of-every-alternate", f"{FORMATS}.records.links:_Index.rows", EXCHANGE)
def _(original):
    """A link that names an alternate is between all alternates of its atoms."""
    return edited("not end.altloc or self.records.altloc[row] == end.altloc", "True")(original)


@fault("insertion-codes-do-not-bound", f"{FORMATS}.tls.selections:_between", EXCHANGE)
def _(original):
    """A range of residues goes by numbers alone."""
    return lambda records, low, low_ins, high, high_ins: original(records, low, "", high, "")


@fault("draws-without-indices", f"{FORMATS}.ensembles:draws", EXCHANGE)
def _(original):
    """A file of draws says their seed, and not which of its draws they are."""
    return edited("draws 0 to {options.draws - 1} of seed", "draws of seed")(original)


@fault("numbers-without-room-written", f"{FORMATS}.pdb.fit:_check_numbers", EXCHANGE)
def _(original):
    """A number that is wider than its columns runs into the next."""
    return lambda records: None
