"""Wrong importers: sites, populations, who stands where, models, elements, U and TLS."""

from dataclasses import replace

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited
from polystate_tools.formats.building.sites import altloc_sites

BUILDING = "polystate_tools.formats.building"


@fault("bonds-join-no-letters", f"{BUILDING}.sites:_bonded", "exchange")
def _(original):
    """Alternates of bonded residues are sites of their own."""
    return lambda layout, rows: []


@fault("neighbours-join", f"{BUILDING}.sites:_bonded", "exchange")
def _(original):
    """Alternates of neighbours in a chain are one site, bonded or not."""

    def wrong(layout, rows):
        atoms = sorted(set(layout.atom_of_record[rows].tolist()))
        chain = layout.chain_of_residue[layout.residue_of_atom]
        return [(a, b) for a, b in zip(atoms, atoms[1:], strict=False) if chain[a] == chain[b]]

    return wrong


@fault("hydrogens-count", f"{BUILDING}.occupancies:mean_occupancy", "exchange")
def _(original):
    """The mean occupancy of an alternate is taken over its hydrogens, too."""
    return lambda layout, records: float(layout.records.occupancy[records].mean()) if len(records) else np.nan


@fault("deuterium-counts", f"{BUILDING}.occupancies:mean_occupancy", "exchange")
def _(original):
    """Deuterium is no hydrogen."""
    return edited("HYDROGENS", "HYDROGENS[:1]")(original)


@fault("occupancy-of-the-first-record", f"{BUILDING}.occupancies:mean_occupancy", "exchange")
def _(original):
    """The occupancy of an alternate is that of its first record."""
    return lambda layout, records: float(layout.records.occupancy[records[0]]) if len(records) else np.nan


@fault("sums-not-divided", f"{BUILDING}.variables:variable_of_site", "exchange")
def _(original):
    """Populations whose sum exceeds 1 are cut to what is left, in the order of the file."""

    def wrong(layout, site, descriptor, report):
        made, left, rows = original(layout, site, descriptor, report), 1.0, []
        stated = [p if np.isnan(d) else d for (_, _, p), d in zip(made.rows, made.deposited, strict=True)]
        if sum(stated) > 1 + 1e-6:
            for (state, condition, _), population in zip(made.rows, stated, strict=True):
                rows.append((state, condition, min(left, population)))
                left -= rows[-1][2]
            made.rows = rows
        return made

    return wrong


@fault("types-stay-together", f"{BUILDING}.variables:variable_of_site", "exchange")
def _(original):
    """An atom that has no record in a state stays where it is."""

    def wrong(layout, site, descriptor, report):
        made = original(layout, site, descriptor, report)
        made.inherits = {(atom, state) for atom, own in made.record_of.items() for state in range(len(made.states))
                         if state not in own and made.states[state] != "absent"}  # fmt: skip
        return made

    return wrong


@fault("lacking-letter-is-absent", f"{BUILDING}.sites:inherited", "exchange")
def _(original):
    """A residue without records for a state of its site is absent in it."""
    return lambda layout, rows, state, there: {}


@fault("one-letter-always-there", f"{BUILDING}.sites:leaves_room", "exchange")
def _(original):
    """An alternate that is the only one is always there."""
    return lambda layout, site: len(site.states) > 1 and original(layout, site)


@fault("molecule-always-there", f"{BUILDING}.sites:leaves_room", "exchange")
def _(original):
    """Of several alternates of a whole molecule one is always there, whatever they sum to."""
    return lambda layout, site: len(site.states) == 1 and original(layout, site)


@fault("every-rest-is-a-state", f"{BUILDING}.sites:leaves_room", "exchange")
def _(original):
    """A molecule is absent at times where its occupancies are 1 but for their rounding."""
    return edited("1 - LEAST_ABSENCE", "1 - 1e-6")(original)


@fault("side-chains-are-away", f"{BUILDING}.sites:leaves_room", "exchange")
def _(original):
    """Alternates within a polymer are absent at times, as those of molecules."""

    def wrong(layout, site):
        occupancies = [layout.records.occupancy[site.records[site.state == k]].mean() for k in range(len(site.states))]
        return original(layout, site) or sum(occupancies) < 0.98

    return wrong


@fault("one-place-two-sites", f"{BUILDING}.overlap:exclusive", "exchange")
def _(original):
    """Alternates in one place stay apart."""
    return lambda layout, parts, join, report: original(layout, parts, False, report)


@fault("place-of-two-angstrom", f"{BUILDING}.overlap:overlapping", "exchange")
def _(original):
    """One place is two ångströms wide."""
    return edited("query_pairs(NEAR,", "query_pairs(2 * NEAR,")(original)


