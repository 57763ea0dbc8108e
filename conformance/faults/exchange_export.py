"""Wrong exporters: letters, occupancies, bonds, conformers, order, losses, names, policies."""

from dataclasses import replace

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

UNBUILDING = "polystate_tools.formats.unbuilding"
EXPORTING = "polystate_tools.formats.exporting"


def _of_records(change):
    """An exporter of all alternates whose records of an atom are changed."""

    def make(original):
        def wrong(self, atom):
            made = original(self, atom)
            change(made)
            return made

        return wrong

    return make


@fault("letters-written-anew", f"{UNBUILDING}.alternates:_Payload.records", "exchange")
def _(original):
    """Alternates are A, B and so on, whatever the file called them."""

    def change(made):
        for number, record in enumerate(made):
            record.altloc = record.altloc and chr(ord("A") + number)

    return _of_records(change)(original)


@fault("occupancies-of-1", f"{UNBUILDING}.alternates:_Payload.records", "exchange")
def _(original):
    """Every record of an alternate has the occupancy 1."""

    def change(made):
        for record in made:
            record.occupancy = 1.0

    return _of_records(change)(original)


@fault("occupancies-shared-out", f"{UNBUILDING}.alternates:_Payload.records", "exchange")
def _(original):
    """The occupancies of the records of an atom are written so that they sum to 1."""

    def change(made):
        total = sum(record.occupancy for record in made) or 1.0
        for record in made:
            record.occupancy /= total

    return _of_records(change)(original)


@fault("occupancies-of-the-state", f"{UNBUILDING}.alternates:_Payload.records", "exchange")
def _(original):
    """Records have the occupancy of their state, not their own."""

    def wrong(self, atom):
        made = original(self, atom)
        for record in made:
            for variable, state in record.states.items():
                deposited = self._deposited(variable)[state]
                record.occupancy = deposited if np.isfinite(deposited) else record.occupancy
        return made

    return wrong


@fault("records-are-residual", f"{UNBUILDING}.tls:tls_of_deposition", "exchange")
def _(original):
    """The policy `records` writes what TLS leaves over, also where the records were total."""
    return lambda dep, report: (original(dep, report)[0], None)


