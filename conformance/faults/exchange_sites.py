"""Wrong importers and exporters: which alternates are one site, what is away, whose word counts, what is uncovered."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited
from polystate_tools.formats.building.occupancies import mean_occupancy

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
    return edited("total[one] = total[one] + total[other]", "pass")(original)


@fault("rests-of-polymers", f"{BUILDING}.sites:leaves_room", EXCHANGE)
def _(original):
    """What alternates of a residue leave of 1 is a state more in polymers too."""
    return edited("if (records.label_seq[site.records] >= 0).any():", "if False:")(original)


@fault("rests-of-parts", f"{BUILDING}.sites:leaves_room", EXCHANGE)
def _(original):
    """What alternates leave of 1 is a state more also where they are a part of a molecule."""
    return edited("bool(whole) and total", "total")(original)


@fault("lone-letters-below-one-in-all", f"{BUILDING}.sites:leaves_room", EXCHANGE)
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


@fault("bonds-join-any-letters", f"{BUILDING}.sites:_bonded", EXCHANGE)
def _(original):
    """Alternates of residues that follow each other are one site whatever their letters."""
    own = "(where[a][key] - where[b][key] for key in where[a].keys() & where[b].keys())"
    return edited(own, "(x - y for x in where[a].values() for y in where[b].values())")(original)


@fault("stated-bonds-join-any-letters", f"{BUILDING}.sites:_bonded", EXCHANGE)
def _(original):
    """A bond that a file states makes alternates one site, whatever letters it is between."""
    return edited(" & (records.altloc.codes[ends[:, 0]] == records.altloc.codes[ends[:, 1]])", "")(original)


@fault("links-of-first-records", f"{BUILDING}.sites:_places_of_letters", EXCHANGE)
def _(original):
    """Whether residues that follow each other are bonded is measured between the first records of their atoms."""

    def wrong(layout, rows, atoms):
        made = original(layout, rows, atoms)
        return {a: dict.fromkeys(places, next(iter(places.values()))) for a, places in made.items()}

    return wrong


@fault("what-is-in-its-place-stays", f"{BUILDING}.sites:_reach", EXCHANGE)
def _(original):
    """A residue stays in the states of all that it is one site with, also of what lies in its place."""

    def wrong(union, nodes):
        every = {letter for _, letter in nodes}
        return {position: every for position, _ in nodes}

    return wrong


@fault("types-of-one-letter-stay", f"{BUILDING}.sites:inherited", EXCHANGE)
def _(original):
    """A residue of one alternate at a position of several types is there in a state that it has no records for."""
    return edited(" if len(set(state[of].tolist())) > 1", "")(original)


@fault("first-alternate-stays", f"{BUILDING}.sites:_most_occupied", EXCHANGE)
def _(original):
    """A residue without records for a state is there in the first of its alternates."""
    return edited("mean_occupancy(layout, rows[state == k])", "0.0")(original)


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


@fault("partial-atoms-by-the-first-model", f"{BUILDING}.bundle_partial:_sites", EXCHANGE)
def _(original):
    """Atoms of a residue whose occupancies change from model to model are there by themselves."""
    return edited("layout.residue_of_atom[atoms[atom]]", "atom")(original)


@fault("hydrogens-are-as-often", f"{BUILDING}.bundle_partial:mean_occupancy", EXCHANGE)
def _(original):
    """Partial hydrogens count for how often their residue is there in a model."""
    return lambda layout, records: float(layout.records.occupancy[records].mean())


@fault("letters-of-a-residue-are-one-site", f"{BUILDING}.sites:_join_positions", EXCHANGE)
def _(original):
    """All alternates of a residue are one site, also those of sets that no atom shares."""
    return edited("len(residues[p]) > 1 or min(sets.values()) < 2", "True")(original)


@fault("partial-hydrogens-count", f"{BUILDING}.variables:mean_occupancy", EXCHANGE)
def _(original):
    """How often partial atoms are there is the mean of all of them, hydrogens too."""

    def wrong(layout, records):
        lettered = (layout.records.altloc.codes[records] != layout.records.altloc.codes[records][:1]).any()
        if not len(records) or lettered or layout.records.altloc[int(records[0])]:
            return original(layout, records)
        return float(layout.records.occupancy[records].mean())

    return wrong


@fault("models-of-one-count", f"{BUILDING}.model_weights:ModelWeights.of_file", EXCHANGE)
def _(original):
    """An occupancy of 1 in a model is how often the model is there."""
    return classmethod(edited(" or most.max() >= 1", "")(original.__func__))


@fault("a-lone-letter-by-its-mean", f"{BUILDING}.sites:leaves_room", EXCHANGE)
def _(original):
    """A lone letter is absent at times only where its mean occupancy is below 1."""
    return edited("(records.occupancy[site.records] < 1).any()", "mean_occupancy(layout, site.records) < 1")(original)


def _in_each_model(original, states):
    """The sites of models whose states, of so many letters, are others."""

    def wrong(layout, *rest):
        made = original(layout, *rest)
        for site in (site for of in made for site in of.values()):
            site.states = states(layout, site, int(site.state.max()) + 1)
        return made

    return wrong


@fault("a-lone-letter-of-a-model-by-its-mean", f"{BUILDING}.bundle_altlocs:_sites", EXCHANGE)
def _(original):
    """The same in a model of several."""

    def states(layout, site, letters):
        always = letters == 1 and mean_occupancy(layout, site.records) >= 1
        return site.states[:1] if always else site.states

    return _in_each_model(original, states)


@fault("molecules-of-models-always-there", f"{BUILDING}.bundle_altlocs:_sites", EXCHANGE)
def _(original):
    """In a file of several models one of several alternates of a molecule is always there."""
    return _in_each_model(original, lambda layout, site, letters: site.states[:letters] if letters > 1 else site.states)


@fault("models-share-no-place", f"{BUILDING}.bundle_altlocs:bundle_alternates", EXCHANGE)
def _(original):
    """In a file of several models alternates in one place stay apart."""
    return lambda layout, bundle, model, whole, report, overlap: original(layout, bundle, model, whole, report, None)


@fault("places-by-author-number", f"{UNBUILDING}.order:residue_order", EXCHANGE)
def _(original):
    """Residues of later models stand where the author's number says."""
    return edited('column("residues", "label_seq")', 'column("residues", "auth_seq")')(original)


