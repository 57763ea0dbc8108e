"""Wrong derivations: what is compared with what its function gives, which site, which draw key."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

MODEL = "polystate.model.derivation"
RULES = "polystate.rules.derivation"


@fault("mismatch-by-difference", f"{RULES}:_difference", "validate")
def _(original):
    """What is stored may differ by 1e-9, however large it is."""
    return edited("TOLERANCE * np.maximum(1.0, np.abs(made))", "TOLERANCE")(original)


@fault("mismatch-of-presence-passes", f"{RULES}:mismatches", "validate")
def _(original):
    """Presence is not compared."""
    return edited("if name in d.stored.arrays:", 'if name in d.stored.arrays and name != "present":')(original)


@fault("mismatch-of-atoms-passes", f"{RULES}:mismatches", "validate")
def _(original):
    """Which atoms a mean is of is not compared."""
    return edited("if name in d.stored.arrays:", 'if name in d.stored.arrays and name != "atom_id":')(original)


@fault("mean-over-the-first-site", f"{MODEL}:_averaged", "validate")
def _(original):
    """Of several sites the first is averaged."""
    return edited("if len(site) != 1 or", "if not len(site) or")(original)


@fault("the-first-of-two-inputs-is-taken", f"{MODEL}:_source", "axes", "discrete")
def _(original):
    """Of two descriptors among the inputs the first is taken."""
    return edited("len(names) != 1", "not names")(original)


@fault("landmarks-are-the-first-listed", f"{MODEL}:_assigned", "axes")
def _(original):
    """Landmarks that the inputs list are taken, whosever they are."""
    listed = "[i['path'] for i in d.document['derived_from']['inputs'] if i['path'].startswith('landmarks/')]"
    return edited('path = f"landmarks/{source.id}"', f'path = ({listed} or [f"landmarks/{{source.id}}"])[0]')(original)


@fault("means-at-the-first-site", f"{MODEL}:_averaged", "discrete", "sampling-exact")
def _(original):
    """The state of a mean stands at site 0."""
    return edited("_tables(dep, d, int(site[0]),", "_tables(dep, d, 0,")(original)


@fault("means-as-present-as-the-first", f"{MODEL}:_averaged", "validate")
def _(original):
    """An atom is present in a mean where the first state has it."""
    return edited('"present": has.astype', '"present": present[0][kept].astype')(original)


@fault("computed-keys-beside-atoms", f"{MODEL}:free_draw_key", "sampling-exact")
def _(original):
    """A computed variable takes no draw key of an atom."""
    return edited("taken: set[int] = set()", "taken: set[int] = set(np.asarray(dep.hierarchy.draw_key).tolist())")(
        original
    )


@fault("computed-keys-beside-components", f"{MODEL}:free_draw_key", "sampling-exact")
def _(original):
    """A computed variable may take the draw key of a latent component."""
    return edited("in other.keyed", 'in ("variables",) * other.is_discrete')(original)


@fault("circles-of-whole-descriptors", f"{RULES}:_inputs", "validate")
def _(original):
    """Only what is made of a whole descriptor is made of it."""
    return edited('if p.startswith("descriptors/")]', 'if p.startswith("descriptors/") and p.count("/") == 1]')(
        original
    )


@fault("fits-are-never-stale", f"{RULES}:stale", "validate")
def _(original):
    """A block of a fit holds whatever changed."""

    def wrong(dep):
        kinds = {path: group.attributes.get("kind") for path, group in dep.tree.items()}
        return (error for error in original(dep) if kinds.get(error.where) != "fit")

    return wrong
