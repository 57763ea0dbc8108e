"""Wrong importers: which records are one atom or one model, which letters belong together, which occupancies count."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

BUILDING = "polystate_tools.formats.building"
RECORDS = "polystate_tools.formats.records"
EXCHANGE = "exchange"


@fault("atoms-by-residue", f"{RECORDS}.layout:_arranged", EXCHANGE)
def _(original):
    """Atoms are numbered residue by residue."""
    wrong = """order = np.lexsort((first_record, residue[first_record]))
    atom_of_record = np.argsort(order).astype(np.int32)[atom_of_record]
    first_record = first_record[order]
    position = _positions("""
    return edited("position = _positions(", wrong)(original)


@fault("insertion-codes-unread", f"{RECORDS}.layout:layout", EXCHANGE)
def _(original):
    """Residues of one number are one, whatever their insertion codes are."""
    return edited("        records.ins.codes,\n    )\n    changed", "    )\n    changed")(original)


@fault("equal-alternates-lost", "polystate_tools.formats.importing:tree_of_records", EXCHANGE)
def _(original):
    """Alternates that are equal are one."""
    return edited("if options.collapse_duplicates:", "if True:")(original)


@fault("alternates-of-nothing-lost", f"{BUILDING}.checks:_without_duplicates", EXCHANGE)
def _(original):
    """Alternates of occupancy 0 are left out."""

    def wrong(records, strict, report):
        return original(records.take((records.occupancy > 0) | records.altloc.equals("")), strict, report)

    return wrong


@fault("links-up-to-two", f"{BUILDING}.sites:_bonded", EXCHANGE)
def _(original):
    """Atoms along a chain are bonded up to 2 Å."""
    return edited("LINK_DISTANCE**2", "4.0")(original)


@fault("links-up-to-2.4", f"{BUILDING}.sites:_bonded", EXCHANGE)
def _(original):
    """Atoms along a chain are bonded up to 2.4 Å."""
    return edited("LINK_DISTANCE**2", "2.4**2")(original)


@fault("links-of-every-letter", f"{BUILDING}.sites:_bonded", EXCHANGE)
def _(original):
    """Residues along a chain are joined where the atoms of all their letters are bonded."""
    return edited("if any(float(apart", "if all(float(apart")(original)


@fault("links-by-author-number", f"{BUILDING}.sites:_bonded", EXCHANGE)
def _(original):
    """Residues follow each other by the author's number."""
    return edited("int(records.label_seq[layout.first_of_residue[residue]])", "-1")(original)


@fault("links-of-the-first-model", f"{BUILDING}.sites:_places_of_letters", EXCHANGE)
def _(original):
    """Bonds along a chain are measured in the first model."""
    return edited("if a in made:", "if a in made and records.model[row] == records.model[0]:")(original)


@fault("letters-of-models-apart-whatever-is-asked", f"{BUILDING}.bundle_altlocs:bundle_alternates", EXCHANGE)
def _(original):
    """In a file of several models distant letters are apart, whatever the caller says."""
    return lambda layout, bundle, model, whole, report, overlap: original(layout, bundle, model, False, report, overlap)


@fault("letters-of-another-model", f"{BUILDING}.bundle_altlocs:bundle_alternates", EXCHANGE)
def _(original):
    """An atom that has letters in another model is an alternate in every model."""
    return edited("single = alone(layout, rows)", "single = np.zeros(len(rows), bool)")(original)


@fault("zeros-do-not-count", f"{BUILDING}.occupancies:mean_occupancy", EXCHANGE)
def _(original):
    """Occupancies of 0 do not count for the mean of a letter."""
    return edited(
        "return math.fsum(values) /", "values = [v for v in values if v] or values\n    return math.fsum(values) /"
    )(original)


@fault("sums-up-to-1.02-undivided", f"{BUILDING}.variables:variable_of_site", EXCHANGE)
def _(original):
    """Occupancies that sum to 1.02 at most are not divided."""
    return edited("total > 1 + TOLERANCE", "total > 1.0201")(original)


@fault("almost-always-there", f"{BUILDING}.altlocs:altloc_variables", EXCHANGE)
def _(original):
    """An occupancy of 0.99 is one of 1."""
    return edited("layout.records.occupancy != 1", "layout.records.occupancy < 0.99")(original)


@fault("polymers-always-there", f"{BUILDING}.altlocs:altloc_variables", EXCHANGE)
def _(original):
    """An atom of a polymer that has no letter is always there."""
    return edited("layout.records.occupancy != 1)", "layout.records.occupancy != 1) & (layout.records.label_seq < 0)")(
        original
    )


@fault("the-largest-record-of-a-model", f"{BUILDING}.model_weights:ModelWeights.of_file", EXCHANGE)
def _(original):
    """The occupancy of a model is the largest of its records."""
    summed = "np.bincount(key, records.occupancy, n_models * layout.n_atoms).reshape(n_models, -1)"
    largest = "np.array([[records.occupancy[step == k].max()] for k in range(n_models)])"
    return classmethod(edited(summed, largest)(original.__func__))


@fault("models-of-nothing", f"{BUILDING}.model_weights:ModelWeights.of_file", EXCHANGE)
def _(original):
    """A model of occupancy 0 is never there."""
    return classmethod(edited("most.min() <= 0", "most.min() < 0")(original.__func__))


@fault("models-within-one-rounding", f"{BUILDING}.model_weights:ModelWeights.of_file", EXCHANGE)
def _(original):
    """Occupancies of models sum to 1 within one half of a hundredth."""
    return classmethod(edited("ROUNDING * n_models", "ROUNDING")(original.__func__))


@fault("thirds-within-a-hundredth", f"{BUILDING}.model_weights:ModelWeights.of_file", EXCHANGE)
def _(original):
    """Occupancies of models that differ from 1/S by a hundredth are 1/S."""
    return classmethod(edited("<= ROUNDING + EXACT).all()", "<= 3 * ROUNDING + EXACT).all()")(original.__func__))


@fault("headers-before-u", f"{BUILDING}.tls:_decided", EXCHANGE)
def _(original):
    """What the header says of ADPs goes before what U shows."""
    said = '(declared if declared != "unknown" else None)'
    return edited(f"stated or shown or {said}", f"stated or {said} or shown")(original)


@fault("u-says-nothing", f"{BUILDING}.tls:_decided", EXCHANGE)
def _(original):
    """U shows nothing of what ADPs are."""
    return edited("stated or shown or", "stated or")(original)


@fault("u-before-the-caller", f"{BUILDING}.tls:_decided", EXCHANGE)
def _(original):
    """What U shows goes before what the caller says."""
    return edited("stated or shown or", "shown or stated or")(original)


@fault("u-beside-tls-is-total", f"{BUILDING}.tls:_shown_by_anisou", EXCHANGE)
def _(original):
    """U of the atoms of TLS groups is total, whatever is left of it."""
    return edited("after < EXPLAINED * before", "True")(original)


@fault("words-of-ccp4-unread", "polystate_tools.formats.mmcif.tls:tls_of_block", EXCHANGE)
def _(original):
    """What _ccp4_refine_tls.details says of B is not read."""
    return edited('words += category(block, "_ccp4_refine_tls.").cells("details")', "pass")(original)


@fault("words-of-details-unread", "polystate_tools.formats.mmcif.tls:tls_of_block", EXCHANGE)
def _(original):
    """What _refine.details says of B is not read."""
    return edited('in ("details", "pdbx_TLS_residual_ADP_flag")', 'in ("pdbx_TLS_residual_ADP_flag",)')(original)


@fault("words-on-one-line", "polystate_tools.formats.tls.records:declared_content", EXCHANGE)
def _(original):
    """Words that go on in another line are not read."""
    return edited('" ".join(text.upper().split())', "text.upper()")(original)


@fault("places-of-0.9", f"{BUILDING}.overlap:overlapping", EXCHANGE)
def _(original):
    """One place is nine tenths of an ångström wide."""
    return edited("query_pairs(NEAR,", "query_pairs(0.9,")(original)


@fault("places-of-1.1", f"{BUILDING}.overlap:overlapping", EXCHANGE)
def _(original):
    """One place is wider than an ångström by a tenth."""
    return edited("query_pairs(NEAR,", "query_pairs(1.1,")(original)


@fault("sums-of-places-up-to-1", f"{BUILDING}.overlap:exclusive", EXCHANGE)
def _(original):
    """Occupancies in one place sum to 1 at most, without a rounding."""
    return edited("<= WHOLE", "<= 1 + 1e-9")(original)


@fault("sums-of-places-up-to-1.05", f"{BUILDING}.overlap:exclusive", EXCHANGE)
def _(original):
    """Occupancies in one place sum to 1.05 at most."""
    return edited("<= WHOLE", "<= 1.05")(original)


@fault("letters-of-places-by-pairs", f"{BUILDING}.overlap:exclusive", EXCHANGE)
def _(original):
    """Letters of alternates in one place are compared pair by pair."""
    return edited("letters[one] |= letters[other]", "pass")(original)


@fault("unknown-elements-by-name", "polystate_tools.formats.building.hierarchy_groups:hierarchy_groups", EXCHANGE)
def _(original):
    """An atom whose symbol is of no element has the element that its name begins with."""

    def wrong(layout, report):
        known = {"H": 1, "C": 6, "N": 7, "O": 8}
        records = layout.records
        for row in np.flatnonzero(records.element == 0).tolist():
            records.element[row] = known.get(records.name[row][:1], 0)
        return original(layout, report)

    return wrong


@fault("deuterium-is-hydrogen", "polystate_tools.formats.building.hierarchy_groups:hierarchy_groups", EXCHANGE)
def _(original):
    """Deuterium is read as hydrogen."""

    def wrong(layout, report):
        layout.records.element[layout.records.element == 119] = 1
        return original(layout, report)

    return wrong


@fault("bounds-refused", f"{BUILDING}.checks:bounded", EXCHANGE)
def _(original):
    """A number at the bound is refused."""

    def wrong(what, values, largest, records, record, report):
        return original(what, values, largest * (1 - 1e-12), records, record, report)

    return wrong
