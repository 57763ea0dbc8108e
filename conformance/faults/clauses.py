"""Clauses that are easily left out: what has no words, no body, another case, is absent or zero."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

FORMATS = "polystate_tools.formats"


@fault("latents-of-bodies-unasked", "polystate.rules.mean:_component_errors", "validate")
def _(original):
    """A decoder whose width only its body knows need not have components."""
    asked = 'if not d.has(stored) and not d.table("latents"):'
    return edited(asked, asked[:-1] + " and d.width is not None:")(original)


@fault("acts-as-of-unknown-operators", "polystate.rules.descriptors:combination_errors", "validate")
def _(original):
    """An operator that the registry does not know may say how it acts."""
    asked = '"acts_as" in d.document'
    return edited(asked, f"not d.operator_unknown and {asked}")(original)


@fault("absent-atoms-not-judged", "polystate.evaluation.rendering:_displacing", "sampling-exact")
def _(original):
    """The U of an atom that the drawn state lacks may have a negative eigenvalue."""
    judged = "psd if evaluate.present(asked)[indefinite(u)].any() else 'clip'"
    return edited('"hierarchy/atoms", psd)', f'"hierarchy/atoms", {judged})')(original)


@fault("axes-in-any-case", "polystate.structure.axes:axis", "axes")
def _(original):
    """An axis is found whatever the case of the letters it is asked by."""
    return lambda found, name, where: original(found, name.lower() if isinstance(name, str) else name, where)


@fault("last-byte-of-an-id-alone", f"{FORMATS}.mmtf.codecs:text", "mmtf")
def _(original):
    """A NUL right before the last byte of an id is not seen."""
    whole = "(used[:, 1:] & ~used[:, :-1]).any()"
    return edited(whole, "((used[:, 1:-1] & ~used[:, :-2]).any() or (used[:, -1] & ~used[:, 0]).any())")(original)


@fault("no-b-of-zero", f"{FORMATS}.building.adp:adp_groups", "exchange")
def _(original):
    """A B-factor of 0 is taken for none."""
    return edited("~has_u & np.isfinite(b)", "~has_u & np.isfinite(b) & (b != 0)")(original)


@fault("ids-end-at-an-at-sign", f"{FORMATS}.unbuilding.labels:without_model", "exchange")
def _(original):
    """What follows an at sign is taken for the number of a model, also of alternates that are no bundle's."""
    return edited("any(is_bundle(dep, p) for p in dag.parents(v))", "MARK in label")(original)


@fault("deposited-b-under-atomic-only", f"{FORMATS}.unbuilding.gaussian:adps_of_records", "exchange")
def _(original):
    """The B-factor that was deposited beside U is written under the policy atomic-only, too."""
    return edited('if policy == "records":', 'if policy in ("records", "atomic-only"):')(original)


@fault("letters-that-parents-forbid", f"{FORMATS}.unbuilding.conformer:_picked", "exchange")
def _(original):
    """The letter that is asked for is taken though the state of another site forbids it."""
    return edited("[s for s in possible if", "[s for s in range(int(dep.states.dag.n_states[v])) if")(original)
