"""Slips about what is made from other parts: landmarks, derivations, provenance, and operators that nobody knows."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

LANDMARKS = "polystate.rules.operators:assignment_errors"
MADE, JUDGED = "polystate.model.derivation", "polystate.rules.derivation"


@fault("landmarks-of-any-basis", LANDMARKS, "validate")
def _(original):
    """Landmarks may be of another basis or decoder than their group is named by."""
    return edited('if path != f"landmarks/{name}" or not', "if not")(original)


@fault("landmarks-of-any-descriptor", LANDMARKS, "validate")
def _(original):
    """Landmarks may be of any descriptor; what has no components is not asked for them."""

    def wrong(dep):
        for error in original(dep):
            id = error.where.partition("#")[0].removeprefix("landmarks/")
            if not (error.where.endswith("#/descriptor") and id in dep.descriptors):
                yield error
                continue
            del dep.tree[f"landmarks/{id}"]

    return wrong


@fault("landmarks-of-either-variable", LANDMARKS, "validate")
def _(original):
    """Points may be of coefficients or of latent components, of whatever descriptor."""
    return edited('document["variable"] != variable', 'document["variable"] not in ("coefficients", "latent")')(
        original
    )


@fault("landmarks-of-decoders-of-any-width", "polystate.rules.operators:landmark_width_errors", "validate")
def _(original):
    """The components of points of decoders are not counted."""
    return edited("if d.signal_type", 'if document["variable"] != "latent" and d.signal_type')(original)


@fault("unknown-operator-warned-of-once", "polystate.rules.doubtful:pins", "validate")
def _(original):
    """An operator that nobody knows is warned of once."""
    return lambda tree: iter({pin.id: pin for pin in original(tree)}.values())


@fault("unknown-assignments-not-warned-of", "polystate.rules.doubtful:pins", "validate")
def _(original):
    """Descriptors alone are looked through for operators that nobody knows."""
    return lambda tree: (pin for pin in original(tree) if not pin.where.startswith("landmarks/"))


@fault("scope-of-unknown-operators-not-judged", "polystate.rules.descriptors:_outside_errors", "validate", "gaussian")
def _(original):
    """An unknown operator may name atoms outside of its scope."""
    return lambda d, ids, rows, where: iter(()) if d.operator_unknown else original(d, ids, rows, where)


@fault("unknown-subcase-of-any-signal", "polystate.rules.descriptors:_is_in", "validate")
def _(original):
    """An operator of an unknown subcase has whatever signal."""
    return edited("found[:3] == row[:3]", "found[:2] == row[:2]")(original)


@fault("first-stale-alone", f"{JUDGED}:stale", "validate")
def _(original):
    """The first of what is stale is named."""
    return lambda dep: iter(list(original(dep))[:1])


@fault("stale-at-each-part", f"{JUDGED}:_changed", "validate")
def _(original):
    """What is stale is named once for each part that has changed."""

    def wrong(tree, where, listed):
        for entry in listed:
            yield from original(tree, where, [entry])

    return wrong


@fault("shares-by-the-population-of-the-axis", f"{MADE}:_assigned", "discrete", "axes")
def _(original):
    """The share of a landmark is the population of its steps."""
    new = """weights = dep.tree[f"axes/{d.axis}"].arrays.get("population")
    counted = np.bincount(labels, weights, minlength=len(point))"""
    return edited("counted = np.bincount(labels, minlength=len(point)) / len(labels)", new)(original)


@fault("conditions-of-populated-states-alone", f"{MADE}:_averaged", "validate", "displacement")
def _(original):
    """A state of population 0 may be under a condition, since it adds nothing to a mean."""
    old = '(source.column("states", "condition") != -1).any()'
    return edited(old, f'({old[:-6]} & (source.column("states", "population") > 0)).any()')(original)


@fault("derivations-by-any-operator", f"{JUDGED}:function_errors", "validate")
def _(original):
    """A derivation may be by any operator but a sum of beads."""
    return edited('if operator["id"] not in ARRAYS', 'if operator["id"].startswith("coarse_grain/")')(original)


@fault("labels-of-unknown-signals", f"{JUDGED}:function_errors", "validate")
def _(original):
    """Labels may be made of whatever has components."""
    return edited('.signal_type == "unknown"', '.signal_type == "unknown" and operator["id"] == MEAN')(original)


@fault("stored-derivations-of-unknown-signals", f"{JUDGED}:function_errors", "validate")
def _(original):
    """What a stored descriptor was made of is not judged."""
    return edited("in inputs(d)", "in ([] if d.stored.arrays else inputs(d))")(original)


@fault("pipelines-of-unknown-signals-refused", f"{JUDGED}:function_errors", "validate")
def _(original):
    """A named pipeline may not read a descriptor of unknown signal."""

    def wrong(dep, d):
        from polystate.errors import UnsupportedCombination
        from polystate.model.derivation import inputs

        yield from original(dep, d)
        if (d.document.get("derived_from") or {}).get("pipeline"):
            for source in inputs(d):
                if source in dep.descriptors and dep.descriptors[source].signal_type == "unknown":
                    yield UnsupportedCombination(d.path, source, "a known one")

    return wrong


@fault("inputs-that-are-gone", f"{MADE}:_source", "validate")
def _(original):
    """That an input is not there is found where it is read."""
    return edited("or names[0] not in dep.descriptors", "")(original)


@fault("blocks-of-gaussians-alone", f"{JUDGED}:provenance_errors", "validate")
def _(original):
    """The block of a descriptor is looked for where levels need one."""
    return lambda dep, d: original(dep, d) if d.is_gaussian else iter(())


@fault("any-block", f"{JUDGED}:provenance_errors", "validate")
def _(original):
    """A descriptor that names a block needs some block."""
    return edited('f"provenance/{name}" not in dep.tree', '"provenance/by-hand" not in dep.tree')(original)
