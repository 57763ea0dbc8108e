"""Slips about moments, draws and their requests: policies, parts, what no draw meets, what an answer needs."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

AVERAGING, CONTRIBUTIONS = "polystate.evaluation.averaging", "polystate.evaluation.contributions:Contributions"
LAW, LATENTS = "polystate.states.expectations:Law", "polystate.evaluation.latents"
INPUTS, TRIPLET = "polystate.operators.inputs", "polystate.operators.symmetry.space_group_v1"
MIXTURE = "polystate.operators.basis.gaussian_mixture_v1"
DRAWN = "if setting.draws(d):"
LEVELS = "for d in evaluate.gaussian_levels(setting.request.dep):\n        self"


def some_levels(condition):
    """Parts of the Gaussian descriptors of which a condition on `d` holds."""
    return edited(LEVELS, LEVELS.replace("self", f"if {condition}:\n            self"))


# -- moments ---------------------------------------------------------------------------------------------


@fault("moments-by-the-usual-policies", f"{AVERAGING}:setting", "moments")
def _(original):
    """What a document says of its policy is not read."""
    new = '(policies or {}).get(d.id) or ("sample_per_step" if d.axis else d.procedure.default_policy())'
    return edited("broadcast_policy(d, policies)", new)(original)


@fault("moments-policies-where-no-axis-is-given", f"{CONTRIBUTIONS}._is_shown", "moments")
def _(original):
    """Policies count where no axis has an index."""
    return edited("bool(s.averaged)", "bool(s.averaged) and not s.request.steps")(original)


@fault("policies-of-unknown-operators-at-a-step", f"{CONTRIBUTIONS}._is_shown", "moments")
def _(original):
    """An unknown Gaussian of the policy mean is not asked for, whether an axis is averaged or not."""
    return edited("bool(s.averaged)", "(bool(s.averaged) or d.operator_unknown)")(original)


@fault("moments-ask-what-the-steps-show", f"{CONTRIBUTIONS}._is_shown", "moments")
def _(original):
    """Moments ask for an unknown Gaussian whatever its policy."""
    return lambda self, d: not d.operator_unknown and original(self, d)


@fault("moments-label-without-steps-is-no-population", f"{AVERAGING}:_labels", "moments")
def _(original):
    """A given label that no step has leaves no population."""
    return edited('raise IllegalState(f"state/{d.id}", label,', 'raise NoPopulation(f"state/{d.id}", label,')(original)


@fault("moments-axis-without-populations-by-its-label", f"{AVERAGING}:_population", "moments")
def _(original):
    """An axis without populations has no legal label."""
    return edited('raise NoPopulation(f"axes/', 'raise IllegalState(f"axes/')(original)


@fault("axes-by-length", f"{AVERAGING}:_averaged", "moments")
def _(original):
    """Short names of axes come first."""
    return edited("key=lambda name: name.encode()", "key=lambda name: (len(name), name)")(original)


@fault("axes-by-descriptor", f"{AVERAGING}:_averaged", "moments")
def _(original):
    """Axes stand in the order of the descriptors that lie along them."""
    return edited(
        "sorted({str(d.axis) for d in lying}, key=lambda name: name.encode())",
        "list(dict.fromkeys(str(d.axis) for d in lying))",
    )(original)


@fault("parts-of-descriptors-that-cover", f"{CONTRIBUTIONS}.__init__", "moments")
def _(original):
    """A Gaussian descriptor has a part where it covers an atom asked for."""
    return some_levels("d.covered[setting.request.rows].any()")(original)


@fault("parts-of-descriptors-that-act", f"{CONTRIBUTIONS}.__init__", "moments")
def _(original):
    """A Gaussian descriptor has a part where it acts in some draw."""
    return some_levels("self._can_act(d)")(original)


@fault("parts-of-bases-that-cover", f"{CONTRIBUTIONS}.__init__", "moments")
def _(original):
    """Drawn components have a part where they cover an atom asked for."""
    return edited(DRAWN, "if setting.draws(d) and d.covered[setting.request.rows].any():")(original)


@fault("parts-of-bases-that-act", f"{CONTRIBUTIONS}.__init__", "moments")
def _(original):
    """Drawn components have a part where they act in some draw."""
    return edited(DRAWN, "if setting.draws(d) and self._can_act(d):")(original)


@fault("parts-of-components-that-vary", f"{CONTRIBUTIONS}.__init__", "moments")
def _(original):
    """Drawn components have a part where one varies."""
    return edited(DRAWN, 'if setting.draws(d) and d.column("latents", "variance").any():')(original)


@fault("relu-is-affine", f"{LATENTS}:is_affine", "moments")
def _(original):
    """A decoder of relu is taken for one that is affine."""
    return edited('== "identity"', 'in ("identity", "relu")')(original)


@fault("moments-bundle-needs-no-model", f"{CONTRIBUTIONS}.own", "moments")
def _(original):
    """Where the bundle of an axis is inactive nothing lies along it."""
    return edited("if s.law.dag.is_conditional[v] and", "if False and")(original)


@fault("moments-bundle-always-active", f"{CONTRIBUTIONS}.own", "moments")
def _(original):
    """A bundle under a condition gives its axis no index."""
    return edited(
        "if s.law.dag.is_conditional[v] and self._probable(self._gate(d), v)", "if s.law.dag.is_conditional[v]"
    )(original)


@fault("moments-populations-of-states-in-no-draw", f"{LAW}._refuse_what_draws_refuse", "moments")
def _(original):
    """States of population 0 are refused, whatever the probability that one asks for them."""
    return edited("if self._chance(self._parents(v), self._stuck.get(v, [])) > 0", "if self._stuck.get(v)")(original)


@fault("moments-drawn-whatever-the-state", f"{CONTRIBUTIONS}._enter_motion", "moments")
def _(original):
    """Drawn components count whether their descriptor acts or not."""
    old = "self._gated(d, drawn.at, (), six_components(drawn.covariance)[None])"
    new = "Table(drawn.at, np.zeros(len(drawn.at), np.int64), six_components(drawn.covariance)[None])"
    return edited(old, new)(original)


@fault("unknown-atoms-of-moments-dropped", f"{AVERAGING}:setting", "moments")
def _(original):
    """Atoms that are not there are left out of moments."""
    known = "[a for a in atoms if a in dep.hierarchy.atom_id.tolist()] if isinstance(atoms, list) else atoms"
    return edited("chosen_rows(dep, atoms)", f"chosen_rows(dep, {known})")(original)


# -- draws -----------------------------------------------------------------------------------------------


@fault("draw-keys-of-neighbours", "polystate.rules.hierarchy:draw_key_errors", "validate")
def _(original):
    """Draw keys are compared with those of the atom before."""
    new = """keys = np.asarray(dep.hierarchy.column("atoms", "draw_key"))
    if (keys[1:] != keys[:-1]).all():
        return
    values, counts = np.unique("""
    return edited("values, counts = np.unique(", new)(original)


@fault("stored-latents-share-keys", "polystate.rules.states:draw_key_errors", "validate")
def _(original):
    """Latent components that are stored need no draw key of their own."""
    stored = 'lambda t: d.table(t) and (t == "variables" or not d.has(d.procedure.components or "nothing"))'
    return edited("filter(d.table,", f"filter({stored},")(original)


@fault("factors-kept-for-other-states", "polystate.evaluation.rendering:_displacing", "sampling-exact")
def _(original):
    """Factors of covariances are kept from draw to draw, whatever the state."""
    return edited("key = (asked.joint, ", "key = (")(original)


@fault("conditional-populations-undivided", "polystate.states.joint:States._pick", "sampling-exact")
def _(original):
    """Populations under a condition are taken as they are, and the last state for what they lack."""
    return edited(
        'np.searchsorted(cumulated / cumulated[-1], u, "right")',
        'min(np.searchsorted(cumulated, u, "right"), len(weights) - 1)',
    )(original)


@fault("mixture-at-most", f"{MIXTURE}:amplitudes", "registry")
def _(original):
    """A Gaussian of a mixture is taken also where u is its sum."""
    return edited("uniform < sums", "uniform <= sums")(original)


# -- operators by themselves -----------------------------------------------------------------------------


@fault("other-inputs-left-out", f"{INPUTS}:checked", "registry")
def _(original):
    """An input that an operator does not have is left out."""

    def wrong(signature, given, parameters):
        from polystate.operators.inputs import _described

        described = dict(_described(signature, given))
        return original(signature, {name: value for name, value in given.items() if name in described}, parameters)

    return wrong


@fault("parents-below-zero", f"{INPUTS}:checked", "registry")
def _(original):
    """Indices of labels count from the end where they are below zero."""
    return edited("not 0 <= found[name].min()", 'not (0 if name != "parent" else -99) <= found[name].min()')(original)


@fault("children-above", f"{INPUTS}:checked", "registry")
def _(original):
    """Indices of atoms are not held against their number."""
    return edited("found[name].max() < size", '(found[name].max() < size or name == "child")')(original)


@fault("halves-cut-off", f"{INPUTS}:_array", "registry")
def _(original):
    """Indices that are not whole are cut off."""
    return edited('if found.dtype.kind in "iu" and', 'if found.dtype.kind not in "iu" and')(original)


@fault("fixed-dimensions-of-any-size", f"{INPUTS}:_array", "registry")
def _(original):
    """Dimensions that a signature gives as numbers are not compared."""
    return edited("n == (d if isinstance(d, int) else", "n == (n if isinstance(d, int) else")(original)


@fault("over-nothing", f"{TRIPLET}:operation", "registry")
def _(original):
    """A fraction over 0 is 0."""
    return lambda triplet: original(__import__("re").sub(r"[0-9]+/0+(?![0-9])", "0", triplet))


@fault("signs-optional", f"{TRIPLET}:operation", "registry")
def _(original):
    """A part needs no sign between its terms."""
    return lambda triplet: original(__import__("re").sub(r"([xyz])(?=[xyz0-9])", r"\1+", triplet))


def refused(pattern):
    """Triplets of a pattern that are refused."""

    def made(original):
        def wrong(triplet):
            return original("" if __import__("re").search(pattern, triplet.replace(" ", "")) else triplet)

        return wrong

    return made


@fault("triplets-without-decimals", f"{TRIPLET}:operation", "registry")
def _(original):
    """A number of a triplet is a fraction or whole."""
    return refused(r"\.")(original)


@fault("triplets-without-whole-numbers", f"{TRIPLET}:operation", "registry")
def _(original):
    """A number of a triplet is a fraction or a decimal."""
    return refused(r"(^|[+,-])[0-9]+($|[+,-])")(original)


@fault("triplets-without-a-leading-plus", f"{TRIPLET}:operation", "registry")
def _(original):
    """No part of a triplet begins with a plus sign."""
    return refused(r"(^|,)\+")(original)


@fault("triplets-with-a-letter-a-part", f"{TRIPLET}:operation", "registry")
def _(original):
    """Each part of a triplet has a letter."""
    return refused(r"(^|,)[^xyz,]+(,|$)")(original)


@fault("triplets-of-one-digit", f"{TRIPLET}:operation", "registry")
def _(original):
    """Whole numbers of a triplet have one digit."""
    return refused(r"(?<![.0-9])[0-9]{2,}")(original)


@fault("first-triplet-for-all", f"{TRIPLET}:space_group_v1", "registry")
def _(original):
    """Each copy is that of the first operation."""
    return edited("operation(triplet)", "operation(triplets[0])")(original)
