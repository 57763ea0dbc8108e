"""Wrong importers and exporters: which alternates are one site, what is away, whose word counts, what is uncovered."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

BUILDING = "polystate_tools.formats.building"
UNBUILDING = "polystate_tools.formats.unbuilding"
RECORDS = "polystate_tools.formats.tls.records"
EXCHANGE = "exchange"


@fault("hydrogens-have-no-occupancy", f"{BUILDING}.variables:mean_occupancy", EXCHANGE)
def _(original):
    """An alternate of hydrogens alone is always there."""

    def wrong(layout, records):
        heavy = records[layout.records.element[records] > 1]
        return original(layout, heavy) if len(heavy) or not len(records) else 1.0

    return wrong


@fault("places-of-hydrogens", f"{BUILDING}.overlap:overlapping", EXCHANGE)
def _(original):
    """Hydrogens count where two alternates are in one place."""
    return edited("~np.isin(records.element[rows], HYDROGENS)", "np.ones(len(rows), bool)")(original)


@fault("places-by-pairs", f"{BUILDING}.overlap:exclusive", EXCHANGE)
def _(original):
    """Occupancies in one place are summed by pairs."""
    return edited("total[one] += total[other]", "pass")(original)


@fault("rests-of-polymers", f"{BUILDING}.sites:_leaves_room", EXCHANGE)
def _(original):
    """What alternates of a residue leave of 1 is a state more in polymers too."""
    return edited("if (records.label_seq[site.records] >= 0).any():", "if False:")(original)


@fault("rests-of-parts", f"{BUILDING}.sites:_leaves_room", EXCHANGE)
def _(original):
    """What alternates leave of 1 is a state more also where they are a part of a molecule."""
    return edited("bool(whole) and total", "total")(original)


@fault("lone-letters-below-one-in-all", f"{BUILDING}.sites:_leaves_room", EXCHANGE)
def _(original):
    """A lone letter is away at times only where all its occupancies are below 1."""
    return edited("< 1).any())", "< 1).all())")(original)


@fault("links-of-proteins-alone", f"{BUILDING}.sites:_bonded", EXCHANGE)
def _(original):
    """Only C and N join residues that follow each other."""
    return edited("for first, second in LINK:", 'for first, second in [("C", "N")]:')(original)


@fault("links-up-to-1.4", f"{BUILDING}.sites:_bonded", EXCHANGE)
def _(original):
    """Atoms that join residues are nearer than 1.4 Å, as a peptide bond is."""
    return edited("LINK_DISTANCE**2", "1.4**2")(original)


@fault("bonds-join-any-letters", f"{BUILDING}.sites:altloc_sites", EXCHANGE)
def _(original):
    """Alternates of bonded residues are one site whatever their letters."""
    return edited("if letters_of_atom[a] & letters_of_atom[b]:", "if True:")(original)


@fault("models-by-one-alternate", f"{BUILDING}.model_weights:ModelWeights.of_file", EXCHANGE)
def _(original):
    """The occupancy of a model is that of its most occupied record."""
    largest = "np.array([records.occupancy[step == k].max() for k in range(n_models)])"
    return classmethod(edited("np.round(summed.max(axis=1), 12)", largest)(original.__func__))


@fault("types-get-the-first-letters", f"{BUILDING}.microheterogeneity:lettered", EXCHANGE)
def _(original):
    """Residue types without letters get A, B, ..., whatever letters the file has."""
    return edited("[letter for letter in LETTERS if letter not in used] or list(LETTERS)", "list(LETTERS)")(original)


@fault("types-of-any-sum", f"{BUILDING}.microheterogeneity:lettered", EXCHANGE)
def _(original):
    """Residue types at one position exclude each other, whatever their occupancies."""
    return edited("if _occupancy(records, residues) > MOST:", "if False:")(original)


@fault("types-beyond-polymers", f"{BUILDING}.microheterogeneity:_shared", EXCHANGE)
def _(original):
    """Residue types of one number exclude each other outside of polymers too."""
    return edited("records.label_seq[starts] != NO_NUMBER", "np.ones(len(starts), bool)")(original)


@fault("a-missing-s33-is-zero", f"{RECORDS}:tls_group", EXCHANGE)
def _(original):
    """S33 that is missing is 0."""
    return edited('-(numbers["S11"] + numbers["S22"])', "0.0")(original)


@fault("two-headers-mean-total", f"{BUILDING}.tls:_decided", EXCHANGE)
def _(original):
    """Where two headers disagree the B-factors are total."""
    return edited('declared if declared != "unknown" else None', 'declared if declared != "unknown" else "total"')(
        original
    )


@fault("headers-before-callers", f"{BUILDING}.tls:_decided", EXCHANGE)
def _(original):
    """The word of the file goes before that of the caller."""
    return edited('stated or shown or (declared if declared != "unknown" else None)',
                  '(declared if declared != "unknown" else None) or stated or shown')(original)  # fmt: skip


@fault("uncovered-is-zero-in-a-sum", f"{UNBUILDING}.gaussian:adps_of_records", EXCHANGE)
def _(original):
    """Where levels are summed an atom that none covers has B of 0."""
    return edited("np.where(has_row, np.round(trace, DECIMALS), np.nan)", "np.round(trace, DECIMALS)")(original)


@fault("bonds-of-states-that-never-meet", f"{UNBUILDING}.bonds:together", EXCHANGE)
def _(original):
    """A bond is between all records of its atoms, also of those that no state has together."""
    return lambda one, other, allowed=None: True if allowed is None else original(one, other, allowed)