@fault("b-of-the-largest-axis", f"{UNBUILDING}.gaussian:adps_of_records", "exchange")
def _(original):
    """The B-factor is that of the longest axis of U."""

    def wrong(*arguments):
        found = original(*arguments)
        u = np.nan_to_num(found.u)[:, [0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(-1, 3, 3)
        return replace(found, b=np.where(found.has_u, 8 * np.pi**2 * np.linalg.eigvalsh(u)[:, -1], found.b))

    return wrong


@fault("bonds-of-the-first-alternate", f"{UNBUILDING}.bonds:bonds_of_records", "exchange")
def _(original):
    """A bond is written between the first records of its atoms."""

    def wrong(dep, atom, model, where):
        made = np.array(original(dep, atom, model, where))
        for row in made:
            for end in (0, 1):
                row[end] = np.flatnonzero((atom == atom[row[end]]) & (model == model[row[end]]))[0]
        return made

    return wrong


@fault("bonds-of-all-alternates", f"{UNBUILDING}.noted:bonds", "exchange")
def _(original):
    """Between which alternates a bond is, is forgotten."""
    return lambda dep: {}


@fault("first-condition-of-a-bond", f"{UNBUILDING}.noted:bonds", "exchange")
def _(original):
    """Of the conditions of a bond the first alone counts."""
    return lambda dep: {pair: conditions[:1] for pair, conditions in original(dep).items()}


@fault("clauses-of-a-bond-apart", f"{UNBUILDING}.noted:bonds", "exchange")
def _(original):
    """A bond is where any site of a condition is in one of its states."""
    apart = lambda conditions: [{v: states} for condition in conditions for v, states in condition.items()]  # noqa: E731
    return lambda dep: {pair: apart(conditions) for pair, conditions in original(dep).items()}


@fault("letters-by-occupancy", f"{UNBUILDING}.noted:letters", "exchange")
def _(original):
    """Which letter a shared record has is forgotten; its occupancy decides."""
    return lambda dep: {}


@fault("conformer-by-residue", f"{UNBUILDING}.conformer:conformer", "exchange")
def _(original):
    """One conformer is the first declared, whatever was asked for."""
    return lambda dep, choice, steps: original(dep, "first", steps)


@fault("rows-as-they-come", f"{UNBUILDING}.order:residue_order", "exchange")
def _(original):
    """Residues are written in the order of their rows: those that a later model adds at the end."""
    return lambda dep, present: np.arange(present.shape[1])


@fault("losses-not-listed", f"{UNBUILDING}.unbuild:_note_losses", "exchange")
def _(original):
    """Descriptors that the file has no form for are left out without a word."""
    return lambda dep, report: None


@fault("names-cut", "polystate_tools.formats.pdb.fit:_check_names", "exchange")
def _(original):
    """Names that are too long are cut."""
    return lambda records: None


@fault("atomic-is-all", f"{EXPORTING}:export_file", "exchange")
def _(original):
    """atomic-only writes the sum of all levels."""

    def wrong(dep, path, **options):
        policy = options.get("gaussian", "marginal")
        return original(dep, path, **{**options, "gaussian": "marginal" if policy == "atomic-only" else policy})

    return wrong


@fault("refuse-writes", f"{EXPORTING}:export_file", "exchange")
def _(original):
    """The policy refuse writes the sum of all levels."""

    def wrong(dep, path, **options):
        policy = options.get("gaussian", "marginal")
        return original(dep, path, **{**options, "gaussian": "marginal" if policy == "refuse" else policy})

    return wrong


@fault("no-b-is-zero", f"{UNBUILDING}.gaussian:adps_of_records", "exchange")
def _(original):
    """An atom that no descriptor covers has the B-factor 0."""

    def wrong(*arguments):
        found = original(*arguments)
        return replace(found, b=np.nan_to_num(found.b))

    return wrong


@fault("mmcif-occupancies-of-two-decimals", "polystate_tools.formats.mmcif.writer:_atoms", "exchange")
def _(original):
    """Occupancies are written to mmCIF with two decimals, as in PDB."""
    return edited("texts(records.occupancy, 2)", "texts(records.occupancy.round(2), 2)")(original)


@fault("insertion-codes-of-any-length", "polystate_tools.formats.pdb.fit:_check_names", "exchange")
def _(original):
    """Nobody looks whether an insertion code fits its column."""
    return edited('        (records.ins.used(), 1, "insertion code"),\n', "")(original)


@fault("absence-is-a-conformer", f"{UNBUILDING}.conformer:conformer", "exchange")
def _(original):
    """A site that is mostly absent is absent in one conformer of everything."""
    return edited("[s for s in possible if not is_absence(dep, v, s)] or possible", "possible")(original)


@fault("partial-atoms-whole-in-conformers", f"{UNBUILDING}.unbuild:_one_conformer", "exchange")
def _(original):
    """Every atom of one conformer has the occupancy 1."""
    return edited("np.where(whole, 1.0, taken.occupancy)", "np.ones(len(taken))")(original)


@fault("letters-not-whole-in-conformers", f"{UNBUILDING}.unbuild:_one_conformer", "exchange")
def _(original):
    """An alternate keeps its occupancy though it is the only one that is written."""
    return edited("np.where(whole, 1.0, taken.occupancy)", "taken.occupancy")(original)


@fault("letters-by-their-first-states", f"{UNBUILDING}.alternates:_Payload._name", "exchange")
def _(original):
    """A record that several states share stands where the first of them is, not where the one of its letter is."""
    return edited("key=places.__getitem__", "key=lambda k: places[k][0]")(original)


@fault("orders-where-all-are-known", "polystate_tools.formats.mmtf.from_records:structure_of_records", "exchange")
def _(original):
    """Orders of bonds between groups are written where all of them are known, or none."""
    return edited('known.any() and dialect == "1.0"', "False")(original)


@fault("orders-of-1-where-none", "polystate_tools.formats.mmtf.from_records:_group", "exchange")
def _(original):
    """A bond within a group of an order that is not known is written as a single bond."""
    return edited("order or -1", "order or 1")(original)


@fault("aromatic-is-refused", "polystate_tools.formats.mmtf.from_records:_without_aromatic", "exchange")
def _(original):
    """An aromatic bond is written with its number in the hierarchy, which MMTF does not have."""
    return lambda records, report: records


@fault("truth-values-are-numbers", f"{UNBUILDING}.noted:_is_number", "exchange")
def _(original):
    """In an item of annotations/alternates true is the number 1."""
    return lambda value: isinstance(value, int)


@fault("conformers-of-one-model", f"{UNBUILDING}.unbuild:_one_conformer", "exchange")
def _(original):
    """One conformer is written of a bundle: that of one model."""
    return edited("if bundle is not None:", "if False:")(original)


@fault("levels-always-in-force", f"{UNBUILDING}.gaussian:_rows_of_records", "exchange")
def _(original):
    """An ADP descriptor counts for all records, whatever state it is in force in."""
    return edited("if d.active_when != ALWAYS:", "if False:")(original)


@fault("zero-for-no-b-of-a-state", f"{UNBUILDING}.unbuild:covered_in", "exchange")
def _(original):
    """An atom of a joint state that no Gaussian descriptor covers has the B-factor 0."""
    return lambda dep, request, levels: np.ones(dep.n_atoms, bool)