@fault("first-residues-last", f"{UNBUILDING}.order:_in_place", EXCHANGE)
def _(original):
    """A residue before all of the first model stands at the end of its chain."""
    return edited("int(after[0]) if len(after) else at", "at")(original)


@fault("late-residues-by-the-first", f"{UNBUILDING}.order:_in_place", EXCHANGE)
def _(original):
    """Residues of later models are placed among those of the first model alone."""
    return edited("numbers = seq[order]", "numbers = np.where(np.isin(order, late), -1, seq[order])")(original)


@fault("alternates-beside-their-models", f"{BUILDING}.model_weights:ModelWeights.relative", EXCHANGE)
def _(original):
    """Occupancies of alternates are not divided by that of their model."""
    blank = "np.array([not letter for letter in records.altloc.take(np.arange(len(records))).tolist()])"
    divided = "records.occupancy / self.deposited[layout.steps[0]]"
    return edited(divided, f"np.where({blank}, {divided}, records.occupancy)")(original)


@fault("models-of-one-share-by-their-numbers", f"{BUILDING}.model_weights:ModelWeights.of_file", EXCHANGE)
def _(original):
    """Occupancies that are all 1/S as rounded are populations as they are."""
    wrong = edited("cls(np.full(n_models, 1 / n_models), most)", "cls(most / most.sum(), most)")
    return classmethod(wrong(original.__func__))