@fault("place-whatever-the-sum", f"{BUILDING}.overlap:exclusive", "exchange")
def _(original):
    """Alternates in one place exclude each other, whatever their occupancies sum to."""
    return edited(" and (total[one] + total[other] <= WHOLE).all()", "")(original)


@fault("place-whatever-the-letter", f"{BUILDING}.overlap:exclusive", "exchange")
def _(original):
    """Alternates in one place exclude each other, whatever their letters."""
    return edited("not letters[one] & letters[other] and ", "")(original)


@fault("each-atom-by-itself", f"{BUILDING}.sites:partial_sites", "exchange")
def _(original):
    """Atoms of a residue with occupancies below 1 are present and absent each by itself."""

    def wrong(layout, rows):
        sites = [site for row in rows.tolist() for site in original(layout, np.array([row]))]
        for number, site in enumerate(sites):
            site.label = f"{site.label}.{number}"
        return sites

    return wrong


@fault("nested-not-divided", f"{BUILDING}.model_weights:ModelWeights.relative", "exchange")
def _(original):
    """What an atom has within a model is not divided by the occupancy of the model."""
    return lambda self, layout, report: layout


@fault("models-of-any-sum", f"{BUILDING}.model_weights:ModelWeights.of_file", "exchange")
def _(original):
    """Occupancies of models that sum to less than 1 are taken for populations, too."""
    return classmethod(edited("abs(most.sum() - 1)", "most.sum() - 1")(original.__func__))


@fault("given-weights-leave-occupancies", "polystate_tools.formats.importing:_of_bundle", "exchange")
def _(original):
    """What an atom has within a model is not divided where the caller gives the populations."""
    return edited("if weights is not None:", "if weights is not None and options.weights is None:")(original)


@fault("models-alike", f"{BUILDING}.bundles:bundle_groups", "exchange")
def _(original):
    """All models have the same population."""

    def wrong(layout, bundle, plain, x_ref, keys, weights, report):
        return original(layout, bundle, plain, x_ref, keys, None, report)

    return wrong


@fault("ties-by-letter", f"{BUILDING}.sites:_site", "exchange")
def _(original):
    """States are in the order of their letters, not of the file."""
    return edited("sorted(key, key=lambda letter: key[letter])", "sorted(key)")(original)


def _records(change):
    """An importer that changes the records of a file."""
    return lambda original: lambda file: change(original(file))


def _first_u(records):
    u = records.u.copy()
    first = {}
    for row in range(len(u)):
        key = (records.auth_asym[row], int(records.auth_seq[row]), records.name[row], int(records.model[row]))
        u[row] = u[first.setdefault(key, row)]
    return replace(records, u=u)


@fault("u-of-the-first-alternate", "polystate_tools.formats.importing:records_of_file", "exchange")
def _(original):
    """All alternates of an atom have the anisotropic U of the first."""
    return _records(_first_u)(original)


@fault("unknown-symbols-are-hydrogen", "polystate_tools.formats.importing:records_of_file", "exchange")
def _(original):
    """The symbol of no element reads as deuterium."""

    def change(records):
        return replace(records, element=np.where(records.element == 0, 119, records.element).astype(np.uint8))

    return _records(change)(original)


@fault("numbers-of-32-bits", "polystate_tools.formats.importing:records_of_file", "exchange")
def _(original):
    """Occupancies, B-factors and coordinates are rounded to 32 bits."""

    def narrow(records):
        numbers = {name: getattr(records, name).astype("f4").astype("f8") for name in ("occupancy", "b", "xyz")}
        return replace(records, **numbers)

    return _records(narrow)(original)


@fault("b-made-of-u", f"{BUILDING}.adp:_deposited_b", "exchange")
def _(original):
    """A B-factor beside U that contradicts it is forgotten."""
    return lambda b, u: {}


@fault("tls-about-the-centroid", f"{BUILDING}.tls:tls_of_records", "exchange")
def _(original):
    """TLS is about the centre of the atoms."""

    def wrong(layout, x_ref, keep, report):
        stated = layout.records.tls
        if stated is None:
            return original(layout, x_ref, keep, report)
        groups = [replace(group, origin=x_ref.mean(axis=0)) for group in stated.groups]
        records = replace(layout.records, tls=replace(stated, groups=groups))
        return original(replace(layout, records=records), x_ref, keep, report)

    return wrong


def _screw(change):
    """A TLS row whose S is changed; the row holds T, L and eight numbers of S, which is trace-free."""

    def make(original):
        def wrong(group):
            row = np.array(original(group))
            s = np.append(row[12:20], -row[12] - row[16]).reshape(3, 3)
            row[12:20] = change(s, group).ravel()[:8]
            return row

        return wrong

    return make


