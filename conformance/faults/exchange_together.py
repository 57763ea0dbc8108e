"""Exporters that take for together what no joint state, no model or another conformer has."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

UNBUILDING = "polystate_tools.formats.unbuilding"


@fault("lone-records-bonded", f"{UNBUILDING}.bonds:_of_model", "exchange")
def _(original):
    """Atoms that have one record each are bonded, whatever the states of these."""
    return edited(" & ~varies[ends].all(axis=1)", "")(original)


@fault("bonds-of-any-model", f"{UNBUILDING}.bonds:_in_model", "exchange")
def _(original):
    """A bond that a note gives to some models is in each."""
    return edited("if step in clauses.get(models, {step})", "")(original)


@fault("models-count-in-occupancies", f"{UNBUILDING}.alternates:_Payload._within_model", "exchange")
def _(original):
    """Alternates of a model have its population in theirs."""
    return edited("and not is_bundle(self.dep, v)", "")(original)


@fault("conformers-with-all-bonds", f"{UNBUILDING}.unbuild:records_of_deposition", "exchange")
def _(original):
    """Atoms that no variable moves keep bonds of states that the conformer is not in."""
    return edited("found.where[k] | chosen", "found.where[k]")(original)


@fault("last-clause-of-a-site", f"{UNBUILDING}.noted:_condition", "exchange")
def _(original):
    """Of two clauses about one site the last counts."""
    return edited("made.get(variable, known) & known", "known")(original)


@fault("unknown-elements-left-to-names", "polystate_tools.formats.pdb.writer:_atom_lines", "exchange")
def _(original):
    """The column of an unknown element is blank, where readers take the name's."""
    return edited("[symbol.upper() for symbol in ELEMENTS]", '[s.upper() if s != "X" else "" for s in ELEMENTS]')(
        original
    )


@fault("u-of-mmtf-unsaid", f"{UNBUILDING}.unbuild:_note_losses", "exchange")
def _(original):
    """MMTF leaves U out and names no descriptor."""
    return edited("if isotropic and", "if False and")(original)


@fault("models-count-in-conformers", f"{UNBUILDING}.unbuild:records_of_deposition", "exchange")
def _(original):
    """The conformer of a model has the occupancy of the model."""
    return edited('_deposited_weights(bundle) if altloc == "all" else None', "_deposited_weights(bundle)")(original)


@fault("conformers-of-all-models-counted", f"{UNBUILDING}.conformer:n_conformers", "exchange")
def _(original):
    """The alternates of a site are counted over all models."""
    return edited("states_of_model(dep, v, state) or range(len(labels))", "range(len(labels))")(original)


@fault("tls-alone-as-b", f"{UNBUILDING}.gaussian:adps_of_records", "exchange")
def _(original):
    """Under `records` an atom without B-factor has that of its TLS group."""
    covered = "(has_row if tls_u is None else has_row | (tls_u[atom] != 0).any(axis=1))"
    return edited("alone = has_row & ~anisotropic", f"alone = {covered} & ~anisotropic")(original)


@fault("choice-of-states-unsaid", f"{UNBUILDING}.unbuild:_one_conformer", "exchange")
def _(original):
    """A file of one conformer says that it is one, and not of which states."""
    return edited(' + (f": {names}" if names else "")', "")(original)