@fault("s-left-in-degrees", f"{BUILDING}.tls:_in_radians", "exchange")
def _(original):
    """S stays in Å degrees."""
    return _screw(lambda s, group: s * 180 / np.pi)(original)


@fault("s-transposed", f"{BUILDING}.tls:_in_radians", "exchange")
def _(original):
    """Rows and columns of S are taken for each other."""
    return _screw(lambda s, group: s.T)(original)


@fault("s-trace-into-s33", f"{BUILDING}.tls:_in_radians", "exchange")
def _(original):
    """The trace of S is taken off S33 alone."""
    return _screw(lambda s, group: group.S.reshape(3, 3) * np.pi / 180)(original)


@fault("header-turned-round", f"{BUILDING}.tls:_decided", "exchange")
def _(original):
    """What a file says of its B-factors beside TLS is taken the other way round."""

    def wrong(records, n_groups, shown, numbers, stated, report):
        swapped = {"total": "residual", "residual": "total"}.get(records.adp_content, "unknown")
        return original(replace(records, adp_content=swapped), n_groups, None, numbers, stated, report)

    return wrong


@fault("nanometers-taken-as-angstrom", "polystate_tools.formats.h5md.axes:unit_of", "exchange")
def _(original):
    """Lengths of a trajectory are taken as ångströms."""

    def wrong(element, units):
        original(element, units)
        return "angstrom"

    return wrong


@fault("unit-guessed", "polystate_tools.formats.h5md.axes:unit_of", "exchange")
def _(original):
    """A trajectory without a unit is taken as one in nanometers."""
    return lambda element, units: original(element, units or "nanometer")


@fault("space-is-a-letter", "polystate_tools.formats.mmtf.structure:Structure.characters", "exchange")
def _(original):
    """A space in a field of characters of MMTF is a letter."""
    return lambda self, name: self.fields[name].view("S1").astype("<U1")


@fault("varying-always-there", f"{BUILDING}.bundle_partial:bundle_partials", "exchange")
def _(original):
    """An occupancy that changes from model to model is kept as a number, and the atom always there."""
    from polystate_tools.formats.building.variables import Plan

    return lambda layout, bundle, model, varying, used, report: ([], Plan())


@fault("bad-operators-left-out", "polystate_tools.formats.importing:import_file", "exchange")
def _(original):
    """An assembly whose operator is no operator is left out."""
    from polystate_tools.formats.building import checks
    from polystate_tools.formats.mmcif import reader

    def wrong(file, **options):
        kept = reader.check_operators, checks._is_sound
        reader.check_operators = lambda block: None
        checks._is_sound = lambda name, matrix, report: checks.is_operator(matrix)
        try:
            return original(file, **options)
        finally:
            reader.check_operators, checks._is_sound = kept

    return wrong


@fault("sequence-index-cut", "polystate_tools.formats.mmtf.records:_sequence_indices", "exchange")
def _(original):
    """A sequence index of MMTF that no residue number follows is taken for the largest one."""
    cut = "numbers = np.minimum(numbers, largest)"
    return edited("    beyond = ", f"    {cut}\n    beyond = ")(original)


@fault("ranges-before-tls", f"{BUILDING}.checks:bounded", "exchange")
def _(original):
    """What TLS leaves of an ADP is held to no bound."""
    return lambda what, *others: None if "TLS" in what else original(what, *others)


@fault("images-in-the-unit-of-the-file", "polystate_tools.formats.h5md.images:shift_of_images", "exchange")
def _(original):
    """The edges of a box by which images count keep the unit of the file."""
    return edited("np.float64) * factor)", "np.float64))")(original)


@fault("bounds-from-above", f"{BUILDING}.checks:bounded", "exchange")
def _(original):
    """A number far below zero is within the bounds."""
    return edited("np.abs(values) > largest", "values > largest")(original)


@fault("no-negative-rest", f"{BUILDING}.adp:adp_groups", "exchange")
def _(original):
    """Where TLS is more than a total B nothing is left, instead of less than nothing."""
    return edited("sum(axis=1), 8) + 0.0", "sum(axis=1), 8).clip(0.0)")(original)


@fault("letters-apart-whatever-is-asked", f"{BUILDING}.sites:altloc_sites", "exchange")
def _(original):
    """The word of the caller that letters hold for the whole molecule is not heard."""
    return lambda layout, rows, whole_molecule, report, overlap=None: original(layout, rows, False, report, overlap)


@fault("all-letters-one-site", f"{BUILDING}.sites:altloc_sites", "exchange")
def _(original):
    """Where letters hold for the whole molecule all alternates are one site, also those of other letters."""
    return edited("first_of_letter.setdefault(letter, n)", 'first_of_letter.setdefault("", n)')(original)


@fault("unknown-numbers-of-operators-refused", "polystate_tools.formats.mmcif.operators:check_operators", "exchange")
def _(original):
    """A number of an operator that the file says it does not know is taken for one that is no number."""
    return edited('value in ("?", ".") or ', "")(original)


@fault("operators-of-ncs-unjudged", "polystate_tools.formats.mmcif.operators:check_operators", "exchange")
def _(original):
    """The numbers of assemblies are judged, those of NCS are not."""
    return edited("in CATEGORIES", "in CATEGORIES[:1]")(original)


@fault("particles-by-place", "polystate_tools.formats.h5md.importer:_order", "exchange")
def _(original):
    """The ids of particles are not looked at: the first is the first atom."""
    return lambda file, group, element, atom_id, external: None


@fault("order-of-the-first-frame", "polystate_tools.formats.h5md.importer:_ordered", "exchange")
def _(original):
    """Particles have the order of the first frame in all of them."""
    return lambda xyz, order: original(xyz, order if order.ndim == 1 else order[0])


@fault("a-dot-is-no-letter", f"{BUILDING}.sites:label_of", "exchange")
def _(original):
    """An alternate of the letter "." is taken for one without a letter."""
    return lambda letter: letter or "."


@fault("methods-joined-by-commas", "polystate_tools.formats.mmtf.records:records_of_structure", "exchange")
def _(original):
    """Several experimental methods of an MMTF file are joined by a comma."""
    return edited('"; ".join(dict', '", ".join(dict')(original)


@fault("one-type-at-a-place", "polystate_tools.formats.mmtf.records:_entities", "exchange")
def _(original):
    """A place of the sequence of an MMTF file has the first residue type that is seen there."""
    return edited('",".join(known[i])', "known[i][0]")(original)


@fault("chains-of-one-transform", "polystate_tools.formats.mmtf.records:_assemblies", "exchange")
def _(original):
    """An operator of an assembly that stands in an MMTF file with other chains, or after another, copies no more."""
    return edited("pairs |= {", "pairs = pairs or {")(original)


@fault("boxes-in-the-unit-of-the-file", "polystate_tools.formats.h5md.axes:_boxes", "exchange")
def _(original):
    """Edges of boxes are kept in the unit of an H5MD file."""
    return edited("* factor", "* 1.0")(original)


@fault("positions-of-any-kind", "polystate_tools.formats.h5md.importer:_inline", "exchange")
def _(original):
    """A position of H5MD that is no number or infinite is kept."""
    return edited("if not np.isfinite(xyz[step]).all():", "if False:")(original)


@fault("serials-of-each-model", "polystate_tools.formats.pdb.conect:_everywhere", "exchange")
def _(original):
    """A serial number of CONECT means the record that has it in each model, and none where a model has no such."""

    def wrong(records, ends):
        models = [np.flatnonzero(records.model == model) for model in dict.fromkeys(records.model.tolist())]
        first = models[0].tolist()
        return [(int(rows[first.index(a)]), int(rows[first.index(b)])) for rows in models for a, b in ends
                if {a, b} <= {*first} and max(first.index(a), first.index(b)) < len(rows)]  # fmt: skip

    return wrong


@fault("sites-of-all-models", f"{BUILDING}.bundle_altlocs:_sites", "exchange")
def _(original):
    """What is one site in a model is one in all."""

    def wrong(layout, rows, *rest):
        found = altloc_sites(layout, rows, *rest)
        step = layout.steps[0]
        made = []
        for site in found:
            of = {}
            for m in dict.fromkeys(step[site.records].tolist()):
                mine = step[site.records] == m
                state, letters = site.state[mine], np.unique(site.state[mine])
                of[m] = replace(site, records=site.records[mine], state=np.searchsorted(letters, state),
                                states=[site.states[k] for k in letters], inherits={})  # fmt: skip
            made.append(of)
        return made

    return wrong


@fault("alone-competes-with-letters", "polystate_tools.formats.importing:_partly_there", "exchange")
def _(original):
    """An atom that has letters in another model is always there in a model in which it has none."""

    def wrong(arranged, bundle, plain):
        varying, steady = original(arranged, bundle, plain)
        return varying & plain[arranged.atom_of_record], steady

    return wrong


@fault("links-of-no-state-stay", "polystate_tools.formats.importing:without_impossible_bonds", "exchange")
def _(original):
    """A link of alternates that no joint state has together is a bond all the same."""
    return lambda tree: None


@fault("shifts-of-ten-columns", "polystate_tools.formats.pdb.header:with_wide_shifts", "exchange")
def _(original):
    """Of the shift of an assembly the last ten columns are read."""
    return lambda structure, kinds: None
